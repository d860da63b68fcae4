"""task=recommend: the best coefficients under a budget, by the law of a study's axes, and the runs that test them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.config.presets import recipe_changes
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.recommendation import recommend
from scaling_study.models import FAMILIES
from scaling_study.planning.proposed import command_of, job_at, point_of, sweep_file
from scaling_study.planning.settings import OWN_KEYS, require_same_study, require_setting_of_a_run
from scaling_study.records.costs import add_rows, require_readable
from scaling_study.records.store import require_writable, write_text
from scaling_study.scaling.coefficients import AXES
from scaling_study.tasks import analyze

if TYPE_CHECKING:
    from scaling_study.analysis.law import Law
    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job

CONFIRMING = 5  # runs of a recommended network that its sweep file trains


def run(jobs: Sequence[Job]) -> int:
    """Predict, measure, print and keep the recommendation in the study's recommendations.csv."""
    job = jobs[0]
    config = job.config
    if not FAMILIES[job.run.model.family].layers:
        message = "has no arithmetic for its layers, which task=recommend needs"
        raise ConfigError("model.name", config.model.name, message)
    [(limit, budget)] = [(name, value) for name, value in vars(config.budget).items() if value is not None]
    folder = config.study_dir
    require_readable(folder, analyze.RECOMMENDATIONS)
    runs = analyze.load(config)
    require_setting_of_a_run(job)
    require_same_study(job, runs, OWN_KEYS)
    known = learned_from(config, runs)
    law = law_of(config, known)
    require_writable(folder)
    best = recommend(job, law, limit, budget)
    best["runs_before"] = count_runs(known, config, best)
    row = {"model": config.model.name, "epochs": config.recipe.epochs, "limit": limit, "budget": budget} | best
    keep(folder, row)
    name = f"confirm-{row['model']}-{row['epochs']}epochs-{limit}{budget:g}"
    path = folder / "conf" / "sweep" / f"{name}.yaml"
    text = text_of(row, law)
    write_text(path, sweep_file(config, points_of(config, row, set(runs.run_id)), text.splitlines()))
    print(text)
    print(f"To confirm it, {CONFIRMING} runs; then task=analyze again:\n  {command_of(config, path)}")
    return 0


def points_of(config: Config, row: dict[str, Any], known: set[str]) -> dict[str, dict[str, Any]]:
    """CONFIRMING points of a sweep file, {name: entry}: the recommended network with seeds that no run has."""
    keys = {axis: float(row[axis]) for axis in AXES if row[axis] != 1} or {"depth": 1.0}
    run = job_at(config, keys, 0).run
    new = (seed for seed in itertools.count() if replace(run, seed=seed).run_id not in known)
    return {f"seed{seed}": point_of(keys, seed) for seed in itertools.islice(new, CONFIRMING)}


def law_of(config: Config, runs: pd.DataFrame) -> Law:
    """The law of the configured model and length of training, of ``runs`` as from ``learned_from``. Raises StudyError
    when there is none."""
    from scaling_study.analysis.law import laws  # loads scipy, which takes half a second

    key = (config.model.name, config.recipe.epochs)
    mine = runs[(runs.model == key[0]) & (runs.epochs == key[1])]
    found, refused = laws(mine, config.analysis.draws) if len(mine) else ({}, {})
    if key in found:
        return found[key]
    parts = runs[["model", "epochs"]].drop_duplicates().itertuples()
    known = ", ".join(f"{part.model} for {part.epochs:g} epochs" for part in parts)
    reason = refused.get(key, f"it holds runs of {known}, not of {key[0]} for {key[1]} epochs")
    raise StudyError(f"study={config.study}: no law of the axes, {reason}")


def learned_from(config: Config, runs: pd.DataFrame) -> pd.DataFrame:
    """Of a run table, the finished runs with the settings of training that are asked for. Raises StudyError where there
    is none."""
    if runs.empty or not (runs.status == "done").any():
        raise StudyError(f"study={config.study}: there is no finished run to learn from")
    runs, _ = analyze.chosen(config, runs)
    return of_settings(config, runs[runs.status == "done"])


def of_settings(config: Config, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs, those of the configured model with the configured settings of training, which the recommended network
    is to be trained with. Raises StudyError where it has none."""
    from scaling_study.analysis.settings import TUNED, equal_settings

    mine = runs.model == config.model.name
    if not mine.any() or (runs.settings[mine] == TUNED).any():  # each network at its own best
        return runs
    try:
        return pd.concat([runs[~mine], equal_settings(runs[mine], recipe_changes(config.recipe) or "")[0]])
    except ValueError as error:
        raise StudyError(f"study={config.study}: {error}") from None


def count_runs(runs: pd.DataFrame, config: Config, best: dict[str, Any]) -> int:
    """Finished runs of the study with the coefficients of ``best``."""
    same = (runs.status == "done") & (runs.model == config.model.name) & (runs.epochs == config.recipe.epochs)
    for axis in AXES:
        same &= np.isclose(runs[axis].astype(float), best[axis])
    return int(same.sum())


def keep(folder: Path, row: dict[str, Any]) -> None:
    """Add the recommendation to the study's table, in place of an earlier one of the same limit and budget."""
    add_rows(folder, analyze.RECOMMENDATIONS, [row], ["model", "epochs", "limit", "budget"])


def text_of(row: dict[str, Any], law: Law) -> str:
    lines = [
        f"{row['model']} within {row['budget']:g} times the baseline's {row['limit']}: depth {row['depth']:g}, "
        f"width {row['width']:g}, resolution {row['resolution']:g} ({row['resolution_px']:g} px), "
        f"built {row['built']:.2f} times.",
        f"Predicted top-1 {row['top1']:.2f}%, mean {row['low']:.2f} to {row['high']:.2f}, one run "
        f"{row['run_low']:.2f} to {row['run_high']:.2f} (law of {law.n} "
        f"variants; errors of left-out variants are {100 * np.expm1(law.leave_one_out['product']):.0f}% off).",
    ]
    if row["extrapolated"]:
        lines.append("It lies farther out than any trained variant: an extrapolation.")
    return "\n".join(lines)
