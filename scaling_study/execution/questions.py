"""The questions of task=next: from a study's runs to the designs that could answer them better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.candidates import trained
from scaling_study.analysis.observations import noisy, observe, usable
from scaling_study.analysis.rates import RATES_MIN
from scaling_study.analysis.settings import equal_settings, without
from scaling_study.config.presets import recipe_changes
from scaling_study.data import size_of
from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure.flops import count_flops
from scaling_study.planning.proposed import job_at, scaling_keys
from scaling_study.records.columns import VARIANT
from scaling_study.scaling.coefficients import AXES, Coefficients

if TYPE_CHECKING:
    from scaling_study.analysis.allocation import Design
    from scaling_study.analysis.observations import Observations
    from scaling_study.config.schema import Config


@dataclass(frozen=True)
class Question:
    """answer: as the study gives it now, in words; unit: of its standard error, in words; before: its standard error
    now, NaN without one; designs: of which the best is taken."""

    answer: str
    unit: str
    before: float
    designs: list[Design]


def question_of(config: Config, runs: pd.DataFrame) -> Question:
    """What ``next.question`` asks of a study's run table. Raises StudyError or ConfigError where it cannot be answered
    with more runs."""
    study = f"study={config.study}"
    if runs.empty or not (runs.status == "done").any():
        raise StudyError(f"{study}: there is no finished run to learn from")
    mine = runs[(runs.model == config.model.name) & (runs.epochs == config.recipe.epochs)].reset_index(drop=True)
    if not (mine.status == "done").any():
        known = runs[runs.status == "done"].groupby(["model", "epochs"]).size().index
        names = ", ".join(f"{model} for {epochs} epochs" for model, epochs in known)
        raise StudyError(
            f"{study}: holds runs of {names}, not of {config.model.name} for {config.recipe.epochs} epochs"
        )
    if config.next.question == "rate":
        return rate(config, mine)
    try:
        mine = equal_settings(mine, recipe_changes(config.recipe) or "")[0]
    except ValueError as error:
        raise StudyError(f"{study}: {error}") from None
    frame = timed(config, usable(mine)[0])
    if config.next.question == "direction":
        frame = frame[frame.stage_depth.isna()]  # of which the law knows nothing
    observations, variants = observe(frame), trained(frame)
    if not noisy(observations):
        raise StudyError(f"{study}: no variant has two seeds that differ, so nothing tells the noise; train more seeds")
    require_same(config, variants.iloc[0], mine)
    ask = comparison if config.next.question == "comparison" else direction
    return ask(config, observations, variants)


def require_same(config: Config, row: pd.Series, runs: pd.DataFrame, learning_rate: float | None = None) -> None:
    """Raise StudyError unless the keys that were given describe the run ``row`` of the study as it was trained."""
    run = job_at(config, scaling_keys(row.to_dict()), int(row.seed), learning_rate).run
    if run.run_id not in set(runs.run_id):
        message = "was trained with other keys than those given; give the study's own, as model=NAME and recipe.epochs"
        raise StudyError(f"study={config.study}: {run.variant.label} with seed {run.seed} {message}")


def timed(config: Config, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of usable runs whose time is known. Raises StudyError where there is none."""
    known = frame[frame.train_seconds > 0]
    if known.empty:
        message = "no finished run can be analyzed and has train_seconds, so nothing tells what a run takes"
        raise StudyError(f"study={config.study}: {message}")
    return known


def comparison(config: Config, observations: Observations, variants: pd.DataFrame) -> Question:
    from scaling_study.analysis.next_comparison import compared, comparison_designs

    one, other = config.next.methods
    for method in (one, other):
        if method not in set(observations.variants.method):
            message = f"study={config.study} has no runs of {method} (of one rule) to compare"
            raise ConfigError("next.methods", config.next.methods, message)
    multiple = config.next.flops
    now = compared(observations, one, other, multiple)
    designs = comparison_designs(observations, variants, (one, other), multiple, counter(config))
    if not designs:
        raise ConfigError("next.flops", multiple, f"{one} and {other} cannot both be built there")
    what = f"{one} minus {other} at {multiple:g} times the baseline's multiply-adds"
    if now is None:
        answer, before = f"{what}: not known, they were not both trained around there", np.nan
    else:
        low, high = now.interval()
        answer, before = f"{what}: {now.estimate:.2f} points ({low:.2f} to {high:.2f})", now.standard_error
    return Question(answer, "points of top-1", before, designs)


