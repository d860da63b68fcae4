"""task=train: one job of a sweep."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from scaling_study.errors import plain_warnings
from scaling_study.records.identity import run_of
from scaling_study.records.store import RunFolder
from scaling_study.schema import parse
from scaling_study.tasks.isolate import die_with_parent, run_isolated

log = logging.getLogger(__name__)


def folder_of(config, run):
    return RunFolder(Path(config.results_dir) / config.study / "runs" / run.run_id)


def train_job(cfg):
    """Train the run that ``cfg`` describes unless it is done; never raises for what goes wrong in training.

    Another process at work on the same run is waited for.
    """
    logging.captureWarnings(True)  # into Hydra's log file: the sweep's own process has shown them already
    config = parse(cfg)
    run = run_of(config)
    folder = folder_of(config, run)
    with folder.lock():
        record = folder.record()
        if record and record["status"] == "done":
            return
        if record is None and folder.has_record():
            folder.clear()
        folder.remove_record()
        folder.write_config(run.settings)
        folder.write_progress(0.0)
        log.info("training %s", run.run_id)
        death = run_isolated(child, config, run, folder)
        if death:
            record_death(config, run, folder, death)


def child(config, run, folder):
    """What the isolated process does."""
    die_with_parent()
    plain_warnings()
    os.environ.setdefault("OMP_NUM_THREADS", str(config.threads))
    from scaling_study.tasks.run import train_and_record

    train_and_record(config, run, folder)


def record_death(config, run, folder, death):
    """The record of a run whose process could not write one."""
    from scaling_study.tasks.run import identity_columns

    record = identity_columns(config, run) | {"status": "failed", "error_type": "ProcessDied", "error": death}
    folder.write_record(record | {"finished_at": datetime.now(UTC).isoformat(timespec="seconds")})
