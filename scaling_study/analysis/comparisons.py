"""Methods against each other at equal cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator

from scaling_study.analysis.contrasts import LEVEL, Contrast, contrast, holm, verdict
from scaling_study.analysis.observations import COSTS, merged, studies, usable

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


MATCHED = 0.05  # costs this near to each other are equal
BEND = 3  # an interpolated value is taken to be off by a standard error of its distance from a straight line over this
LEVELS_MAX = 12  # costs at which curves without common budgets are compared
COMPARED = ("compound", "depth", "width", "resolution", "fast")
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "cost": "string",  # what is held equal: a column of the run table
    "cost_value": "float64",
    "flops_target": "float64",  # the budget, where there is one
    "method": "string",
    "other": "string",
    "basis": "string",  # matched: two variants as they are; interpolated: along the other's curve, by log cost; none
    "difference": "float64",  # accuracy of method minus other, points
    "low": "float64",  # 95% interval of this difference alone
    "high": "float64",
    "standard_error": "float64",
    "df": "float64",
    "n": "Int64",  # seeds
    "paired": "boolean",
    "p": "float64",
    "p_holm": "float64",  # corrected for all comparisons of this model, training length and cost
    "verdict": "string",
}


def compare(
    runs: pd.DataFrame,
    costs: Sequence[str] = COSTS,
    reference: str = "compound",
    response: str = "top1",
    matched: float = MATCHED,
    *,
    outliers: bool = False,
) -> tuple[pd.DataFrame, list[str]]:
    """Comparisons of the method ``reference`` with every other, by each of ``costs``: (frame with COLUMNS, notes).

    At each budget that both were given, the two variants are compared, by common seeds where there are some; otherwise
    at each cost of the reference's variants, with the other's curve interpolated there. Single-seed
    tables, published ones among them, get differences and the verdict that no interval can be given. matched: how far
    the costs of one budget may lie apart, relatively; outliers: whether runs that went wrong take part.
    """
    frame, notes = usable(runs, response, outliers)
    rows = []
    for (model, epochs), observations in studies(frame, response).items():
        if not len(observations.where(reference, baseline=False)):
            notes.append(f"{model}: no {reference} runs that follow one rule, so nothing is compared with them")
            continue
        for cost in costs:
            family = list(compared_with(observations, reference, cost, matched))
            rows += tabulated(family, {"model": model, "epochs": epochs, "cost": cost})
    return as_frame(rows), notes


def leaders(
    runs: pd.DataFrame, costs: Sequence[str] = COSTS, response: str = "top1", matched: float = MATCHED
) -> pd.DataFrame:
    """The best method at the largest cost that all methods reach, by each of ``costs``, against each other method: a
    frame with COLUMNS, ``method`` the best. What it is tested on has picked it, so the correction is for all pairs.
    Two methods are compared by their networks of the same budget as they are, if their costs differ by no more than
    ``matched`` from each other and from that cost, relatively; else along their curves."""
    frame, _ = usable(runs, response)
    rows = []
    for (model, epochs), observations in studies(frame, response).items():
        for cost in costs:
            curves = {method: Curve(observations, method, cost) for method in COMPARED}
            curves = {method: curve for method, curve in curves.items() if len(curve.costs) > 1}
            if len(curves) < 2:
                continue
            family = list(pairs(observations, curves, cost, matched))
            if not family:
                continue
            # the highest mean; where pairs differ in their basis, the method least behind any other
            best = max(curves, key=lambda method: min(row[-1].estimate for row in family if row[2] == method))
            key = {"model": model, "epochs": epochs, "cost": cost}
            rows += [row for row in tabulated(family, key, twice=True) if row["method"] == best]
    return as_frame(rows)


def pairs(observations: Observations, curves: Mapping[str, Curve], cost: str, matched: float) -> Iterator[tuple]:
    """(cost, budget, method, other, basis, Contrast) of every two methods, both ways round, at the largest cost that
    all reach; nothing where one starts above it."""
    level = min(curve.costs[-1] for curve in curves.values())
    at = {method: curve.at(level) for method, curve in curves.items()}
    if level <= max(curve.costs[0] for curve in curves.values()) or any(place is None for place in at.values()):
        return
    costs, budgets = observations.variants[cost].to_numpy(), observations.variants.flops_target.to_numpy()
    same = of_one_budget(observations, curves)
    for one, other in itertools.permutations(curves, 2):
        both = [same[method] for method in (one, other) if method in same]
        near = len(both) == 2 and np.ptp(np.log([level, *costs[both]])) <= np.log1p(matched)
        if near:
            found = contrast(observations, {both[0]: 1.0, both[1]: -1.0})
            yield level, budgets[both[0]], one, other, "matched", found
        else:
            yield level, np.nan, one, other, "interpolated", difference(observations, at[one], at[other])


def of_one_budget(observations: Observations, curves: Mapping[str, Curve]) -> dict[str, int]:
    """{method: variant} of those methods that have one of the budget of the network at the largest cost that all
    reach."""
    methods, budgets = (observations.variants[name].to_numpy() for name in ("method", "flops_target"))
    least = min(curves.values(), key=lambda curve: curve.costs[-1]).variants[-1][0]
    same = np.flatnonzero(budgets == budgets[least])  # none where there is no budget, which is NaN
    return {methods[variant]: int(variant) for variant in same if methods[variant] in curves}


def difference(observations: Observations, one: Any, other: Any) -> Any:
    """Contrast of two places on curves, each (weights, how far off)."""
    return contrast(observations, minus(one[0], other[0])).widened(np.hypot(one[1], other[1]))


def last_doubling(observations: Observations, method: str, cost: str) -> Contrast | None:
    """Contrast of a method's accuracy at its largest cost and at half of it, without a fitted curve; None where its
    costs do not span a doubling.

    Measured coverage of the 95% interval: 0.96, 0.95 and 0.94 where the truth is a floor, M4 and a broken power law
    (5 to 8 variants, 2 to 5 seeds; benchmarks/extrapolation.py).
    """
    curve = Curve(observations, method, cost)
    if not len(curve.costs) or curve.costs[0] > curve.costs[-1] / 2 * (1 + 1e-9):
        return None
    return difference(observations, curve.at(curve.costs[-1]), curve.straight(curve.costs[-1] / 2))


class Curve:
    """A method's variants and its baseline, by ascending cost. costs, means: (points,); variants: indices of each."""

    def __init__(self, observations: Observations, method: str, cost: str) -> None:
        index = observations.where(method)
        values = observations.variants[cost].to_numpy()[index]
        own = observations.variants.method.to_numpy()[index] == method
        known = np.isfinite(values) if own.any() else np.zeros(len(values), dtype=bool)
        self.costs, place = np.unique(merged(values[known]), return_inverse=True)
        self.variants = [index[known][place == n] for n in range(len(self.costs))]
        means = observations.means
        self.means = np.array([means[variants].mean() for variants in self.variants])

    def at(self, cost: float) -> Any:
        """({variant: weight} that gives accuracy at ``cost``, how far the curve may be off there); None outside.

        Between points a monotone cubic (scipy's PCHIP) in log cost, since straight lines run below curves that flatten.
        Its slopes come from the neighbouring points; how much they bend it bounds how far off it may be.
        """
        if not len(self.costs) or not self.costs[0] <= cost * (1 + 1e-9) or not cost <= self.costs[-1] * (1 + 1e-9):
            return None
        cost = np.clip(cost, self.costs[0], self.costs[-1])
        above = int(np.searchsorted(self.costs, cost))
        if self.costs[above] == cost:
            return self.spread({above: 1.0}), 0.0
        window = list(range(max(above - 2, 0), min(above + 2, len(self.costs))))
        x, y, at = np.log(self.costs[window]), self.means[window], np.log(cost)
        straight = np.interp(at, x, y)
        value = PchipInterpolator(x, y)(at)
        step = 1e-6 * (1 + np.ptp(y))
        weights = [(PchipInterpolator(x, y + step * unit)(at) - value) / step for unit in np.eye(len(x))]
        off = abs(value - straight) / BEND if len(x) > 2 else abs(np.diff(y)[0]) / (2 * BEND)
        return self.spread(dict(zip(window, weights, strict=True))), float(off)

    def straight(self, cost: float) -> Any:
        """As ``at``, by a straight line in log cost between the two neighbours, which near costs do not make noisy; off
        by as much as the cubic lies from it."""
        cost = np.clip(cost, self.costs[0], self.costs[-1])
        above = max(int(np.searchsorted(self.costs, cost)), 1)
        x = np.log(self.costs)
        share = (np.log(cost) - x[above - 1]) / (x[above] - x[above - 1])
        window = slice(max(above - 2, 0), above + 2)
        cubic = PchipInterpolator(x[window], self.means[window])(np.log(cost))
        off = abs(cubic - np.interp(np.log(cost), x, self.means))
        return self.spread({above - 1: 1 - share, above: share}), float(off)

    def spread(self, weights: Mapping[Any, float]) -> Any:
        """Weights of points as weights of the variants that make them up."""
        return {
            variant: weight / len(self.variants[place])
            for place, weight in weights.items()
            for variant in self.variants[place]
        }


