"""One law of test error for depth, width and resolution together: a product in which every axis saturates by itself."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.curves import DRAWS_MAX, widening
from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.observations import built, studies, usable
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


ERROR_MIN = 0.01  # percent; no error has no logarithm
SPARE = 2  # variants beyond the number of parameters
EXPONENT_MIN, EXPONENT_MAX, SHARE_MAX = -1.0, 6.0, 0.99
SHARES = (0.0, 0.4, 0.8)  # of the error that no more of an axis removes, from which fits start
ITERATIONS = 40
MANY = 400  # variants from which fits of bootstrap draws, which start near their end, take FEW iterations
FEW = 3


@dataclass(frozen=True)
class Law:
    """error = A * product over axes of (f + (1 - f) * x ** -p), 0 <= f < 1, x the built coefficients.

    ``A`` is the baseline's error in percent, ``f`` the share of it that remains when an axis grows without end, and
    ``p`` how fast the axis gets there.

    axes: those that varied, on which it depends; theta: (1 + 2 * axes,), log A, then f, then p of each axis; samples:
    (draws, 1 + 2 * axes) of the bootstrap; ranges: {axis: (least, greatest coefficient built)}; n: variants; run_sd: of
    a single run's log error about its variant's mean, and scatter: of variants' about the law beyond their noise, NaN
    where seeds tell neither; leave_one_out: root mean square log error of variants left out.
    """

    axes: tuple[str, ...]
    theta: np.ndarray
    samples: np.ndarray
    ranges: dict[str, tuple[float, float]]
    n: int
    run_sd: float
    leave_one_out: float

    @property
    def columns(self) -> list[int]:
        return [AXES.index(axis) for axis in self.axes]

    def errors(self, coefficients: Any, samples: bool = False) -> np.ndarray:
        """Test error in percent at ``coefficients`` (n, 3), depth, width and resolution: (n,), or (draws, n)."""
        logs = np.log(np.atleast_2d(np.asarray(coefficients, dtype=float)))[:, self.columns]
        theta = self.samples if samples else self.theta[None]
        errors = np.exp(np.minimum(log_error(theta, logs), np.log(100.0)))
        return errors if samples else errors[0]

    def predict(self, coefficients: Any, seed: int = 0) -> pd.DataFrame:
        """A frame with a row per coefficient triple: ``top1``, its 95% confidence interval ``low``, ``high``, the
        prediction interval of a single run ``run_low``, ``run_high`` (percent), and ``extrapolated``: whether an axis
        is outside the coefficients that were trained.

        coefficients: (n, 3), built depth, width and resolution. Measured coverage: benchmarks/laws.py.
        """
        coefficients = np.atleast_2d(np.asarray(coefficients, dtype=float))
        error, draws = self.errors(coefficients), self.errors(coefficients, samples=True)
        frame = pd.DataFrame({"top1": 100 - error})
        noise = np.nan_to_num(self.run_sd) * np.random.default_rng(seed).standard_normal(draws.shape)
        for prefix, values in (("", draws), ("run_", (draws * np.exp(noise)).clip(0, 100))):
            low, high = np.quantile(values, TAILS, axis=0)
            frame[f"{prefix}low"], frame[f"{prefix}high"] = 100 - np.fmax(high, error), 100 - np.fmin(low, error)
        return frame.assign(extrapolated=self.outside(coefficients))

    def outside(self, coefficients: np.ndarray) -> np.ndarray:
        """(n,): whether an axis is outside its trained range."""
        ends = np.array([self.ranges[axis] for axis in AXES])
        return ((coefficients < ends[:, 0] * (1 - 1e-6)) | (coefficients > ends[:, 1] * (1 + 1e-6))).any(axis=1)


def log_error(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """(sets, n): log error of parameters (sets, 1 + 2 * axes) at log coefficients (n, axes)."""
    size = logs.shape[1]
    f, p = theta[:, None, 1 : 1 + size], theta[:, None, 1 + size :]
    return theta[:, :1] + np.log(f + (1 - f) * np.exp(-p * logs)).sum(axis=2)


def gradient(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """(sets, n, 1 + 2 * axes): derivatives of ``log_error``."""
    size = logs.shape[1]
    f, p = theta[:, None, 1 : 1 + size], theta[:, None, 1 + size :]
    power = np.exp(-p * logs)
    factor = f + (1 - f) * power
    ones = np.ones((len(theta), len(logs), 1))
    return np.concatenate([ones, (1 - power) / factor, -(1 - f) * logs * power / factor], axis=2)


def bounded(theta: np.ndarray) -> np.ndarray:
    size = (theta.shape[1] - 1) // 2
    f = theta[:, 1 : 1 + size].clip(0, SHARE_MAX)
    return np.hstack([theta[:, :1], f, theta[:, 1 + size :].clip(EXPONENT_MIN, EXPONENT_MAX)])


def least_squares(
    logs: np.ndarray, targets: np.ndarray, sigma: np.ndarray, theta: np.ndarray, iterations: int = ITERATIONS
) -> tuple[np.ndarray, np.ndarray]:
    """(parameters, weighted sum of squares) of each set by Levenberg and Marquardt's method, within bounds.

    logs: (n, axes); targets: (sets, n), log errors; sigma: (n,) or (sets, n), their standard errors; theta: starts.
    """
    theta = bounded(theta)
    residual = (targets - log_error(theta, logs)) / sigma
    squares, damping = (residual**2).sum(axis=1), np.full(len(theta), 1e-2)
    eye = np.eye(theta.shape[1])
    for _ in range(iterations):
        slope = gradient(theta, logs) / np.broadcast_to(sigma, targets.shape)[:, :, None]
        pull = np.einsum("spi,sp->si", slope, residual)
        # A parameter at its bound that is pulled outwards stays there, and the others move as if it were known.
        held = held_at_bound(theta, pull)
        slope = np.where(held[:, None, :], 0.0, slope)
        normal = slope.transpose(0, 2, 1) @ slope
        scale = np.einsum("sii->si", normal) + 1e-9
        step = np.linalg.solve(
            normal + (damping[:, None] * scale)[:, :, None] * eye, np.where(held, 0, pull)[..., None]
        )
        moved = bounded(theta + step[..., 0])
        new = (targets - log_error(moved, logs)) / sigma
        gain = squares - (new**2).sum(axis=1)
        better = gain > 0
        settled = np.where(better, gain < 1e-9 * squares, damping > 1e4)
        theta, residual = np.where(better[:, None], moved, theta), np.where(better[:, None], new, residual)
        squares = (residual**2).sum(axis=1)
        damping = np.where(better, damping / 5, damping * 4).clip(1e-9, 1e9)
        if settled.all():
            break
    return theta, squares


def held_at_bound(theta: np.ndarray, pull: np.ndarray) -> np.ndarray:
    size = (theta.shape[1] - 1) // 2
    low = np.r_[-np.inf, np.zeros(size), np.full(size, EXPONENT_MIN)]
    high = np.r_[np.inf, np.full(size, SHARE_MAX), np.full(size, EXPONENT_MAX)]
    return ((theta <= low) & (pull < 0)) | ((theta >= high) & (pull > 0))


def starts(logs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(sets, 1 + 2 * axes): the plain power law of each axis, and with each combination of SHARES."""
    design = np.column_stack([np.ones(len(logs)), -logs])
    first, *slopes = np.linalg.lstsq(design, targets, rcond=None)[0]
    rows = []
    for shares in itertools.product(SHARES, repeat=logs.shape[1]):
        rows.append([first, *shares, *(slope / (1 - share) for slope, share in zip(slopes, shares, strict=True))])
    return np.array(rows)


