"""A curve of several forms: their geometric mean, with an interval from the bootstrap draws of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.curves import Fit, Points, fit
from scaling_study.analysis.forms import FORMS, TINY

AVERAGED = ("floor", "m4")  # whose geometric mean is the estimate
POOLED = ("power", "floor", "m4")  # whose draws make the interval
LEFT_OUT_MAX = 2  # of the cheapest points are left out of some draws, since curves may bend there in other ways
HELD_OUT_MAX = 4  # of the largest costs
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
POINTS_MIN = 4  # below, a form of three parameters passes through every point


@dataclass(frozen=True)
class Ensemble:
    """Test error along a cost, by forms together.

    name: ``average`` or, of a single form, that form's; averaged: the fits whose geometric mean is the estimate;
    pooled: the fits whose draws make the interval, each with the cheapest cost that it was fitted to; cost, run_sd:
    (points,), standard deviation of single runs at the costs of the points, NaN where nothing tells it.
    """

    name: str
    averaged: tuple[Fit, ...]
    pooled: tuple[Fit, ...]
    cost: np.ndarray
    run_sd: np.ndarray

    @property
    def has_interval(self) -> bool:
        return any(len(one.samples) for one in self.pooled)

    def errors(self, cost: Any, samples: bool = False) -> np.ndarray:
        """Test error in percent at ``cost``: (costs,), or (draws, costs) of the bootstrap, NaN at costs below those
        that a draw was fitted to."""
        cost = np.asarray(cost, dtype=float)
        if not samples:
            logs = [np.log(np.maximum(one.errors(cost), TINY)) for one in self.averaged]
            return np.exp(np.mean(logs, axis=0)).clip(0, 100)
        reached = [
            np.where(cost >= one.unit * (1 - 1e-9), one.errors(cost, samples=True), np.nan) for one in self.pooled
        ]
        return np.concatenate(reached)

    def predict(self, cost: Any, seed: int = 0) -> pd.DataFrame:
        """A frame with a row per cost: ``error``, ``low`` and ``high`` of its confidence band (where the curve is) and
        ``run_low``, ``run_high`` of the prediction interval (where one new run would land). Percent; NaN without draws.

        Measured coverage of the 95% band at 2 to 8 times the largest cost: 0.99 where the truth is a power law with or
        without a floor, 0.93 for M4, 0.89 to 0.92 for a broken power law (5 to 8 variants, 2 to 5 seeds); 0.94 to 1.00
        with one run each (benchmarks/extrapolation.py).
        """
        cost = np.atleast_1d(np.asarray(cost, dtype=float))
        frame = pd.DataFrame({"cost": cost, "error": self.errors(cost)})
        frame[["low", "high", "run_low", "run_high"]] = np.nan
        if self.has_interval:
            curves = self.errors(cost, samples=True)
            frame[["low", "high"]] = np.nanquantile(curves, TAILS, axis=0).T
            run_sd = np.interp(np.log(cost), np.log(self.cost), self.run_sd)  # beyond the ends, that of the ends
            runs = curves + run_sd * np.random.default_rng(seed).standard_normal(curves.shape)
            frame[["run_low", "run_high"]] = np.nanquantile(runs, TAILS, axis=0).clip(0, 100).T
            frame["low"], frame["high"] = np.fmin(frame.low, frame.error), np.fmax(frame.high, frame.error)
            frame["run_low"] = np.fmin(frame.run_low, frame.low)  # the two sets of draws differ by chance
            frame["run_high"] = np.fmax(frame.run_high, frame.high)
        return frame


def average(points: Points, draws: int = 0, seed: int = 0, left_out_max: int = LEFT_OUT_MAX) -> Ensemble:
    """The average of AVERAGED, or of those of POOLED that so few points allow; they are to be POINTS_MIN or more.

    At 2 to 8 times the largest cost of the learning curves that Alabdulmohsin et al. (2022) publish (those in
    tests/analysis/data), the mean is off by a root mean square logarithm of 0.077, the floor alone by 0.096, M4 by
    0.127 and a power law by 0.132. draws: of the bootstrap, shared out between forms and between numbers of points
    left out, which go up to ``left_out_max``.
    """
    size = len(points)
    sets = [(form, n) for n in range(left_out_max + 1) for form in POOLED if size - n > len(FORMS[form].parameters)]
    each = -(-draws // len(sets)) if draws else 0
    pooled = {
        (form, n): fit(points.part(slice(n, None)), form, each, seed + place) for place, (form, n) in enumerate(sets)
    }
    averaged = [pooled[form, 0] for form in AVERAGED if (form, 0) in pooled]
    if len(averaged) < 2:
        averaged = [one for (_, n), one in pooled.items() if not n]
    return Ensemble("average", tuple(averaged), tuple(pooled.values()), points.cost, scatter_of(points, averaged))


def alone(points: Points, form: str, draws: int = 0, seed: int = 0) -> Ensemble:
    """One form by itself."""
    one = fit(points, form, draws, seed)
    return Ensemble(form, (one,), (one,), points.cost, scatter_of(points, [one]))


def scatter_of(points: Points, averaged: Sequence[Fit]) -> np.ndarray:
    """Standard deviation of single runs: of the seeds, or, where these tell nothing, the scatter about the curve."""
    if points.noisy:
        return points.run_sd
    return np.mean([one.inflation for one in averaged]) * points.sigma


def heldout_log_error(points: Points, form: str) -> float:
    """Root mean square log error at the largest costs: the last point predicted from all others, then, where there are
    many, the last two from the rest and so on up to a quarter of them, or HELD_OUT_MAX. form: of FORMS, or ``average``.
    NaN where the rest is too few to fit."""
    errors = []
    for held in range(1, min(max(1, len(points) // 4), HELD_OUT_MAX) + 1):
        known = points.first(len(points) - held)
        if len(known) < (POINTS_MIN if form == "average" else len(FORMS[form].parameters) + 1):
            return np.nan
        curve: Any = average(known, left_out_max=0) if form == "average" else fit(known, form)
        predicted = np.maximum(curve.errors(points.cost[-held:]), TINY)
        errors.append(np.mean(np.log(predicted / np.maximum(points.error[-held:], TINY)) ** 2))
    return float(np.sqrt(np.mean(errors)))


def scored(points: Points, one: Fit) -> Fit:
    """The fit with its heldout_log_error."""
    return replace(one, heldout_log_error=heldout_log_error(points, one.form) if one.ok else np.nan)
