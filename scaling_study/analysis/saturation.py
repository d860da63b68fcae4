"""Does accuracy saturate, where, and at what? Statements about one method's curve, each with its interval."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.curves import Fit, Points, fit, heldout_log_error
from scaling_study.analysis.forms import FORMS

TREND = 0.01  # p-value above which the points count as constant
HORIZON = 64  # costs up to this multiple of the largest are searched for the saturation point
STEPS_PER_DOUBLING = 16
NO_FLOOR = 0.05  # a floor whose interval reaches below this share of the least error seen is as good as none


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
    shape: ``rising``, ``falling`` (accuracy at the largest costs is below its best) or ``flat``; chosen: name of the
    form that predicted held-out points best, None when there are too few; asymptote: accuracy in percent that endless
    cost would bring; saturation: the cost from which a doubling brings less than ``threshold`` points; gains: a row
    per cost, what doubling it brings, with its interval.
    """

    points: Points
    fits: dict
    status: str
    shape: str
    chosen: str | None
    threshold: float
    asymptote: Estimate = field(default_factory=Estimate)
    saturation: Estimate = field(default_factory=Estimate)
    gains: pd.DataFrame | None = None
    trend_p: float = np.nan

    @property
    def fit(self) -> Fit | None:
        return self.fits.get(self.chosen)


def saturation(
    points: Points, threshold: float = 0.5, draws: int = 1000, seed: int = 0, level: float = LEVEL
) -> Saturation:
    """Fit every form to ``points``, choose one and derive what follows. threshold: points of accuracy per doubling."""
    fits = {name: scored(points, fit(points, name)) for name in FORMS}
    chosen = choose(points, fits)
    for name in {chosen, "floor", "turning"} - {None}:  # the others are not asked for intervals
        fits[name] = replace(fits[name], **fit(points, name, draws, seed).uncertainty)
    if chosen is None:
        return Saturation(points, fits, "too few points", "unknown", None, threshold)
    p = trend_p(points)
    if not p <= TREND:
        return Saturation(points, fits, "not identifiable", "flat", chosen, threshold, trend_p=p)
    shape = "falling" if falls(points, fits, chosen) else "rising"
    made = fits[chosen]
    return Saturation(
        points,
        fits,
        made.status,
        shape,
        chosen,
        threshold,
        asymptote(points, fits, chosen, shape, level),
        saturation_point(points, made, threshold, level),
        gains(points, made, level),
        p,
    )


def scored(points: Points, made: Any) -> Any:
    return replace(made, heldout_log_error=heldout_log_error(points, made.form) if made.ok else np.nan)


def choose(points: Points, fits: Any) -> Any:
    """The form with the least error on the held-out largest costs, never the best fit to all of them.

    Between a power law with and without a floor the error decides alone. The forms that bend in other ways have to be
    better by more than twice the noise of the points they are judged by, since they extrapolate wildly when they are
    not needed, and to pass through the points as well as their noise allows. None when no form could be judged.
    """
    errors = {name: made.heldout_log_error for name, made in fits.items() if np.isfinite(made.heldout_log_error)}
    plain = {name: error for name, error in errors.items() if name in ("power", "floor")}
    if not plain:
        return None
    best = min(plain, key=lambda name: plain[name])
    held = max(1, len(points) // 4)
    noise = np.sqrt(np.mean((points.sigma / np.maximum(points.error, 1e-3))[-held:] ** 2)) if points.noisy else 0.0
    bent = {name: error for name, error in errors.items() if name not in plain and error < plain[best] - 2 * noise}
    through = {name: error for name, error in bent.items() if fits[name].inflation == 1}
    judged = through or bent
    return min(judged, key=lambda name: judged[name], default=best)


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


def falls(points: Points, fits: Any, chosen: Any, level: float = LEVEL) -> bool:
    """Whether accuracy at the largest cost is below what a smaller one gave, beyond the noise."""
    if not points.noisy:
        return bool(chosen == "turning" and slope_at_end(points, fits["turning"].parameters.values()) > 0)
    best = points.error[:-1].argmin()
    difference = points.error[-1] - points.error[best]
    z = difference / np.hypot(points.sigma[-1], points.sigma[best])
    if stats.t.sf(z, points.df) * (len(points) - 1) < 1 - level:
        return True
    slopes = slope_at_end(points, fits["turning"].samples.T)
    return bool(chosen == "turning" and np.quantile(slopes, (1 - level) / 2) > 0)


def slope_at_end(points: Points, theta: Iterable) -> Any:
    """Derivative of log error by log cost at the largest cost, of the turning form."""
    _, p1, p2 = theta
    return p1 + 2 * p2 * np.log(points.x[-1])


def asymptote(points: Points, fits: Any, chosen: Any, shape: str, level: float) -> Any:
    """Accuracy that no cost exceeds, from the floor ``e``; not identifiable when its interval reaches down to as good
    as none: accuracy may then rise without a limit, and ``low`` is the least that the limit can be."""
    if not np.isfinite(fits["floor"].heldout_log_error):
        return Estimate(status="too few points")
    if shape == "falling" or (chosen == "turning" and fits["turning"].parameters["p2"] < 0):  # faster and faster
        return Estimate()
    made = fits["m4"] if chosen == "m4" else fits["floor"]
    value = 100 - made.parameters["e"]
    if not len(made.samples):
        return Estimate() if chosen == "power" else Estimate(value, status=points.no_interval)
    low, high = 100 - np.quantile(made.samples[:, 0], ((1 + level) / 2, (1 - level) / 2))
    apart = 100 - high > NO_FLOOR * points.error.min()
    return Estimate(value, min(low, value), max(high, value), "estimated" if apart else "not identifiable")


def saturation_point(points: Points, made: Any, threshold: float, level: float) -> Any:
    """The cost from which every doubling brings less than ``threshold`` points. Infinite beyond HORIZON times the
    largest cost; status ``extrapolated`` beyond the largest."""
    largest = points.cost[-1] * HORIZON
    doublings = np.log2(largest / points.cost[0])
    grid = points.cost[0] * 2 ** np.linspace(0, doublings, int(doublings * STEPS_PER_DOUBLING) + 1)
    value = settled(made.errors(grid)[None], grid, threshold)[0]
    status = "estimated" if value <= points.cost[-1] else "extrapolated" if np.isfinite(value) else "beyond reach"
    if not len(made.samples):
        return Estimate(value, status=points.no_interval)
    costs = settled(made.errors(grid, samples=True), grid, threshold)
    low, high = np.quantile(costs, ((1 - level) / 2, (1 + level) / 2), method="nearest")
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


def gains(points: Points, made: Any, level: float) -> Any:
    """Points of accuracy that doubling each trained cost brings, by the curve."""
    frame = pd.DataFrame({"cost": points.cost, "gain": made.errors(points.cost) - made.errors(2 * points.cost)})
    frame[["low", "high"]] = np.nan
    if len(made.samples):
        draws = made.errors(points.cost, samples=True) - made.errors(2 * points.cost, samples=True)
        frame[["low", "high"]] = np.quantile(draws, ((1 - level) / 2, (1 + level) / 2), axis=0).T
    frame["extrapolated"] = 2 * points.cost > points.cost[-1]
    return frame
