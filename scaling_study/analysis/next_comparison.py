"""Runs that make the difference of two methods at one cost more certain."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.allocation import Design, one_by_one
from scaling_study.analysis.candidates import Count, at_budget, with_flops
from scaling_study.analysis.comparisons import Curve, difference, minus
from scaling_study.analysis.contrasts import Contrast, combined, of_rows

if TYPE_CHECKING:
    from scaling_study.analysis.noise import Noise
    from scaling_study.analysis.observations import Observations


def place(observations: Observations, method: str, multiple: float) -> Any:
    """({variant: weight}, how far off) of a method's accuracy at ``multiple`` times the baseline's flops: its variant
    of that budget, or its curve there as comparisons interpolate it; None outside what was trained."""
    variants = observations.variants
    own = (variants.method == method) & np.isclose(variants.flops_target.astype(float), multiple, rtol=1e-9)
    if own.any():
        return {int(np.flatnonzero(own)[0]): 1.0}, 0.0
    base = baseline_flops(variants)
    return None if np.isnan(base) else Curve(observations, method, "flops").at(multiple * base)


def baseline_flops(variants: pd.DataFrame) -> float:
    """The baseline's flops, NaN where they are not known."""
    own = variants.flops[variants.method == "baseline"].astype(float)
    return float(own.iloc[0] if len(own) else (variants.flops.astype(float) / variants.flops_ratio).median())


def compared(observations: Observations, one: str, other: str, multiple: float) -> Contrast | None:
    """Accuracy of the method ``one`` minus that of ``other`` at a multiple of the baseline's flops, as comparisons
    estimate it; None where one of them was not trained around there."""
    places = [place(observations, method, multiple) for method in (one, other)]
    return None if None in places else difference(observations, *places)


def comparison_designs(
    observations: Observations, variants: pd.DataFrame, methods: tuple[str, str], multiple: float, count: Count
) -> list[Design]:
    """Designs for the difference of two methods at ``multiple`` times the baseline's flops.

    Each method's accuracy there may come from more seeds of what it comes from now, or from a new network of exactly
    that cost, which no interpolation makes uncertain: a design for each combination. variants: of ``trained``. No
    design where a method can be had in neither way. The predicted standard error is that of ``contrast``: on the seeds
    that all networks share, or on all, whichever is the more precise, with the noise that the study shows now.
    """
    ways = []
    for method in methods:
        found = place(observations, method, multiple)
        own: list[Any] = [] if found is None else [(found, None)]
        if found is None or len(found[0]) > 1 or found[1] > 0:
            new = at_budget(method, multiple, variants)
            row = new and with_flops(new, variants, count)
            own += [(None, row)] if row else []
        ways.append(own)
    return [design(observations, variants, pair) for pair in itertools.product(*ways)]


def design(observations: Observations, variants: pd.DataFrame, pair: Any) -> Design:
    """The design of two places, each ((weights, how far off), None) or (None, row of a new network)."""
    rows: list[dict[str, Any]] = []
    weights, off = [], 0.0
    for found, new in pair:
        if new is not None:
            weights.append({len(variants) + len(rows): 1.0})
            rows.append(new)
        else:
            weights.append(found[0])
            off = float(np.hypot(off, found[1]))
    all_weights = minus(*weights)
    index = np.array([place for place, weight in all_weights.items() if weight != 0], dtype=int)
    weight = np.array([all_weights[place] for place in index])
    table = pd.concat([variants, pd.DataFrame(rows, columns=variants.columns)], ignore_index=True) if rows else variants
    present = np.vstack([~np.isnan(observations.values), np.zeros((len(rows), observations.values.shape[1]), bool)])
    noise, paired = (of_rows(grown(one, len(rows)), index) for one in (observations.noise, observations.paired_noise))
    present = present[index]

    def variance(counts: np.ndarray) -> float:
        total = present.sum(axis=1) + counts
        if (total == 0).any():
            return np.inf
        shared = np.full(len(total), common_seeds(present, counts))
        errors = [combined(weight, np.zeros(len(total)), total, noise).standard_error]
        if shared[0]:
            errors.append(combined(weight, np.zeros(len(total)), shared, paired).standard_error)
        if shared[0] and (total == shared).all():
            errors = errors[1:]
        return float(min(errors) ** 2 + off**2)

    moves = np.vstack([one_by_one(len(index)), np.ones((1, len(index)), dtype=int)])
    return Design(table.iloc[index].reset_index(drop=True), variance, moves)


def common_seeds(present: np.ndarray, counts: np.ndarray) -> int:
    """Seeds that all variants have once each has ``counts`` more, taken in the order in which they are proposed: those
    of the study that it lacks, then new ones. present: (variants, seeds)."""
    missing = ~present
    filled = present | (missing & (missing.cumsum(axis=1) <= counts[:, None]))
    beyond = np.maximum(counts - missing.sum(axis=1), 0)
    return int(filled.all(axis=0).sum() + beyond.min())


def grown(noise: Noise | None, more: int) -> Any:
    """The noise with that of new variants, taken to be what is usual in the study."""
    if noise is None:
        return None
    variance = np.r_[noise.variance, np.full(more, noise.pooled)]
    return replace(noise, variance=variance, df=np.r_[noise.df, np.full(more, noise.df_pooled)])
