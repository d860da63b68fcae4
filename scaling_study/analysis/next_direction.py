"""Runs that make the law's best direction of scaling more certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_study.analysis.allocation import Design, one_by_one
from scaling_study.analysis.candidates import Count, with_flops
from scaling_study.analysis.directions import Scale, simplex
from scaling_study.analysis.observations import built
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.law import Law
    from scaling_study.analysis.observations import Observations


BUDGET = 2.0  # times the baseline's flops, at which the direction is asked for
NEW_AT = (2.0, 4.0, 8.0)  # budgets of new networks, as far as the trained range goes
NEW_SHARES = 4  # steps of the share of a budget that an axis of a new network takes


def direction_design(observations: Observations, variants: pd.DataFrame, law: Law, count: Count) -> Design:
    """The design for the shares of BUDGET that the best direction gives the axes; variance: mean over axes.

    Each bootstrap draw of the law has a best direction, and predicts an error for every candidate. What a run would
    tell is the regression of the former on the latter over the draws, which is c-optimal design with the law
    linearized over its own uncertainty instead of at one point, where a direction on the edge has no slope. New
    networks lie on a coarse grid of shares at NEW_AT.
    """
    scale = Scale(law, observations)
    choice = scale.coefficients(BUDGET, shares := simplex(len(law.axes)))
    draws = law.errors(choice, samples=True)
    best = shares[np.where(np.isnan(draws), np.inf, draws).argmin(axis=1)]
    table, coefficients = candidates_of(scale, observations, variants, count)
    logs = np.log(np.maximum(law.errors(coefficients, samples=True), 1e-6))
    variance = remaining(best, logs, law.run_sd**2)
    return Design(table, variance, one_by_one(len(table)))


def best_shares(observations: Observations, law: Law) -> np.ndarray:
    """(axes,): shares of BUDGET that the law's best direction gives the axes."""
    shares = simplex(len(law.axes))
    return shares[int(law.errors(Scale(law, observations).coefficients(BUDGET, shares)).argmin())]


def candidates_of(
    scale: Scale, observations: Observations, variants: pd.DataFrame, count: Count
) -> tuple[pd.DataFrame, np.ndarray]:
    """(rows, coefficients (n, 3) as built, or as asked for of new ones) of all trained variants and of new networks
    within the trained ranges."""
    grid = simplex(len(scale.law.axes))
    grid = grid[np.isclose((grid * NEW_SHARES) % 1, 0).all(axis=1)]
    new = np.vstack([scale.coefficients(budget, grid) for budget in NEW_AT if budget <= scale.largest]).round(3)
    known = np.isclose(new[:, None], variants[list(AXES)].to_numpy(dtype=float), rtol=1e-3).all(axis=2).any(axis=1)
    new = new[~known & ~scale.law.outside(new)]
    plain = {"method": "custom", "phi": np.nan, "stage_depth": None, "flops_target": np.nan}
    rows = [with_flops(plain | dict(zip(AXES, map(float, row), strict=True)), variants, count) for row in new]
    able = [place for place, row in enumerate(rows) if row]
    table = pd.concat([variants, pd.DataFrame([rows[place] for place in able], columns=variants.columns)])
    return table.reset_index(drop=True), np.vstack([built(observations.variants), new[able]])


def remaining(answer: np.ndarray, predictions: np.ndarray, noise: float) -> Callable[[np.ndarray], float]:
    """Function from runs of each candidate (k,) to the variance of ``answer`` that they leave, mean over its parts.

    answer: (draws, parts); predictions: (draws, k), NaN in draws that say nothing there; noise: variance of a run.
    """
    known = ~np.isnan(predictions).any(axis=1)
    answer, predictions = answer[known], predictions[known]
    parts = answer.shape[1]
    joint = np.cov(np.hstack([answer, predictions]).T)
    own, between, predicted = joint[:parts, :parts], joint[:parts, parts:], joint[parts:, parts:]

    def variance(counts: np.ndarray) -> float:
        used = np.flatnonzero(counts)
        told = predicted[np.ix_(used, used)] + np.diag(noise / counts[used])
        gain = between[:, used] @ np.linalg.solve(told, between[:, used].T) if len(used) else np.zeros_like(own)
        return float(np.trace(own - gain)) / parts

    return variance