def best_fit(logs: np.ndarray, targets: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, float]:
    """(parameters, weighted sum of squares) of one set ``targets`` (n,), from all starts."""
    begin = starts(logs, targets)
    theta, squares = least_squares(logs, np.tile(targets, (len(begin), 1)), sigma, begin)
    best = int(squares.argmin())
    return theta[best], float(squares[best])


def laws(runs: pd.DataFrame, draws: int = 500, response: str = "top1") -> tuple[dict[Any, Law], dict[Any, str]]:
    """{(model, epochs): Law} for every part of a study with enough variants, {(model, epochs): reason} for others."""
    frame, _ = usable(runs, response)
    frame = frame[frame.stage_depth.isna()]
    found, refused = {}, {}
    for key, observations in studies(frame, response).items():
        law = fit_law(observations, draws)
        if isinstance(law, Law):
            found[key] = law
        else:
            refused[key] = law
    return found, refused


def fit_law(observations: Observations, draws: int = 500, seed: int = 0) -> Law | str:
    """The Law of one model and training length, or in words why there is none."""
    coefficients = built(observations.variants)
    axes = tuple(axis for n, axis in enumerate(AXES) if np.ptp(coefficients[:, n]) > 1e-9)
    if len(axes) < 2:
        return f"{', '.join(axis for axis in AXES if axis not in axes)} never varied"
    logs = np.log(coefficients[:, [AXES.index(axis) for axis in axes]])
    errors = np.maximum(100 - observations.means, ERROR_MIN)
    if np.ptp(errors) == 0:
        return "accuracy is constant"
    size = 1 + 2 * len(axes)
    if len(errors) < size + SPARE or np.linalg.matrix_rank(np.column_stack([np.ones(len(logs)), logs])) <= len(axes):
        return f"{len(errors)} variants are too few"
    targets, sigma = np.log(errors), relative_noise(observations)
    theta, squares = best_fit(logs, targets, sigma)
    misfit = np.sqrt(squares / (len(errors) - size))
    known = observations.paired_noise is not None and observations.paired_noise.pooled > 0
    inflation = max(misfit, 1.0) if known else misfit * widening(len(errors) - size)
    sets = resampled(observations, targets, inflation * sigma, draws, np.random.default_rng(seed))
    iterations = FEW if len(errors) > MANY else ITERATIONS
    samples, _ = least_squares(logs, sets, sigma, np.tile(theta, (draws, 1)), iterations)
    ranges = {axis: (coefficients[:, n].min(), coefficients[:, n].max()) for n, axis in enumerate(AXES)}
    return Law(
        axes, theta, samples, ranges, len(errors), run_noise(observations), left_out(logs, targets, sigma, theta)
    )