def minus(one: Any, other: Any) -> Any:
    return {variant: one.get(variant, 0.0) - other.get(variant, 0.0) for variant in one | other}


def compared_with(observations: Observations, reference: str, cost: str, matched: float) -> Iterator:
    """(cost, budget, reference, other, basis, Contrast or None) for each comparison by one cost."""
    columns = {name: observations.variants[name].to_numpy() for name in ("method", "flops_target", cost)}
    present = set(columns["method"])
    curves = {method: Curve(observations, method, cost) for method in COMPARED if method in present - {reference}}
    for index in levels(observations, reference, cost):
        value, budget = columns[cost][index], columns["flops_target"][index]
        for method, curve in curves.items():
            partner = partner_of(columns, index, method, cost, matched)
            found = ({partner: 1.0}, 0.0) if partner is not None else curve.at(value)
            basis = "matched" if partner is not None else "none" if found is None else "interpolated"
            result = found and contrast(observations, minus({index: 1.0}, found[0])).widened(found[1])
            yield value, budget, reference, method, basis, result


def levels(observations: Observations, reference: str, cost: str) -> Any:
    """Variants of the reference at which to compare: all with a known cost, or LEVELS_MAX of them spread evenly."""
    index = observations.where(reference, baseline=False)
    values = observations.variants[cost].to_numpy()[index]
    index = index[np.isfinite(values)][np.argsort(values[np.isfinite(values)], kind="stable")]
    if len(index) > LEVELS_MAX:
        index = index[np.linspace(0, len(index) - 1, LEVELS_MAX).round().astype(int)]
    return index


