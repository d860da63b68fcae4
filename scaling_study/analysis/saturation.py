"""Does accuracy saturate, where, and at what? Statements about one method's curve, each with its interval."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.curves import Fit, Points, fit
from scaling_study.analysis.ensemble import POINTS_MIN, TAILS, Ensemble, alone, average, heldout_log_error, scored
from scaling_study.analysis.forms import FORMS

TREND = 0.01  # p-value above which the points count as constant
HORIZON = 64  # costs up to this multiple of the largest are searched for the saturation point
STEPS_PER_DOUBLING = 16
NO_FLOOR = 0.05  # a floor whose interval reaches below this share of the least error seen is as good as none
POINTS_FOR_FLOOR = 4  # with so few, a floor is one of three parameters of four points


@dataclass(frozen=True)
class Estimate:
    """value with its interval (NaN where there is none); status: ``estimated``, ``not identifiable``, or why not."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    status: str = "not identifiable"


@dataclass(frozen=True)
class Saturation:
    """The analysis of the curve of one method along one cost.

    status: ``converged``, ``bound hit``, ``too few points``, ``not identifiable`` (no trend beyond the noise);
    shape: ``rising``, ``falling`` (accuracy at the largest costs is below its best) or ``flat``; fits: every form by
    itself; fit: the average of forms, or, where accuracy falls, the form that describes it within the trained costs
    (it is not extrapolated), None with too few points; heldout_log_error: of the average, NaN where too few points are
    left; asymptote: accuracy in percent that endless cost would bring; saturation: the cost from which a doubling
    brings less than ``threshold`` points; gains: a row per cost, what doubling it brings, with its interval; horizon:
    the largest cost that the curve says something of, as a multiple of the largest trained.
    """

    points: Points
    status: str
    shape: str
    fit: Ensemble | None
    threshold: float
    asymptote: Estimate = field(default_factory=Estimate)
    saturation: Estimate = field(default_factory=Estimate)
    gains: pd.DataFrame | None = None
    trend_p: float = np.nan
    horizon: float = HORIZON

    @cached_property
    def fits(self) -> dict[str, Fit]:
        return {name: scored(self.points, fit(self.points, name)) for name in FORMS}

    @cached_property
    def heldout_log_error(self) -> float:
        return heldout_log_error(self.points, "average") if self.fit else np.nan

    @property
    def chosen(self) -> str | None:
        """``average`` or ``turning``; None with too few points."""
        return self.fit.name if self.fit else None


def saturation(points: Points, threshold: float = 0.5, draws: int = 1000, seed: int = 0) -> Saturation:
    """Fit every form to ``points``, average them and derive what follows. threshold: points of accuracy per doubling.

    Measured coverage of the saturation cost's 95% interval: 0.99 where the truth is a power law with or without a
    floor, 0.97 for M4, 0.96 for a broken power law (benchmarks/extrapolation.py).
    """
    if len(points) < POINTS_MIN:
        return Saturation(points, "too few points", "unknown", None, threshold)
    p = trend_p(points)
    trend = p <= TREND
    average_fit = average(points, draws if trend else 0, seed)
    if not trend:
        return Saturation(points, "not identifiable", "flat", average_fit, threshold, trend_p=p)
    turning = alone(points, "turning", draws, seed)
    shape = "falling" if falls(points, turning) else "rising"
    curve = turning if shape == "falling" and turning.averaged[0].ok else average_fit
    bound = any(one.status == "bound hit" for one in curve.averaged)
    horizon = 1.0 if shape == "falling" else HORIZON
    return Saturation(
        points,
        "bound hit" if bound else "converged",
        shape,
        curve,
        threshold,
        Estimate() if shape == "falling" else asymptote(points, curve),
        saturation_point(points, curve, threshold, horizon),
        gains(points, curve, horizon),
        p,
        horizon,
    )


def trend_p(points: Points) -> float:
    """p-value of no dependence on cost: a line and a parabola in log cost, each against a constant, corrected for both
    (Bonferroni). By the seeds' noise; without it log error is used and what the line or parabola leaves is the noise.

    NaN with too few points for either.
    """
    if np.ptp(points.error) < 1e-9:
        return 1.0
    tests = [polynomial_p(points, degree) for degree in (1, 2)]
    known = [p for p in tests if not np.isnan(p)]
    return min(1.0, len(known) * min(known)) if known else np.nan


def polynomial_p(points: Points, degree: int) -> float:
    """p-value (F-test) of a constant against a polynomial in log cost; NaN where no degree of freedom is left."""
    if len(points) < degree + (1 if points.noisy else 2):
        return np.nan
    target = points.error if points.noisy else np.log(np.maximum(points.error, 1e-3))
    weight = 1 / points.sigma if points.noisy else np.ones(len(points))
    squares = []
    for n in (0, degree):
        design = np.vander(np.log(points.x), n + 1) * weight[:, None]
        residual = target * weight - design @ np.linalg.lstsq(design, target * weight, rcond=None)[0]
        squares.append(residual @ residual)
    explained, df = (squares[0] - squares[1]) / degree, points.df
    if not points.noisy:
        df = len(points) - degree - 1
        explained = explained * df / squares[1] if squares[1] > 1e-12 else np.inf
    return float(stats.f.sf(explained, degree, df))


