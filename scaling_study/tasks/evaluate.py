"""task=evaluate: accuracy of trained weights on any data set, split and resolution."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.errors import ConfigError
from scaling_study.execution.evaluate import evaluated
from scaling_study.execution.memory import check_memory
from scaling_study.records.costs import add_rows, require_readable
from scaling_study.records.store import RunFolder
from scaling_study.system.progress import counter

if TYPE_CHECKING:
    from scaling_study.config.schema import Evaluate, Model
    from scaling_study.planning.jobs import Job


IDENTITY = [
    "model",
    "weights",
    "data",
    "root",
    "split",
    "images",
    "resolution_px",
    "crop_fraction",
    "device",
    "precision",
]


def run(jobs: Sequence[Job]) -> int:
    """Evaluate, print and add to the study's evaluations.csv."""
    from scaling_study.training.device import choose_device  # loads torch, which takes seconds

    folder = jobs[0].config.study_dir
    for job in jobs:
        require_files(job.config.evaluate)
        if job.config.evaluate.weights == "hub":
            require_hub(job.config.model)
        if job.config.evaluate.run is None:
            check_memory([job], choose_device(job.config.device), training=False)
    require_readable(folder, "evaluations")
    rows = []
    for _, job in counter(dict(enumerate(jobs, start=1)), "evaluating"):
        rows.append(evaluated(job))
        add_rows(folder, "evaluations", rows[-1:], IDENTITY)
    print(render(pd.DataFrame(rows)))
    print(f"Table: {folder / 'evaluations.csv'}")
    return 0


def require_hub(model: Model) -> None:
    from scaling_study.training.weights import known_weights  # loads torch, which takes seconds

    known_weights(model)


def require_files(given: Evaluate) -> None:
    """Raise ConfigError unless what is to be evaluated is there, before anything is."""
    if given.run is not None and RunFolder(Path(given.run)).config() is None:
        raise ConfigError("evaluate.run", given.run, "must be the folder of a run, RESULTS_DIR/STUDY/runs/RUN_ID")
    if given.weights not in (None, "hub") and not Path(given.weights).is_file():
        raise ConfigError("evaluate.weights", given.weights, "must be a file of weights, or hub")


def render(table: pd.DataFrame) -> str:
    columns = ["model", "weights", "data", "split", "images", "resolution_px", "top1", "top5", "loss"]
    published = [name for name in ("published_top1", "published_top5") if name in table and table[name].notna().any()]
    formats = dict.fromkeys(("top1", "top5", *published), "{:.2f}".format) | {"loss": "{:.4f}".format}
    table = table.assign(weights=[Path(given).name for given in table.weights])
    return table[columns + published].to_string(index=False, formatters=formats, na_rep="")