def relative_noise(observations: Observations) -> np.ndarray:
    """Standard error of each variant's log error; 1 where no seeds tell it."""
    noise = observations.paired_noise
    if noise is None or not noise.pooled > 0:
        return np.ones(len(observations.means))
    return np.sqrt(noise.variance / observations.counts) / np.maximum(100 - observations.means, ERROR_MIN)


def resampled(
    observations: Observations, targets: np.ndarray, own_sd: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """(draws, n): log errors as other seeds would have given them, with what a seed does to all variants alike.

    own_sd: (n,), standard deviation of what it does to each by itself."""
    noise: Any = observations.paired_noise
    if noise is None or not noise.pooled > 0:
        return targets + own_sd * rng.standard_normal((draws, len(targets)))
    pool = np.r_[noise.standardised, -noise.standardised]
    counts = np.minimum(observations.counts, DRAWS_MAX)
    ends = np.r_[0, counts.cumsum()[:-1]]
    z = np.add.reduceat(rng.choice(pool, size=(draws, counts.sum())), ends, axis=1) / np.sqrt(counts)
    own = widening(float(noise.df.mean())) * own_sd * z
    seeds = observations.values.shape[1]
    shared = max(observations.noise.pooled - noise.pooled, 0.0) / seeds  # type: ignore[union-attr]
    shift = np.sqrt(shared) * rng.standard_t(max(seeds - 1, 1), (draws, 1)) / np.exp(targets)
    return targets + own + shift


def run_noise(observations: Observations) -> float:
    """Standard deviation of a single run's log error about its variant's mean; NaN without seeds."""
    if observations.noise is None:
        return np.nan
    errors = np.maximum(100 - observations.means, ERROR_MIN)
    return float(np.sqrt(np.mean(observations.noise.variance / errors**2)))


def left_out(logs: np.ndarray, targets: np.ndarray, sigma: np.ndarray, theta: np.ndarray) -> float:
    """Root mean square log error of variants predicted from all others, each of the first 100 left out in turn."""
    places = np.unique(np.linspace(0, len(targets) - 1, min(len(targets), 100)).round().astype(int))
    weights = np.tile(sigma, (len(places), 1))
    weights[np.arange(len(places)), places] = 1e6 * sigma.max()
    sets = np.tile(targets, (len(places), 1))
    found, _ = least_squares(logs, sets, weights, np.tile(theta, (len(places), 1)), 15)
    predicted = log_error(found, logs)[np.arange(len(places)), places]
    return float(np.sqrt(np.mean((predicted - targets[places]) ** 2)))
