"""The best coefficients under a budget: predicted by the law of the axes, measured on networks as built."""

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
    from scaling_study.analysis.law import Law

COUNTS = ("flops", "weights", "activations")
STEPS = 24  # coefficients per axis that are tried, evenly on a log scale over the trained range
TRIES = 40  # networks that are measured at most before giving up


def recommend(job: Job, law: Law, limit: str, budget: float) -> dict[str, Any]:
    """The candidate of the highest lower confidence bound whose built network keeps to the budget, with predictions.

    The bound and not the prediction is maximized, so that a candidate is not chosen for how little is known of it.
    Raises ConfigError when no candidate keeps to the budget.
    """
    candidates = candidates_of(job, law)
    measure = measurer(job, limit)
    baseline = measure(Coefficients())
    if limit == "flops":  # known already, by arithmetic
        eligible, least = (candidates.flops <= budget).to_numpy(), candidates.flops.min()
        place = int(eligible.argmax()) if eligible.any() else None
        cost = np.nan if place is None else candidates.flops[place]
    else:
        place, eligible, cost = measured(candidates, law, budget, lambda row: measure(Coefficients(*row)) / baseline)
        least = cost
    if place is None:
        message = f"no network within the trained range keeps to it; the nearest has {least:.3g}"
        raise ConfigError(f"budget.{limit}", budget, message)
    best = candidates.loc[place]
    return best.to_dict() | {"built": float(cost)} | corrected(candidates[eligible], best, law)


def corrected(eligible: pd.DataFrame, best: pd.Series, law: Law) -> dict[str, float]:
    """The lower ends of the intervals of ``best``, corrected for that it is the best of all ``eligible``."""
    from scaling_study.analysis.directions import best_of  # loads scipy, which takes half a second

    place = eligible.index.get_loc(best.name)
    low = best_of(law, eligible[list(BUILT)].to_numpy(), place).low
    return {"low": low, "run_low": best.run_low - (best.low - low)}


def candidates_of(job: Job, law: Law) -> pd.DataFrame:
    """A frame with a row per network: coefficients with two decimals, BUILT within the trained ranges, predictions, and
    COUNTS by arithmetic as multiples of the baseline's, in order of the lower bound. Of coefficients that build the
    same network, the nearest to it stay.
    """
    model, data, size = job.run.model, job.config.data, size_of(job.run.data)
    ranges = [law.ranges[axis] for axis in AXES]
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
    shapes = [built_coefficients(model, Coefficients(*row)) or (row[0], row[1]) for row in grid]
    frame[list(BUILT)] = np.column_stack([shapes, np.array(pixels) / data.resolution])
    frame[list(COUNTS)] = np.array(counts) / baseline
    off = np.abs(np.log(frame[list(AXES)].to_numpy() / frame[list(BUILT)].to_numpy())).sum(axis=1)
    frame = frame.loc[np.argsort(off, kind="stable")].drop_duplicates([*COUNTS, "resolution_px"])
    ends = np.array(ranges)
    within = frame[list(BUILT)].to_numpy()
    inside = ((within >= ends[:, 0] * (1 - 1e-6)) & (within <= ends[:, 1] * (1 + 1e-6))).all(axis=1)
    frame = frame[inside].reset_index(drop=True)
    frame = pd.concat([frame, law.predict(frame[list(BUILT)].to_numpy())], axis=1)
    return frame.sort_values("low", ascending=False, ignore_index=True)


def measured(
    candidates: pd.DataFrame, law: Law, budget: float, measure: Callable[[Any], float]
) -> tuple[int | None, np.ndarray, float]:
    """(place of the first candidate, in order of its lower bound, that keeps to the budget, or None; which candidates
    are taken to keep to it; its cost, or the least that was seen).

    A power law of the COUNTS predicts which candidates keep to the budget. It is fitted to the baseline and to networks
    in the middle of the trained range of one or several axes, and fitted again with every network that is measured.
    Gives up after TRIES networks.
    """
    logs = np.log(candidates[list(COUNTS)].to_numpy())
    coefficients = candidates[list(AXES)].to_numpy()
    middle = [np.sqrt(least * most) for least, most in law.ranges.values()]
    corners = np.log(list(itertools.product(*((1.0, value) for value in middle))))[1:]
    near = {int(np.abs(np.log(coefficients) - corner).sum(axis=1).argmin()) for corner in corners}
    known = {place: measure(coefficients[place]) for place in near}
    promising = np.zeros(len(candidates), dtype=bool)
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
            return place, promising, known[place]
    return None, promising, min(known.values())


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
