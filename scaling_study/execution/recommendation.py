"""The best coefficients under a budget: predicted by a response surface, measured on networks as built."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES, built_coefficients, count_layers
from scaling_study.planning.jobs import Job
from scaling_study.planning.variant import Variant
from scaling_study.records.columns import BUILT
from scaling_study.scaling.coefficients import AXES, Coefficients

if TYPE_CHECKING:
    from scaling_study.analysis.surface import Surface

COUNTS = ("flops", "weights", "activations")
STEPS = 24  # coefficients per axis that are tried, evenly on a log scale over the trained range
TRIES = 40  # networks that are measured at most before giving up


def recommend(job: Job, surface: Surface, limit: str, budget: float) -> dict[str, Any]:
    """The candidate of the highest lower confidence bound whose built network keeps to the budget, with predictions.

    The bound and not the prediction is maximised, so that a candidate is not chosen for how little is known of it.
    Raises ConfigError when no candidate keeps to the budget.
    """
    candidates = candidates_of(job, surface)
    measure = measurer(job, limit)
    baseline = measure(Coefficients())
    if limit == "flops":  # known already, by arithmetic
        found = candidates.assign(built=candidates.flops)[candidates.flops <= budget]
        least = candidates.flops.min()
    else:
        found, least = measured(candidates, surface, budget, lambda row: measure(Coefficients(*row)) / baseline)
    if found.empty:
        message = f"no network within the trained range keeps to it; the nearest has {least:.3g}"
        raise ConfigError(f"budget.{limit}", budget, message)
    best = found.nlargest(1, "low").iloc[0]
    return {**best.to_dict(), "extrapolated": bool(best.leverage > surface.leverage)}


def candidates_of(job: Job, surface: Surface) -> pd.DataFrame:
    """A frame with a row per network: coefficients with two decimals within the trained ranges, BUILT, predictions, and
    COUNTS by arithmetic as multiples of the baseline's. Of coefficients that build the same network, the worst
    predicted stay.
    """
    model, data, size = job.run.model, job.config.data, size_of(job.run.data)
    ranges = [surface.ranges[axis] for axis in AXES]
    grids = [sorted(set(np.geomspace(low, high, STEPS).round(2))) for low, high in ranges]
    least = FAMILIES[model.family].resolution_min
    grids[2] = [value for value in grids[2] if round(data.resolution * value) >= least]
    grid = np.array(list(itertools.product(*grids)))
    pixels = [round(data.resolution * resolution) for resolution in grid[:, 2]]
    counts = [
        count_layers(model, Coefficients(*row), resolution_px=px, **size) for row, px in zip(grid, pixels, strict=True)
    ]
    baseline = count_layers(model, Coefficients(), resolution_px=data.resolution, **size)
    frame = pd.DataFrame(grid, columns=list(AXES)).assign(resolution_px=pixels)
    built = [built_coefficients(model, Coefficients(*row)) or (np.nan, np.nan) for row in grid]
    frame[list(BUILT)] = np.column_stack([built, np.array(pixels) / data.resolution])
    frame[list(COUNTS)] = np.array(counts) / baseline
    frame = pd.concat([frame, surface.predict(grid)], axis=1).sort_values("low", ascending=False)
    return frame.drop_duplicates([*COUNTS, "resolution_px"], keep="last", ignore_index=True)


def measured(
    candidates: pd.DataFrame, surface: Surface, budget: float, measure: Callable[[Any], float]
) -> tuple[pd.DataFrame, float]:
    """(the first candidate, in order of its lower bound, that keeps to the budget, as a frame; the least cost seen).

    A power law of the COUNTS predicts which candidates keep to the budget. It is fitted to the baseline and to networks
    in the middle of the trained range of one or several axes, and fitted again with every network that is measured.
    Gives up after TRIES networks.
    """
    logs = np.log(candidates[list(COUNTS)].to_numpy())
    coefficients = candidates[list(AXES)].to_numpy()
    middle = [np.sqrt(least * most) for least, most in surface.ranges.values()]
    corners = np.log(list(itertools.product(*((1.0, value) for value in middle))))[1:]
    near = {int(np.abs(np.log(coefficients) - corner).sum(axis=1).argmin()) for corner in corners}
    known = {place: measure(coefficients[place]) for place in near}
    for _ in range(TRIES):
        places = list(known)
        exponents = np.linalg.lstsq(logs[places], np.log(list(known.values())), rcond=None)[0]
        promising = np.exp(logs @ exponents) <= budget
        promising[[place for place in places if known[place] > budget]] = False
        if not promising.any():
            break
        place = int(promising.argmax())  # they are in order of the lower bound
        if place not in known:
            known[place] = measure(coefficients[place])
        if known[place] <= budget:
            return candidates.loc[[place]].assign(built=known[place]), known[place]
    return candidates[:0], min(known.values())


def measurer(job: Job, limit: str) -> Callable[[Coefficients], float]:
    """A function from Coefficients to the cost of the built network."""
    size = size_of(job.run.data)

    def pixels(coefficients: Coefficients) -> int:
        return round(job.config.data.resolution * coefficients.resolution)

    def flops(coefficients: Coefficients) -> float:
        return count_flops(job.run.model, coefficients, resolution_px=pixels(coefficients), **size)

    def counted(coefficients: Coefficients) -> float:
        from scaling_study.measure.costs import variant_complexity

        return getattr(variant_complexity(job.run.model, variant(coefficients), **size), limit)

    def latency(coefficients: Coefficients) -> float:
        from scaling_study.execution.timing import seconds_of_one_image

        return seconds_of_one_image(replace(job, run=replace(job.run, variant=variant(coefficients))))

    def variant(coefficients: Coefficients) -> Variant:
        return Variant("custom", None, coefficients, pixels(coefficients), None)

    return {"flops": flops, "latency": latency}.get(limit, counted)
