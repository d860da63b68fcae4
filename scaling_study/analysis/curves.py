"""One method's test error along a cost: points, their noise, and fits of one form with bootstrapped parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from scaling_study.analysis.forms import FORMS
from scaling_study.analysis.observations import merged, noisy

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


POINTS_MAX = 64  # more points than this are averaged into as many bins, which no fit of four parameters notices
ERROR_MIN = 0.01  # percent; no error has neither a relative size nor a logarithm
DRAWS_MAX = 30  # runs per point that the bootstrap draws one by one; means of more are as good as normal
SHARED = 0.25  # p-value below which a seed is taken to act on all variants alike; to miss it costs more than to add it


@dataclass(frozen=True)
class Points:
    """cost: ascending, in its own unit; error: mean over seeds, percent; sigma: standard error of that mean but for
    what a seed does to all points alike (proportional to the error when noise is unknown); shift: standard error of
    that, from so many seeds; counts: runs; chance: error of guessing; run_sd: (points,), of a single run, 0 when the
    seeds agree exactly, NaN when unknown; df: of the noise; pool: standardized residuals that the bootstrap draws
    from."""

    cost: np.ndarray
    error: np.ndarray
    sigma: np.ndarray
    counts: np.ndarray
    chance: float
    run_sd: np.ndarray
    df: float
    pool: np.ndarray
    shift: float = 0.0
    seeds: int = 1

    def __len__(self) -> int:
        return len(self.cost)

    @property
    def x(self) -> np.ndarray:
        return self.cost / self.cost[0]

    @property
    def noisy(self) -> bool:
        return bool(np.all(self.run_sd > 0)) and len(self) > 0

    def first(self, n: int) -> Points:
        """The ``n`` cheapest points."""
        return self.part(slice(n))

    def part(self, which: slice) -> Points:
        names = ("cost", "error", "sigma", "counts", "run_sd")
        return replace(self, **{name: getattr(self, name)[which] for name in names})

    def resampled(self, rng: np.random.Generator, size: int, inflation: float = 1.0) -> np.ndarray:
        """(size, points): means as other seeds would have given them. Residuals of all variants, scaled to each one's
        own noise and widened for the degrees of freedom that estimating it cost, are drawn with replacement. Where the
        noise is unknown, residuals are normal, and ``inflation`` is their standard deviation relative to the error."""
        if not self.noisy:
            return np.clip(self.error + inflation * self.sigma * rng.standard_normal((size, len(self))), 0, 100)
        z = drawn_means(self.pool, self.counts, size, rng)
        inflation = inflation * widening(self.df)
        shift = self.shift * rng.standard_t(max(self.seeds - 1, 1), (size, 1)) if self.shift else 0.0
        return np.clip(self.error + inflation * self.sigma * z + shift, 0, 100)


def drawn_means(pool: np.ndarray, counts: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """(size, points): standardized means of so many residuals each, drawn from ``pool`` with replacement."""
    counts = np.minimum(counts, DRAWS_MAX)
    drawn = rng.choice(pool, size=(size, counts.sum()))
    return np.add.reduceat(drawn, np.r_[0, counts.cumsum()[:-1]], axis=1) / np.sqrt(counts)


def points_of(observations: Observations, method: str, cost: str, chance: float) -> Points:
    """Points of a method and its baseline along ``cost``; variants of equal or unknown cost are merged or left out."""
    index = observations.where(method)
    costs = observations.variants[cost].to_numpy()[index]
    index, costs = index[np.isfinite(costs)], merged(costs[np.isfinite(costs)])
    noise: Any = observations.paired_noise
    counts = observations.counts
    known = noisy(observations)
    weight = counts[index] / noise.variance[index] if known else counts[index].astype(float)
    frame = pd.DataFrame({"cost": np.log(costs) * weight, "error": (100 - observations.means[index]) * weight})
    frame = frame.assign(weight=weight, count=counts[index])
    group = costs
    if len(np.unique(costs)) > POINTS_MAX:
        group = pd.qcut(np.log(costs), POINTS_MAX, labels=False, duplicates="drop")
    frame["variance"] = noise.variance[index] * weight if known else np.nan
    sums = frame.groupby(group).sum(min_count=1)
    error = (sums.error / sums.weight).to_numpy()
    # Where the noise is unknown, errors count relative to their size.
    sigma = sums.weight.to_numpy() ** -0.5 if known else np.maximum(error, ERROR_MIN)
    common, shift = seed_effect(observations) if known else (0.0, 0.0)
    run_sd = np.sqrt((sums.variance / sums.weight).to_numpy() + common)
    if noise is not None and not known:
        run_sd = np.zeros(len(sums))
    pool = np.r_[noise.standardized, -noise.standardized] if known else np.zeros(1)  # of either sign alike
    return Points(
        np.exp(sums.cost / sums.weight).to_numpy(),
        error,
        sigma,
        sums["count"].to_numpy(dtype=int),
        chance,
        run_sd,
        float(noise.df[index].mean()) if known and len(index) else np.nan,
        pool,
        shift=shift,
        seeds=observations.values.shape[1],
    )


def seed_effect(observations: Observations) -> tuple[float, float]:
    """What a seed does to all variants alike: (its variance, standard error of it in the mean over seeds, in points).
    Zeros where variants share no seeds, or where an F-test at SHARED finds no sign of it.

    The standard error is by the variance of the seeds' means, so that a t quantile of one degree of freedom less than
    seeds gives an exact interval (measured 0.93 to 0.97 with 2 to 5 seeds, 0 to 60% of the variance shared).
    """
    total: Any = observations.noise
    paired: Any = observations.paired_noise
    df = total.df_pooled - paired.df_pooled
    if df < 1:
        return 0.0, 0.0
    seeds = max(total.df_pooled * total.pooled - paired.df_pooled * paired.pooled, 0.0) / df
    if stats.f.sf(seeds / paired.pooled, df, paired.df_pooled) >= SHARED:
        return 0.0, 0.0
    return max(total.pooled - paired.pooled, 0.0), float(np.sqrt(seeds / observations.values.size))


@dataclass(frozen=True)
class Fit:
    """A form fitted to points.

    status: ``converged``, ``bound hit`` (a parameter went as far as it may) or ``too few points`` (then parameters are
    NaN); parameters: by name, for costs relative to ``unit``; samples: (draws, parameters) of the bootstrap, over seeds
    or, where the noise is unknown, over the scatter about the curve; heldout_log_error: root mean square of
    log(predicted / observed error) at the largest costs when only the smaller ones are fitted, NaN where those are too
    few; inflation: by how much the points scatter about the curve beyond their seeds, at least 1 (where the noise is
    unknown, the relative scatter itself), which the samples include.
    """

    form: str
    status: str
    parameters: dict
    n_points: int
    n_runs: int
    unit: float
    chance: float
    samples: np.ndarray
    inflation: float = 1.0
    heldout_log_error: float = np.nan

    @property
    def ok(self) -> bool:
        return self.status != "too few points"

    def errors(self, cost: Any, samples: Any = False) -> np.ndarray:
        """Test error in percent at ``cost``: (costs,), or (draws, costs) of the bootstrap."""
        theta = self.samples if samples else np.array([list(self.parameters.values())])
        errors = FORMS[self.form].error(theta, np.asarray(cost, dtype=float) / self.unit, self.chance).clip(0, 100)
        return errors if samples else errors[0]


def fit(points: Points, form: Any, draws: int = 0, seed: int = 0) -> Fit:
    """Fit one form of FORMS to ``points``, with ``draws`` bootstrap samples of its parameters."""
    kind = FORMS[form]
    size = len(kind.parameters)
    common: dict[str, Any] = {"n_points": len(points), "n_runs": int(points.counts.sum()), "chance": points.chance}
    common |= {"unit": points.cost[0] if len(points) else np.nan}
    if len(points) < size + 1:
        return Fit(
            form, "too few points", dict.fromkeys(kind.parameters, np.nan), samples=np.empty((0, size)), **common
        )
    theta, bound = kind.fit(points.x, points.error[None], points.sigma, points.chance)
    inflation = misfit(points, kind.error(theta, points.x, points.chance)[0], size)
    samples = np.empty((0, size))
    if draws:
        widened = inflation if points.noisy else inflation * widening(len(points) - size)
        sets = points.resampled(np.random.default_rng(seed), draws, widened)
        options = {"start": theta} if form == "m4" else {}
        samples, _ = kind.fit(points.x, sets, points.sigma, points.chance, **options)
    status = "bound hit" if bound[0] else "converged"
    parameters = dict(zip(kind.parameters, theta[0].tolist(), strict=True))
    return Fit(form, status, parameters, samples=samples, inflation=inflation, **common)


def widening(df: float) -> float:
    """How many times wider a 95% interval is with noise known by ``df`` degrees of freedom than with known noise."""
    return float(stats.t.ppf(0.975, df) / stats.norm.ppf(0.975))


def misfit(points: Points, errors: np.ndarray, parameters: Any) -> Any:
    """How many times wider than by their seeds the points scatter about ``errors``, at least 1. Where the noise is
    unknown, how wide they scatter, relative to the error."""
    ratio = float(np.sqrt((((points.error - errors) / points.sigma) ** 2).sum() / (len(points) - parameters)))
    return max(ratio, 1.0) if points.noisy else ratio
