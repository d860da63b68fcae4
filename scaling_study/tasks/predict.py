"""task=predict: the accuracy of a sweep's networks before they are trained, by the law of a study's runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.observations import built
from scaling_study.data import size_of
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.estimates import complexity_of
from scaling_study.measure.flops import count_flops
from scaling_study.planning.settings import OWN_KEYS, require_same_study, require_setting_of_a_run
from scaling_study.records.costs import add_rows, require_readable
from scaling_study.records.predicted import PREDICTION_COLUMNS
from scaling_study.records.store import require_writable
from scaling_study.scaling.coefficients import AXES, Coefficients
from scaling_study.tasks import analyze
from scaling_study.tasks.recommend import count_runs, law_of, learned_from

if TYPE_CHECKING:
    from scaling_study.analysis.law import Law
    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job

KEYS = ["model", "epochs", *AXES]  # of a row
EXTRAPOLATED = (  # benchmarks/laws.py
    "extrapolated: at the square of an axis's largest trained coefficient the 95% intervals held in 90 to 99% of "
    "simulations where every axis saturates, in 68 to 88% where one may turn from gain to loss"
)


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
    known = {part: learned_from(trained_as(job), runs) for part, job in parts.items()}
    laws = {part: law_of(trained_as(job), known[part]) for part, job in parts.items()}
    networks = {(*part_of(job), job.run.variant.coefficients): job for job in reversed(jobs)}  # of all seeds once
    rows = [prediction(job, laws[part_of(job)], known[part_of(job)]) for job in networks.values()]
    table = pd.DataFrame(rows).sort_values(["model", "epochs", "built"], ignore_index=True)
    print(text_of(table, laws))
    if len(new := table[table.runs == 0]):
        require_writable(folder)
        add_rows(folder, analyze.PREDICTIONS, new.drop(columns="runs").to_dict("records"), KEYS)
        print(f"Table: {folder / analyze.PREDICTIONS}.csv; after training, task=analyze compares it with the runs")
    return 0


def require_one_training(jobs: Sequence[Job]) -> None:
    """Refuse networks of a model that differ in more than coefficients, seed and epochs, for a row of the table does
    not say in what, and those with blocks of single stages, which no law is of."""
    first: dict[str, dict[str, Any]] = {}
    for job in jobs:
        run = job.run
        if (deeper := run.variant.coefficients.stage_depth) is not None:
            raise ConfigError("scaling.stage_depth", list(deeper), "must be null with task=predict")
        settings = {key: vars(getattr(run, key)) for key in ("model", "data", "recipe")}
        flat = {f"{group}.{name}": value for group, values in settings.items() for name, value in values.items()}
        theirs = first.setdefault(part_of(job)[0], flat)
        for key, value in flat.items():
            if key != "recipe.epochs" and value != theirs[key]:
                raise ConfigError(key, f"{theirs[key]},{value}", "task=predict takes one value of it at a time")


def part_of(job: Job) -> tuple[str, int]:
    """What a law is of: model and epochs."""
    return str(job.run.model.name), job.run.recipe.epochs


def trained_as(job: Job) -> Config:
    """The configuration with the length of training that the run has, which ``recipe.baseline_epochs`` may set."""
    return replace(job.config, recipe=job.run.recipe)


def prediction(job: Job, law: Law, runs: pd.DataFrame) -> dict[str, Any]:
    """The row of a network: what the law says of it as built, and how many of ``runs`` it has already.

    Raises StudyError where it is scaled along an axis that no run varies.
    """
    run = job.run
    row = {key: value for key, value in run.columns.items() if key in PREDICTION_COLUMNS}
    coefficients = built(pd.DataFrame([row]))
    for axis, value in zip(AXES, coefficients[0], strict=True):
        if axis not in law.axes and not np.isclose(value, law.ranges[axis], rtol=1e-6).any():
            raise StudyError(f"study={job.config.study}: {axis} {value:.3g}: cannot be predicted, no run varies {axis}")
    size = size_of(run.data) | {"resolution_px": run.data.resolution}
    multiple = complexity_of(job).flops / count_flops(run.model, Coefficients(), **size)
    [said] = law.predict(coefficients).to_dict("records")
    model, epochs = part_of(job)
    row |= {"model": model, "epochs": epochs, "built": multiple, **said, "variants": law.n}
    row |= {"predicted_at": datetime.now(UTC).isoformat(timespec="seconds")}
    return row | {"runs": count_runs(runs, trained_as(job), row)}


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
            **({"": np.where(table.extrapolated, "extrapolated", "")} if table.extrapolated.any() else {}),
        }
    )
    lines = [
        f"{model}, {epochs} epochs: law of {law.n} variants; errors of left-out variants are "
        f"{100 * np.expm1(law.leave_one_out['product']):.0f}% off"
        for (model, epochs), law in laws.items()
    ]
    if table.extrapolated.any():
        lines.append(EXTRAPOLATED)
    return "\n".join([shown.to_string(index=False), *lines])