def direction(config: Config, observations: Observations, variants: pd.DataFrame) -> Question:
    from scaling_study.analysis.directions import STEPS
    from scaling_study.analysis.law import fit_law
    from scaling_study.analysis.next_direction import BUDGET, best_shares, direction_design

    law = fit_law(observations, config.analysis.draws)
    if isinstance(law, str):
        raise StudyError(f"study={config.study}: no law of the axes, {law}")
    shares = zip(law.axes, best_shares(observations, law), strict=True)
    answer = ", ".join(f"{axis} {100 * share:.0f}%" for axis, share in shares)
    answer = f"best shares of the logarithm of {BUDGET:g} times the baseline's multiply-adds: {answer}"
    design = direction_design(observations, variants, law, counter(config))
    if (before := design.error()) < 1 / (2 * STEPS):
        known = f"which is known to {before:.2g}, finer than the {STEPS} steps of a share that are compared"
        raise StudyError(f"study={config.study}: {answer}, {known}; no run is proposed")
    return Question(answer, "of an axis's share", before, [design])


def rate(config: Config, runs: pd.DataFrame) -> Question:
    from scaling_study.analysis.next_rate import rate_design
    from scaling_study.analysis.rates import best_rates, noise_of
    from scaling_study.training.rates import learning_rate, scaled

    method, study = config.next.methods[0], f"study={config.study}"
    others = runs.settings.fillna("").map(lambda text: without(text, "learning_rate"))
    alone = runs[others == without(recipe_changes(config.recipe) or "", "learning_rate")]
    frame = usable(alone.assign(settings=None), "val_top1")[0].dropna(subset=["learning_rate"])
    of_method = frame[frame.method == method]
    enough = of_method.groupby(VARIANT, dropna=False).learning_rate.transform("nunique") >= RATES_MIN
    if not enough.any():
        message = f"{study} has no network of {method} that was trained at {RATES_MIN} learning rates"
        raise ConfigError("next.methods", config.next.methods, message)
    of_method = timed(config, of_method[enough])
    mine = of_method[of_method.flops == of_method.flops.max()]
    sd, _ = noise_of(frame, "val_top1")
    if not sd > 0:
        raise StudyError(f"{study}: no learning rate has two seeds that differ, so nothing tells the noise")
    variant = trained(mine).iloc[0]
    cells = mine.groupby("learning_rate").val_top1.agg(["mean", "count"])
    rates, means = cells.index.to_numpy(dtype=float), cells["mean"].to_numpy()
    design = rate_design(rates, means, cells["count"].to_numpy(), sd, variant.core_seconds)
    used = Coefficients(variant.depth, variant.width, variant.resolution)
    factor = learning_rate(scaled(config.recipe, used)) / config.recipe.learning_rate
    one = mine.iloc[0]
    require_same(config, one, runs, float(f"{one.learning_rate / factor:.6g}"))
    table = design.candidates
    asked = [float(f"{value / factor:.6g}") for value in table.learning_rate]
    same = [column for column in variant.index if column not in table]
    table = table.assign(**{name: [variant[name]] * len(table) for name in same}, learning_rate=asked)
    top, _, edge = (values[0] for values in best_rates(np.log(rates), means[None]))
    where = ", at the end of what was trained, so there may be a better one" if edge else ""
    answer = f"best learning rate of {method} ({', '.join(f'{variant[axis]:g}' for axis in AXES)}): {np.exp(top):.3g}"
    unit = "points of validation top-1 at the next rate" if edge else "of its natural logarithm"
    return Question(answer + where, unit, design.error(), [replace(design, candidates=table)])


def counter(config: Config) -> Any:
    """Function from a new network as a row to its flops; None where it cannot be built."""

    def count(row: Mapping[str, Any]) -> float | None:
        try:
            run = job_at(config, scaling_keys(row), config.seed).run
        except ConfigError:
            return None
        px, size = run.variant.resolution_px, size_of(run.data)
        return count_flops(run.model, run.variant.coefficients, resolution_px=px, **size)

    return count