def falls(points: Points, turning: Ensemble) -> bool:
    """Whether accuracy at the largest cost is below what a smaller one gave, beyond the noise: by the two means, or by
    the turning form where that predicts held-out points better than the average does (root mean square log errors)."""
    one = turning.averaged[0]
    best = points.error[:-1].argmin()
    if not points.noisy:
        rises = points.error[-1] <= points.error[best] or not one.ok
        return bool(not rises and slope_at_end(points, list(one.parameters.values())) > 0 and turns_better(points))
    z = (points.error[-1] - points.error[best]) / np.hypot(points.sigma[-1], points.sigma[best])
    if stats.t.sf(z, points.df) * (len(points) - 1) < 1 - LEVEL:
        return True
    return bool(one.ok and np.quantile(slope_at_end(points, one.samples.T), TAILS[0]) > 0 and turns_better(points))


def turns_better(points: Points) -> bool:
    """Whether the turning form predicts held-out points better than the average, by more than twice the noise."""
    error, other = heldout_log_error(points, "turning"), heldout_log_error(points, "average")
    return bool(error < other - 2 * relative_noise(points))


def relative_noise(points: Points) -> float:
    """Root mean square relative noise of the largest quarter of the points; 0 where it is unknown."""
    if not points.noisy:
        return 0.0
    held = max(1, len(points) // 4)
    return float(np.sqrt(np.mean((points.sigma / np.maximum(points.error, 1e-3))[-held:] ** 2)))


def slope_at_end(points: Points, theta: Any) -> Any:
    """Derivative of log error by log cost at the largest cost, of the turning form."""
    _, p1, p2 = theta
    return p1 + 2 * p2 * np.log(points.x[-1])


def asymptote(points: Points, curve: Ensemble) -> Estimate:
    """Accuracy that no cost exceeds, from the floors ``e`` of the forms that have one; not identifiable when its
    interval reaches down to as good as none: accuracy may then rise without a limit, and ``low`` is the least that the
    limit can be."""
    if len(points) <= POINTS_FOR_FLOOR:
        return Estimate(status="too few points")
    value = 100 - np.exp(np.mean([np.log(max(one.parameters["e"], 1e-6)) for one in curve.averaged]))
    floors = [one.samples[:, 0] for one in curve.pooled if "e" in one.parameters]
    if not sum(map(len, floors)):
        return Estimate(value, status="no interval")
    low, high = 100 - np.quantile(np.concatenate(floors), TAILS[::-1])
    apart = 100 - high > NO_FLOOR * points.error.min()
    return Estimate(value, min(low, value), max(high, value), "estimated" if apart else "not identifiable")


def saturation_point(points: Points, curve: Ensemble, threshold: float, horizon: float) -> Estimate:
    """The cost from which every doubling brings less than ``threshold`` points. Infinite beyond ``horizon`` times the
    largest cost; status ``extrapolated`` beyond the largest."""
    largest = points.cost[-1] * horizon
    doublings = np.log2(largest / points.cost[0])
    if doublings < 1:
        return Estimate()
    grid = points.cost[0] * 2 ** np.linspace(0, doublings, int(doublings * STEPS_PER_DOUBLING) + 1)
    value = settled(curve.errors(grid)[None], grid, threshold)[0]
    status = "estimated" if value <= points.cost[-1] else "extrapolated" if np.isfinite(value) else "beyond reach"
    if not curve.has_interval:
        return Estimate(value, status=status)
    costs = settled(curve.errors(grid, samples=True), grid, threshold)
    low, high = np.quantile(costs, TAILS, method="nearest")
    return Estimate(value, min(low, value), max(high, value), status)


def settled(errors: np.ndarray, grid: np.ndarray, threshold: float) -> Any:
    """For each row of errors along ``grid`` (in steps of STEPS_PER_DOUBLING), the cost from which no doubling gains
    ``threshold`` any more, between grid points by interpolation; infinite where the last one still does."""
    gain = errors[:, :-STEPS_PER_DOUBLING] - errors[:, STEPS_PER_DOUBLING:]
    pays = gain >= threshold
    last = gain.shape[1] - 1 - pays[:, ::-1].argmax(axis=1)  # the last doubling that pays, where there is one
    after = np.minimum(last + 1, gain.shape[1] - 1)
    rows = np.arange(len(gain))
    fall = gain[rows, last] - gain[rows, after]
    share = np.where(fall > 0, (gain[rows, last] - threshold) / np.where(fall > 0, fall, 1), 0)
    logs = np.log(grid)
    cost = np.exp(logs[last] + share * (logs[after] - logs[last]))
    return np.where(pays.any(axis=1), np.where(pays[:, -1], np.inf, cost), grid[0])


def gains(points: Points, curve: Ensemble, horizon: float) -> pd.DataFrame:
    """Points of accuracy that doubling each trained cost brings, by the curve."""
    cost = points.cost[2 * points.cost <= points.cost[-1] * max(horizon, 1 + 1e-9)]
    frame = pd.DataFrame({"cost": cost, "gain": curve.errors(cost) - curve.errors(2 * cost)})
    frame[["low", "high"]] = np.nan
    if curve.has_interval and len(cost):
        draws = curve.errors(cost, samples=True) - curve.errors(2 * cost, samples=True)
        frame[["low", "high"]] = np.nanquantile(draws, TAILS, axis=0).T
    frame["extrapolated"] = 2 * cost > points.cost[-1]
    return frame
