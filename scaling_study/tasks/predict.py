"""task=predict: the accuracy of a sweep's networks before they are trained, by the law of a study's runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.execution.estimates import complexity_of
from scaling_study.measure.flops import count_flops
from scaling_study.planning.settings import OWN_KEYS, require_same_study, require_setting_of_a_run
from scaling_study.records.columns import BUILT
from scaling_study.records.costs import add_rows, require_readable
from scaling_study.records.predicted import PREDICTION_COLUMNS
from scaling_study.records.store import require_writable
from scaling_study.scaling.coefficients import AXES, Coefficients
from scaling_study.tasks import analyze
from scaling_study.tasks.recommend import count_runs, law_of

if TYPE_CHECKING:
    from scaling_study.analysis.law import Law
    from scaling_study.planning.jobs import Job

NETWORK = ["model", "epochs", *AXES]


def run(jobs: Sequence[Job]) -> int:
    """Predict, print, and keep what is predicted of networks without runs in the study's predictions.csv."""
    config = jobs[0].config
    folder = config.study_dir
    require_readable(folder, analyze.PREDICTIONS)
    require_one_training(jobs)
    runs = analyze.load(config)
    parts = {part_of(job): job for job in jobs}
    for job in parts.values():
        require_setting_of_a_run(job)
        require_same_study(job, runs, OWN_KEYS)
    laws = {part: law_of(job.config) for part, job in parts.items()}
    networks = {(*part_of(job), job.run.variant.coefficients): job for job in reversed(jobs)}  # of all seeds once
    rows = [prediction(job, laws[part_of(job)], runs) for job in networks.values()]
    table = pd.DataFrame(rows).sort_values(["model", "epochs", "built"], ignore_index=True)
    print(text_of(table, laws))
    if len(new := table[table.runs == 0]):
        require_writable(folder)
        add_rows(folder, analyze.PREDICTIONS, new.drop(columns="runs").to_dict("records"), NETWORK)
        print(f"Table: {folder / analyze.PREDICTIONS}.csv; after training, task=analyze compares it with the runs")
    return 0


def require_one_training(jobs: Sequence[Job]) -> None:
    """Refuse networks that are to be trained in several ways, for a row of the table does not say in which."""
    for key in jobs[0].config.vary:
        group, _, name = key.partition(".")
        values = {getattr(getattr(job.run, group), name) for job in jobs}
        if key != "recipe.epochs" and len(values) > 1:
            given = ",".join(f"{value}" for value in sorted(values))
            raise ConfigError(key, given, "task=predict takes one value of it at a time")


def part_of(job: Job) -> tuple[str, int]:
    """What a law is of: model and epochs."""
    return str(job.run.model.name), job.run.recipe.epochs


def prediction(job: Job, law: Law, runs: pd.DataFrame) -> dict[str, Any]:
    """The row of a network: what the law says of it as built, and how many finished runs it has already."""
    run = job.run
    row = {key: value for key, value in run.columns.items() if key in PREDICTION_COLUMNS}
    size = size_of(run.data) | {"resolution_px": run.data.resolution}
    built = complexity_of(job).flops / count_flops(run.model, Coefficients(), **size)
    [said] = law.predict([[row[axis] for axis in BUILT]]).to_dict("records")
    model, epochs = part_of(job)
    row |= {"model": model, "epochs": epochs, "built": built, **said, "variants": law.n}
    row |= {"predicted_at": datetime.now(UTC).isoformat(timespec="seconds")}
    return row | {"runs": count_runs(runs, job.config, row)}


def text_of(table: pd.DataFrame, laws: dict[tuple[str, int], Law]) -> str:
    """The predictions as text, and how far each law is off."""
    shown = pd.DataFrame(
        {
            **{column: table[column] for column in ("model", "epochs") if table[column].nunique() > 1},
            "method": table.method,
            **{axis: table[axis].map("{:.2f}".format) for axis in AXES},
            "resolution_px": table.resolution_px,
            "built": table.built.map("{:.2f}".format),
            "top1": table.top1.map("{:.2f}".format),
            "mean_95%": [f"{row.low:.2f} to {row.high:.2f}" for row in table.itertuples()],
            "one_run_95%": [f"{row.run_low:.2f} to {row.run_high:.2f}" for row in table.itertuples()],
            "runs": table.runs,
            "": np.where(table.extrapolated, "extrapolated", ""),
        }
    )
    lines = [
        f"{model}, {epochs} epochs: law of {law.n} variants; errors of left-out variants are "
        f"{100 * np.expm1(law.leave_one_out['product']):.0f}% off"
        for (model, epochs), law in laws.items()
    ]
    return "\n".join([shown.to_string(index=False), *lines])
