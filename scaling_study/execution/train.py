"""One run of a sweep, as Hydra's launcher starts it: its folder, its process, and the record of a process that died."""

import logging
import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime

from omegaconf import DictConfig

from scaling_study.config.schema import Config
from scaling_study.errors import one_line, plain_warnings
from scaling_study.execution.isolate import run_isolated
from scaling_study.planning.identity import Run
from scaling_study.planning.jobs import job_of
from scaling_study.records.store import CHECKPOINT, FILES, HISTORY, RECORD, RunFolder, remove_leftovers
from scaling_study.system.processes import end_with
from scaling_study.system.workers import processes_per_run, tasks_of_job

log = logging.getLogger(__name__)
COMMON_FAILURES = ("Diverged", "ConfigError")  # that all processes of a run meet at the same point


def train_job(cfg: DictConfig) -> None:
    """Train the run that ``cfg`` describes unless it is done; never raises for what goes wrong in training.

    Another process at work on the same run is waited for. Of processes that train together the first sees to the
    folder and informs the others.
    """
    logging.captureWarnings(True)  # into Hydra's log file: the sweep's own process has shown them already
    job = job_of(cfg)
    config, run, folder = job.config, job.run, job.folder
    if tasks_of_job() > 1:
        from scaling_study.execution.slurm import export_world

        export_world()
    if processes_per_run() > 1:
        train_together(config, run, folder)
        return
    try:
        train_alone(config, run, folder)
    except OSError as error:  # a full disk, for one: the run is not done, and the next one may have space again
        sys.stderr.write(f"error: {run.run_id}: its files cannot be written ({one_line(error)})\n")


def train_alone(config: Config, run: Run, folder: RunFolder) -> None:
    """Train in a process of its own. Raises OSError where the run's files cannot be written."""
    with folder.lock():
        if opened(folder, run):
            death = run_isolated(child, config, run, folder)
            if death and not folder.has_record():  # it may have died of something after its work was done
                record_death(config, run, folder, death)


def opened(folder: RunFolder, run: Run) -> bool:
    """Prepare the folder for training; False if its run is done."""
    record = folder.record()
    if record and record["status"] == "done":
        return False
    remove_leftovers(folder.path)
    if record is None and folder.has_record():
        log.warning("%s: a damaged record is set aside; training goes on from what there is", folder.path)
        for name in (RECORD, HISTORY, *([CHECKPOINT] if folder.is_of_others(run.settings) else [])):
            folder.set_aside(name)
    for name in FILES:
        if (folder.path / name).is_dir():
            sys.stderr.write(f"warning: {folder.path / name} is a folder and is set aside\n")
            folder.set_aside(name)
    folder.remove_record()
    folder.write_config(run.settings)
    folder.write_progress(0.0)
    log.info("training %s", run.run_id)
    return True


def train_together(config: Config, run: Run, folder: RunFolder) -> None:
    """Train in this process, as one of several that torchrun or Slurm started; they watch over each other's death.

    What fails in all processes alike is a failed run, and the sweep goes on. What fails in one alone ends it, since
    the others wait for it.
    """
    from scaling_study.execution.run import train_and_record
    from scaling_study.training.distributed import join

    if "TORCHELASTIC_RUN_ID" in os.environ:
        end_with(os.getppid())  # torchrun's agent
    world = join(config.device)
    with folder.lock() if world.first else nullcontext():
        if not world.agree(opened(folder, run) if world.first else None):
            return
        record = train_and_record(config, run, folder, world)
        if record is None or (record["status"] == "failed" and record["error_type"] not in COMMON_FAILURES):
            sys.stderr.write(f"error: process {world.rank}: {record and record['error']}\n")
            os._exit(1)  # without waiting for the others, which wait for this one


def child(config: Config, run: Run, folder: RunFolder) -> None:
    """What the isolated process does."""
    plain_warnings()
    os.environ.setdefault("OMP_NUM_THREADS", str(config.threads))
    from scaling_study.execution.run import train_and_record

    try:
        train_and_record(config, run, folder)
    except OSError:  # its record cannot be written; the waiting process reports the death
        sys.exit(1)


def record_death(config: Config, run: Run, folder: RunFolder, death: str) -> None:
    """The record of a run whose process could not write one."""
    from scaling_study.execution.run import identity_columns

    record = identity_columns(config, run) | {"status": "failed", "error_type": "ProcessDied", "error": death}
    folder.write_record(record | {"finished_at": datetime.now(UTC).isoformat(timespec="seconds")})
