"""The best direction of scaling at a budget, by the law of the three axes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.law import Law
from scaling_study.analysis.observations import built
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


NOMINAL = {"depth": 1.0, "width": 2.0, "resolution": 2.0}  # exponents of multiply-adds (Tan & Le 2019, section 3.2)
STEPS = 16  # of the share of a budget that an axis may take
SHAPE_MAX = 2.0  # factor of cost by which one axis may be traded for others at equal cost


@dataclass(frozen=True)
class Best:
    """The best of some coefficients. place: its index; top1 with its interval, in percent, corrected for that it is
    the best of many; coefficients: (3,), with their interval, from which place is the best in each draw."""

    place: int
    top1: float
    low: float
    high: float
    coefficients: np.ndarray
    coefficients_low: np.ndarray
    coefficients_high: np.ndarray


class Scale:
    """A law with what the axes cost. exponents: (axes,), cost grows as the product of coefficients to these powers;
    largest: the greatest cost trained, as a multiple of the baseline's."""

    def __init__(self, law: Law, observations: Observations, cost: str = "flops") -> None:
        self.law = law
        self.exponents = exponents_of(law, observations, cost)
        costs = np.exp(np.log(built(observations.variants)[:, self.columns]) @ self.exponents)
        self.largest = float(costs.max())

    @property
    def columns(self) -> list[int]:
        return [AXES.index(axis) for axis in self.law.axes]

    def coefficients(self, budget: float, shares: np.ndarray) -> np.ndarray:
        """(n, 3): coefficients that cost ``budget`` times the baseline where each axis takes its share of the logarithm
        of the budget; shares: (n, axes). At a budget of 1, shares are logarithms of cost that add up to 0."""
        result = np.ones((len(shares), len(AXES)))
        logs = shares * (np.log(budget) if budget != 1 else 1.0) / self.exponents
        result[:, self.columns] = np.exp(logs)
        return result

    def alone(self, axis: str, budget: float) -> np.ndarray:
        """(1, 3): all of a budget spent on one axis."""
        return self.coefficients(budget, np.array([[float(one == axis) for one in self.law.axes]]))

    def best(self, budget: float) -> Best:
        """The best direction at a budget of more than 1."""
        return best_of(self.law, self.coefficients(budget, simplex(len(self.law.axes))))

    def best_shape(self) -> Best:
        """The best coefficients that cost what the baseline does."""
        return best_of(self.law, self.coefficients(1.0, trades(len(self.law.axes))))


def exponents_of(law: Law, observations: Observations, cost: str) -> np.ndarray:
    """(axes,): powers with which ``cost`` grows with the built coefficients, by least squares over the variants;
    NOMINAL where the variants' costs are unknown."""
    columns = [AXES.index(axis) for axis in law.axes]
    values = observations.variants[cost].to_numpy(dtype=float)
    known = np.isfinite(values) & (values > 0)
    logs = np.log(built(observations.variants)[:, columns])
    rows = np.column_stack([np.ones(len(logs)), logs])[known]
    if known.sum() > len(law.axes) and np.linalg.matrix_rank(rows) == rows.shape[1]:
        slopes = np.linalg.lstsq(rows, np.log(values[known]), rcond=None)[0][1:]
        if (slopes > 0.1).all():
            return slopes
    return np.array([NOMINAL[axis] for axis in law.axes])


def simplex(axes: int) -> np.ndarray:
    """(n, axes): shares in steps of 1 / STEPS that add up to 1."""
    grid = itertools.product(range(STEPS + 1), repeat=axes - 1)
    return np.array([[*part, STEPS - sum(part)] for part in grid if sum(part) <= STEPS]) / STEPS


def trades(axes: int) -> np.ndarray:
    """(n, axes): logarithms of cost, up to that of SHAPE_MAX either way, that add up to 0."""
    steps = np.linspace(-1, 1, STEPS + 1) * np.log(SHAPE_MAX)
    rows = np.array([[*part, -sum(part)] for part in itertools.product(steps, repeat=axes - 1)])
    return rows[np.abs(rows[:, -1]) <= np.log(SHAPE_MAX) * (1 + 1e-9)]


def best_of(law: Law, coefficients: np.ndarray, place: int | None = None) -> Best:
    """The best of coefficients (n, 3) by the law, or another ``place`` that was chosen for its prediction.

    The highest of many predictions is too high: by as much as, in the bootstrap, the best of a draw is better by that
    draw than by the law itself (beyond what the same place is). The interval is moved down by that, among those whose
    prediction by the law lies within the interval of the best: the others were never near being chosen.
    Measured coverage of the accuracy: 0.92 to 1.00 (benchmarks/laws.py).
    """
    error, draws = law.errors(coefficients), law.errors(coefficients, samples=True)
    place = int(error.argmin()) if place is None else place
    chosen = np.where(np.isnan(draws), np.inf, draws).argmin(axis=1)
    logs = np.log(np.maximum(draws, 1e-6)) - np.log(np.maximum(error, 1e-6))
    low, high = np.nanquantile(draws[:, place], TAILS)
    rivals = np.flatnonzero(error <= max(high, error[place]))
    picked = rivals[np.where(np.isnan(draws[:, rivals]), np.inf, draws[:, rivals]).argmin(axis=1)]
    # The median, since draws that extrapolate may find an error of almost 0 somewhere.
    optimism = min(float(np.nanmedian(logs[np.arange(len(draws)), picked] - logs[:, place])), 0.0)
    found = np.quantile(coefficients[chosen], TAILS, axis=0)
    worst = max(high * np.exp(-optimism), error[place])
    return Best(
        place,
        100 - float(error[place]),
        100 - float(np.clip(worst, 0, 100)),
        100 - float(min(low, error[place])),
        coefficients[place],
        np.minimum(found[0], coefficients[place]),
        np.maximum(found[1], coefficients[place]),
    )