def partner_of(columns: Any, index: Any, method: str, cost: str, matched: float) -> Any:
    """The variant of ``method`` with the same budget and, within ``matched``, cost; None when there is none."""
    same = (columns["method"] == method) & (columns["flops_target"] == columns["flops_target"][index])
    found = np.flatnonzero(same & (np.abs(np.log(columns[cost] / columns[cost][index])) <= np.log1p(matched)))
    return int(found[0]) if len(found) else None


def tabulated(family: list, common: dict[str, Any], twice: bool = False) -> list:
    """Rows of a family of comparisons, p-values corrected within it. twice: every pair is in it both ways round."""
    empty = Contrast(np.nan, np.nan, np.nan, 0, False)
    results = [result or empty for *_, result in family]
    adjusted = holm([result.p for result in results], repeats=2 if twice else 1)
    rows = []
    for (value, budget, method, other, basis, result), p_holm in zip(family, adjusted, strict=True):
        known = result or empty
        low, high = known.interval(LEVEL)
        words = verdict(known, p_holm) if result else f"not comparable: {other} was not trained around this cost"
        rows.append(
            common
            | {"cost_value": value, "flops_target": budget, "method": method, "other": other, "basis": basis}
            | {"difference": known.estimate, "low": low, "high": high, "standard_error": known.standard_error}
            | {"df": known.df, "n": known.n, "paired": known.paired, "p": known.p, "p_holm": p_holm, "verdict": words}
        )
    return rows


def as_frame(rows: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
