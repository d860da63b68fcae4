"""Seconds of the commands that should feel instant; JSON on stdout. Medians of five, the sweep of three."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from hydra import compose, initialize_config_dir

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.planning.identity import run_of
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import EPOCH_COLUMNS, write_tables

CALL = [sys.executable, "-m", "scaling_study"]
SMALL = ["+sweep=width", "data.train_images=256", "data.val_images=64", "data.test_images=100", "recipe.epochs=1"]


def seconds(*arguments, repeat=5, cwd=None):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run([*CALL, *arguments], check=True, capture_output=True, cwd=cwd)
        times.append(time.perf_counter() - start)
    return round(median(times), 2)


def table_seconds(folder, count=10_000):
    """Time to read ``count`` synthetic records of ten epochs and write the four tables."""
    values = dict.fromkeys(EPOCH_COLUMNS, 1.5)
    del values["run_id"]
    history = [values | {"epoch": epoch} for epoch in range(1, 11)]
    for i in range(count):
        run = RunFolder(Path(folder) / "runs" / f"width-1.4-seed{i}-00000000")
        run.write_history(history)
        run.write_record({"run_id": run.path.name, "status": "done", "epochs": 10, "method": "width", "seed": i,
                          "width": 1.4, "flops": 10**6, "top1": 70.5, "train_seconds": 30.25})  # fmt: skip
    start = time.perf_counter()
    rows = len(write_tables(folder))
    assert rows == count
    return round(time.perf_counter() - start, 2)


def large_sweep_seconds(folder, count=1000):
    """Time of a finished sweep of ``count`` seeds run again, in a study of as many runs."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        baseline = run_of(parse(compose("config")))
    values = dict.fromkeys(EPOCH_COLUMNS, 1.5)
    del values["run_id"]
    for seed in range(count):
        run = replace(baseline, seed=seed)
        kept = RunFolder(Path(folder) / "results" / "large" / "runs" / run.run_id)
        kept.write_config(run.settings)
        kept.write_history([values | {"epoch": epoch} for epoch in (1, 2)])
        columns = {"status": "done", "epochs": 2, "model": run.model.name, "seed": seed, "flops": 10**6, "top1": 70.5}
        kept.write_record({"run_id": run.run_id, **run.columns, **columns})
    return seconds("-m", f"seed=range({count})", "study=large", repeat=3, cwd=folder)


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*CALL, *SMALL], check=True, capture_output=True, cwd=folder)
        report = {
            "help_seconds": seconds("--help"),
            "cfg_job_seconds": seconds("--cfg", "job"),
            "finished_sweep_again_seconds": seconds(*SMALL, repeat=3, cwd=folder),
        }
    with tempfile.TemporaryDirectory() as folder:
        report["finished_sweep_of_1000_again_seconds"] = large_sweep_seconds(folder)
    with tempfile.TemporaryDirectory() as folder:
        report["table_of_10000_records_seconds"] = table_seconds(folder)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
