"""Train a randomly chosen run of a committed study again, and compare; JSON on stdout:
python benchmarks/retrain.py NUMBER +sweep=... study=... [key=value ...]

NUMBER: of the random choice; the rest: the command that trained the study, as in results/README.md. With the same
versions, threads and vector instructions of the CPU all digits of all epochs are the same.
"""

import json
import random
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

import scaling_study as ss
from scaling_study.execution.command import application, composed, options_of

RESULTS = Path(__file__).parents[1] / "results"
MAY_DIFFER = ("device", "cpu_capability", "threads", "torch_version", "git_commit")  # what the digits may depend on
EPOCH = ("train_loss", "val_loss", "val_top1")
ROUNDED = 1e-6  # earlier versions wrote 77.10000000000001, and later ones 77.1


def chosen(arguments, number):
    """(row of the committed run table, arguments that train this run alone) of a run of the command ``arguments``."""
    with application(given := options_of(arguments)) as app:
        command = composed(app, given)
    runs = ss.load_runs(RESULTS / command.config.study)
    rows = runs[runs.status == "done"].set_index("run_id", drop=False)
    points = {job.run.run_id: overrides for overrides, job in command.points.items() if job.run.run_id in rows.index}
    run_id = random.Random(number).choice(sorted(points))
    place = [] if given.config_dir is None else ["--config-dir", given.config_dir]
    return rows.loc[run_id], [*place, *points[run_id]]


def compared(row, history, other, other_history):
    """What both runs reached, committed first, and in how many first epochs it is the same."""
    one, two = (frame.sort_values("epoch").reset_index(drop=True) for frame in (history, other_history))
    alike = {column: np.isclose(one[column], two[column], rtol=0, atol=ROUNDED) for column in EPOCH}
    same = {f"{column}_same_epochs": int(np.cumprod(found).sum()) for column, found in alike.items()}
    return {
        "run": row.run_id,
        "epochs": len(one),
        **same,
        "top1": [row.top1, other.top1],
        "val_top1": [row.val_top1, other.val_top1],
        "train_seconds": [round(row.train_seconds), round(other.train_seconds)],
        **{name: [str(row[name]), str(other[name])] for name in MAY_DIFFER},
    }


def main():
    number, *arguments = sys.argv[1:]
    row, single = chosen(arguments, int(number))
    committed = ss.load_history(RESULTS / row.study)
    with tempfile.TemporaryDirectory() as folder:
        places = [f"{kind}_dir={folder}/{kind}" for kind in ("results", "plots")]
        with redirect_stdout(sys.stderr):
            runs = ss.run(*single, "workers=1", *places)
        trained = ss.load_history(Path(folder) / "results" / row.study)
    print(json.dumps(compared(row, committed[committed.run_id == row.run_id], runs.iloc[0], trained), indent=1))


if __name__ == "__main__":
    main()
