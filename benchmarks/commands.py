"""Seconds of the commands that should feel instant; JSON on stdout. Medians of five, the sweep of three."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

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


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*CALL, *SMALL], check=True, capture_output=True, cwd=folder)
        report = {
            "help_seconds": seconds("--help"),
            "cfg_job_seconds": seconds("--cfg", "job"),
            "finished_sweep_again_seconds": seconds(*SMALL, repeat=3, cwd=folder),
        }
    with tempfile.TemporaryDirectory() as folder:
        report["table_of_10000_records_seconds"] = table_seconds(folder)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
