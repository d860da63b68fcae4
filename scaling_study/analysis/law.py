"""One law of test error for depth, width and resolution together, fitted to the variants of a study as built.

The law is a product in which every axis saturates by itself:
error = A * product over axes of (f + (1 - f) * x ** -p), 0 <= f < 1, x the built coefficient.
``A`` is the baseline's error, ``f`` the share of the error that remains when the axis grows without end, ``p`` how fast
it gets there. How the axes combine where nothing was trained is not known, so intervals pool bootstrap draws of the
product, of a sum of power laws and of the quadratic surface, as far as these predict left-out variants as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.axis_forms import (
    ADDITIVE,
    ITERATIONS,
    PRODUCT,
    AxisForm,
    best_fit,
    least_squares,
    leave_one_out,
)
from scaling_study.analysis.curves import ERROR_MIN, drawn_means, seed_effect, widening
from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.observations import built, noisy, studies, usable
from scaling_study.analysis.surface import SPARE, Quadratic, fit_quadratic
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


AS_GOOD = 1.5  # times the best error of left-out variants, up to which a form's draws are pooled
MANY = 400  # variants from which fits of bootstrap draws, which start near their end, take FEW steps
FEW = 3


@dataclass(frozen=True)
class Law:
    """axes: those that varied, on which it depends; theta: (1, 1 + 2 * axes), log A, then f, then p of each axis;
    samples: (draws, 1 + 2 * axes) of the bootstrap; ranges: {axis: (least, greatest coefficient built)}; n: variants;
    run_sd: of a single run's log error about its variant's mean, NaN without seeds; leave_one_out: {form: root mean
    square log error of variants left out}; additive: samples of the sum of power laws, quadratic: of the surface, None
    where they are not pooled; basis: ``seeds`` or, without noise to draw from, ``scatter`` about the law; spread,
    leverage: inverse normal matrix of a constant and the logarithms, and by it the greatest leverage of a variant;
    form: of theta and samples.
    """

    axes: tuple[str, ...]
    theta: np.ndarray
    samples: np.ndarray
    ranges: dict[str, tuple[float, float]]
    n: int
    run_sd: float
    leave_one_out: dict[str, float]
    additive: np.ndarray | None
    quadratic: Quadratic | None
    basis: str
    spread: np.ndarray
    leverage: float
    form: AxisForm = PRODUCT

    def logs(self, coefficients: Any) -> np.ndarray:
        """(n, axes) of coefficients (n, 3)."""
        return np.log(np.atleast_2d(np.asarray(coefficients, dtype=float)))[:, [AXES.index(axis) for axis in self.axes]]

    def errors(self, coefficients: Any, samples: bool = False) -> np.ndarray:
        """Test error in percent at ``coefficients`` (n, 3), depth, width and resolution as built: (n,), or (draws, n),
        NaN in draws of the quadratic surface outside the trained ranges."""
        logs = self.logs(coefficients)
        if not samples:
            return np.exp(np.minimum(self.form.log_error(self.theta, logs)[0], np.log(100.0))).clip(0, 100)
        pooled = [self.form.log_error(self.samples, logs)]
        if self.additive is not None:
            pooled.append(ADDITIVE.log_error(self.additive, logs))
        if self.quadratic is not None:
            pooled.append(np.where(self.outside(coefficients), np.nan, self.quadratic.log_error(logs)))
        return np.exp(np.minimum(np.concatenate(pooled), np.log(100.0))).clip(0, 100)

    def predict(self, coefficients: Any, seed: int = 0) -> pd.DataFrame:
        """A frame with a row per coefficient triple: ``top1``, its 95% confidence interval ``low``, ``high``, the
        prediction interval of a single run ``run_low``, ``run_high`` (percent), and ``extrapolated``, by ``outside``.

        coefficients: (n, 3), depth, width and resolution as built. Measured coverage of the 95% interval at trained
        variants: 0.91 to 0.99, with 0 to 60% of the noise shared by all variants of a seed, whether the truth is the
        product, a sum of power laws or quadratic; along one axis, at the square of its largest trained coefficient,
        0.90 to 0.99 where the truth is the product or the sum, 0.68 to 0.88 where it is quadratic, so that a gain may
        turn into a loss (540 studies of 18 kinds, benchmarks/laws.py).
        """
        error, draws = self.errors(coefficients), self.errors(coefficients, samples=True)
        frame = pd.DataFrame({"top1": 100 - error})
        noise = np.nan_to_num(self.run_sd) * np.random.default_rng(seed).standard_normal(draws.shape)
        for prefix, values in (("", draws), ("run_", draws * np.exp(noise.clip(-5, 5)))):
            low, high = np.nanquantile(values, TAILS, axis=0).clip(0, 100)
            frame[f"{prefix}low"], frame[f"{prefix}high"] = 100 - np.fmax(high, error), 100 - np.fmin(low, error)
        return frame.assign(extrapolated=self.outside(coefficients))

    def outside(self, coefficients: Any) -> np.ndarray:
        """(n,): whether an axis is outside its trained range, or all together are farther out than any variant."""
        coefficients = np.atleast_2d(np.asarray(coefficients, dtype=float))
        ends = np.array([self.ranges[axis] for axis in AXES])
        apart = ((coefficients < ends[:, 0] * (1 - 1e-6)) | (coefficients > ends[:, 1] * (1 + 1e-6))).any(axis=1)
        return apart | np.asarray(leverages(self.logs(coefficients), self.spread) > self.leverage * (1 + 1e-6))

    def ceilings(self, axis: str) -> np.ndarray:
        """Accuracy in percent that ``axis`` alone never exceeds: the law's own, then one of each draw.

        Measured coverage of the 95% interval where the truth is the product: 0.93 to 0.97 (benchmarks/laws.py)."""
        place = self.axes.index(axis)
        pooled = [self.form.ceiling(self.theta, place), self.form.ceiling(self.samples, place)]
        if self.additive is not None:
            pooled.append(ADDITIVE.ceiling(self.additive, place))
        return 100 - np.concatenate(pooled).clip(0, 100)


def mean_interval(prediction: Any, n: int) -> tuple[float, float]:
    """The 95% interval in which the mean of ``n`` new runs of a network is expected, in percent.

    prediction: top1, low, high, run_low, run_high, as ``Law.predict`` gives them. On each side the squared half-width
    is that of the true mean plus the n-th part of what a single run adds to it, as independent errors have it. Measured
    coverage for five runs of the recommended network: 0.93 in 540 synthetic studies of 18 kinds (benchmarks/laws.py).
    """
    center = prediction.top1
    true_mean = np.array([center - prediction.low, prediction.high - center])
    single = np.array([center - prediction.run_low, prediction.run_high - center])
    below, above = np.sqrt(true_mean**2 + (single**2 - true_mean**2).clip(0) / n)
    return float(center - below), float(center + above)


def laws(runs: pd.DataFrame, draws: int = 1000, response: str = "top1") -> tuple[dict[Any, Law], dict[Any, str]]:
    """({(model, epochs): Law} for every part of a study with enough variants, {(model, epochs): reason} for others)."""
    frame, _ = usable(runs, response)
    frame = frame[frame.stage_depth.isna()]
    found: dict[Any, Law] = {}
    refused: dict[Any, str] = {}
    for key, observations in studies(frame, response).items():
        law = fit_law(observations, draws)
        if isinstance(law, Law):
            found[key] = law
        else:
            refused[key] = law
    return found, refused


def fit_law(observations: Observations, draws: int = 1000, seed: int = 0, alone: AxisForm | None = None) -> Law | str:
    """The Law of one model and training length, or in words why there is none. draws: shared out between the forms;
    alone: one form to take instead of the product, without any other's draws."""
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
    fitted = {form.name: best_fit(form, logs, targets, sigma) for form in (PRODUCT, ADDITIVE)}
    quadratic = fit_quadratic(logs, targets, sigma)
    judged = {
        form.name: leave_one_out(form, logs, targets, sigma, fitted[form.name][0]) for form in (PRODUCT, ADDITIVE)
    }
    judged |= {"quadratic": quadratic.leave_one_out} if quadratic else {}
    pooled = {name for name, error in judged.items() if error <= AS_GOOD * min(judged.values())} | {"product"}
    if alone:
        if alone.name not in pooled:
            return "it predicts left-out variants worse"
        pooled = {alone.name}
    form = alone or PRODUCT
    each, rng = -(-draws // len(pooled)), np.random.default_rng(seed)

    def sets(squares: float, parameters: int) -> np.ndarray:
        """(each, n): log errors as other seeds would have given them, wider by how far the form misses the variants."""
        misfit = np.sqrt(squares / (len(errors) - parameters))
        own = max(misfit, 1.0) if noisy(observations) else misfit * widening(len(errors) - parameters)
        return resampled(observations, targets, own * sigma, each, rng)

    def samples(form: AxisForm) -> np.ndarray:
        theta, squares = fitted[form.name]
        begin, most = np.tile(theta, (each, 1)), FEW if len(errors) > MANY else ITERATIONS
        return least_squares(form, logs, sets(squares, size), sigma, begin, most=most)[0]

    return Law(
        axes,
        fitted[form.name][0],
        samples(form),
        {axis: (coefficients[:, n].min(), coefficients[:, n].max()) for n, axis in enumerate(AXES)},
        len(errors),
        run_noise(observations),
        judged,
        samples(ADDITIVE) if "additive" in pooled and form is not ADDITIVE else None,
        quadratic.resampled(sets(*quadratic.misfit)) if quadratic and "quadratic" in pooled else None,
        "seeds" if noisy(observations) else "scatter",
        spread := np.linalg.inv((rows := np.column_stack([np.ones(len(logs)), logs])).T @ rows),
        float(leverages(logs, spread).max()),
        form,
    )


def leverages(logs: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(n,) of a regression on a constant and the logarithms (n, axes)."""
    rows = np.column_stack([np.ones(len(logs)), logs])
    return np.einsum("ij,jk,ik->i", rows, spread, rows)


def relative_noise(observations: Observations) -> np.ndarray:
    """Standard error of each variant's log error; 1 where no seeds tell it."""
    noise: Any = observations.paired_noise
    if not noisy(observations):
        return np.ones(len(observations.means))
    return np.sqrt(noise.variance / observations.counts) / np.maximum(100 - observations.means, ERROR_MIN)


def resampled(
    observations: Observations, targets: np.ndarray, own_sd: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """(draws, n): log errors as other seeds would have given them, with what a seed does to all variants alike.

    own_sd: (n,), standard deviation of what it does to each by itself."""
    noise: Any = observations.paired_noise
    if not noisy(observations):
        return targets + own_sd * rng.standard_normal((draws, len(targets)))
    pool = np.r_[noise.standardized, -noise.standardized]
    own = widening(float(noise.df.mean())) * own_sd * drawn_means(pool, observations.counts, draws, rng)
    seeds = observations.values.shape[1]
    shift = seed_effect(observations)[1] * rng.standard_t(max(seeds - 1, 1), (draws, 1)) / np.exp(targets)
    return targets + own + shift


def run_noise(observations: Observations) -> float:
    """Standard deviation of a single run's log error about its variant's mean; NaN without seeds."""
    if observations.noise is None:
        return np.nan
    errors = np.maximum(100 - observations.means, ERROR_MIN)
    return float(np.sqrt(np.mean(observations.noise.variance / errors**2)))
