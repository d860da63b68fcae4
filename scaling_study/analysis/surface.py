"""Test error as a function of depth, width and resolution together, to predict coefficients that were not tried."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.curves import ERROR_MIN, seed_effect
from scaling_study.analysis.observations import built, noisy, studies, usable
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


SPARE = 2  # variants beyond the number of terms that a surface needs to be judged
# From the fullest to the plainest; the one that predicts left-out variants best is taken.
MODELS = {
    "second order": ("main", "squares", "interactions"),
    "interactions": ("main", "interactions"),
    "squares": ("main", "squares"),
    "main effects": ("main",),
}
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "surface": "string",  # a key of MODELS
    "chosen": "boolean",  # predicts left-out variants best
    "n": "Int64",  # variants
    "term": "string",
    "exponent": "float64",  # of the error: 1 percent more of an axis changes the error by -exponent percent
    "low": "float64",
    "high": "float64",
    "leave_one_out_log_error": "float64",
}


@dataclass(frozen=True)
class Surface:
    """Regression of log error on logarithms of the coefficients, one point per variant.

    kind: a key of MODELS; results: statsmodels' fitted model; ranges: {axis: (least, greatest coefficient trained)};
    run_sd: of a single run's log error about its variant's mean, NaN without seeds; leave_one_out: root mean square log
    error of variants left out; leverage: the greatest of a trained variant; shift: standard error, in points, of what
    a seed does to all variants alike, in the mean of so many seeds; others: the surfaces that predicted
    left-out variants less well; axes: those that varied, on which it depends.
    """

    kind: str
    results: Any
    ranges: dict
    run_sd: float
    leave_one_out: float
    leverage: float
    shift: float
    seeds: int
    others: tuple = ()
    axes: tuple[str, ...] = AXES

    def exponents(self) -> Any:
        """A frame with term, exponent, low and high."""
        interval = -self.results.conf_int(1 - LEVEL)
        names = term_names(self.kind, self.axes)
        return pd.DataFrame(
            {"term": names, "exponent": -self.results.params, "low": interval[:, 1], "high": interval[:, 0]}
        ).iloc[1:]

    def predict(self, coefficients: np.ndarray) -> pd.DataFrame:
        """A frame with a row per coefficient triple: ``top1``, its confidence interval ``low``, ``high``, the
        prediction interval of a single run ``run_low``, ``run_high`` (percent) and ``leverage``, above the greatest
        trained one of which a prediction is an extrapolation.

        coefficients: (n, 3), depth, width and resolution as built. The interval is as much wider than the regression's
        own as variants left out are worse predicted than the others. Measured coverage: 0.95
        to 0.98 (benchmarks/laws.py).
        """
        from scipy import stats

        rows = design(np.atleast_2d(coefficients), self.kind, self.axes)
        mean = self.results.get_prediction(rows)
        frame = pd.DataFrame({"top1": 100 - np.exp(mean.predicted)})
        level = (1 + LEVEL) / 2
        t, misfit = stats.t.ppf(level, self.results.df_resid), self.results.mse_resid
        unseen = max(self.leave_one_out / np.sqrt(misfit), 1.0) if misfit > 0 else 1.0
        common = stats.t.ppf(level, max(self.seeds - 1, 1)) * self.shift / np.exp(mean.predicted)
        # Variants scatter about the surface, by misfit and the noise of their means, and single runs about those.
        run = np.sqrt((unseen * mean.se) ** 2 + misfit + np.nan_to_num(self.run_sd) ** 2)
        for prefix, error in (("", unseen * mean.se), ("run_", run)):
            half = np.hypot(t * error, common)
            frame[f"{prefix}low"] = 100 - np.exp(mean.predicted + half).clip(0, 100)
            frame[f"{prefix}high"] = 100 - np.exp(mean.predicted - half)
        covariance = self.results.normalized_cov_params
        return frame.assign(leverage=np.einsum("ij,jk,ik->i", rows, covariance, rows))


def surfaces(runs: pd.DataFrame, response: str = "top1") -> tuple[dict[Any, Surface], dict[Any, str]]:
    """{(model, epochs): Surface} for every part of a study with enough variants, (model, epochs): reason for others."""
    frame, _ = usable(runs, response)
    frame = frame[frame.stage_depth.isna()]
    made, refused = {}, {}
    for key, observations in studies(frame, response).items():
        surface = fit_surface(observations)
        if isinstance(surface, Surface):
            made[key] = surface
        else:
            refused[key] = surface
    return made, refused


def fit_surface(observations: Observations) -> Surface | str:
    """The Surface of one model and training length, or in words why there is none."""
    from statsmodels.api import OLS

    coefficients = built(observations.variants)
    moved = tuple(axis for n, axis in enumerate(AXES) if np.ptp(coefficients[:, n]) > 0)
    if len(moved) < 2:
        return f"{', '.join(axis for axis in AXES if axis not in moved)} never varied"
    errors = np.log(np.maximum(100 - observations.means, ERROR_MIN))
    if np.ptp(errors) == 0:
        return "accuracy is constant"
    judged = {}
    for kind in MODELS:
        rows = design(coefficients, kind, moved)
        if len(rows) < rows.shape[1] + SPARE or np.linalg.matrix_rank(rows) < rows.shape[1]:
            continue
        results = OLS(errors, rows).fit()
        hat = np.einsum("ij,jk,ik->i", rows, results.normalized_cov_params, rows)
        if hat.max() < 1 - 1e-9:  # otherwise some variant alone decides a term
            judged[kind] = (float(np.sqrt(np.mean((results.resid / (1 - hat)) ** 2))), results, hat.max())
    if not judged:
        return f"{len(errors)} variants are too few"
    shift = seed_effect(observations)[1] if noisy(observations) else 0.0
    seeds = observations.values.shape[1]
    ranges = {axis: (coefficients[:, n].min(), coefficients[:, n].max()) for n, axis in enumerate(AXES)}
    made = [
        Surface(kind, results, ranges, log_run_sd(observations), error, leverage, shift, seeds, axes=moved)
        for kind, (error, results, leverage) in judged.items()
    ]
    best, *others = sorted(made, key=lambda surface: surface.leave_one_out)
    return replace(best, others=tuple(others))


@dataclass(frozen=True)
class Quadratic:
    """The surface that predicts left-out variants best, fitted to many sets of log errors at once.

    kind: a key of MODELS; rows: (n, terms), its design; sigma: (n,), standard errors of the log errors; misfit: the
    weighted sum of squares that it leaves, and its number of terms; samples: (draws, terms).
    """

    kind: str
    rows: np.ndarray
    sigma: np.ndarray
    leave_one_out: float
    misfit: tuple[float, int]
    samples: np.ndarray

    def resampled(self, sets: np.ndarray) -> Quadratic:
        """With the samples that ``sets`` (draws, n) of log errors give."""
        weighted = self.rows / self.sigma[:, None]
        return replace(self, samples=np.linalg.lstsq(weighted, (sets / self.sigma).T, rcond=None)[0].T)

    def log_error(self, logs: np.ndarray) -> np.ndarray:
        """(draws, n) at logarithms of the coefficients of the axes that varied (n, axes); NaN where these lie farther
        out, by their squares and products, than any variant, since there a quadratic may be anything."""
        rows = terms(logs, self.kind)
        weighted = self.rows / self.sigma[:, None]
        spread = np.linalg.inv(weighted.T @ weighted)
        far, most = (np.einsum("ij,jk,ik->i", one, spread, one) for one in (rows, self.rows))
        return np.where(far > most.max() * (1 + 1e-6), np.nan, self.samples @ rows.T)


def fit_quadratic(logs: np.ndarray, targets: np.ndarray, sigma: np.ndarray) -> Quadratic | None:
    """Weighted least squares of log errors ``targets`` (n,) on ``logs`` (n, axes); None with too few variants."""
    found = []
    for kind in MODELS:
        rows = terms(logs, kind)
        weighted = rows / sigma[:, None]
        if len(rows) < rows.shape[1] + SPARE or np.linalg.matrix_rank(weighted) < rows.shape[1]:
            continue
        hat = np.einsum("ij,jk,ik->i", weighted, np.linalg.inv(weighted.T @ weighted), weighted)
        residual = targets - rows @ np.linalg.lstsq(weighted, targets / sigma, rcond=None)[0]
        if hat.max() < 1 - 1e-9:
            error = float(np.sqrt(np.mean((residual / (1 - hat)) ** 2)))
            squares = float(((residual / sigma) ** 2).sum())
            found.append(Quadratic(kind, rows, sigma, error, (squares, rows.shape[1]), np.empty((0, rows.shape[1]))))
    return min(found, key=lambda one: one.leave_one_out, default=None)


def log_run_sd(observations: Observations) -> float:
    if observations.noise is None:
        return np.nan
    within = observations.noise.variance * (1 - 1 / observations.counts)
    return float(np.sqrt(np.mean(within / np.maximum(100 - observations.means, ERROR_MIN) ** 2)))


def design(coefficients: np.ndarray, kind: str, axes: Sequence[str] = AXES) -> np.ndarray:
    """(n, terms): a constant, logarithms of the coefficients of ``axes``, and, by ``kind``, their squares and products.

    coefficients: (n, 3), depth, width and resolution.
    """
    return terms(np.log(coefficients[:, [AXES.index(axis) for axis in axes]]), kind)


def terms(logs: np.ndarray, kind: str) -> np.ndarray:
    """(n, terms) of logarithms (n, axes)."""
    parts = {
        "main": logs,
        "squares": logs**2,
        "interactions": np.stack(
            [logs[:, i] * logs[:, j] for i, j in itertools.combinations(range(logs.shape[1]), 2)], axis=1
        ),
    }
    return np.column_stack([np.ones(len(logs)), *(parts[name] for name in MODELS[kind])])


def term_names(kind: str, axes: Sequence[str] = AXES) -> list[str]:
    parts = {
        "main": axes,
        "squares": [f"{axis}^2" for axis in axes],
        "interactions": [f"{one} x {other}" for one, other in itertools.combinations(axes, 2)],
    }
    return ["constant", *itertools.chain.from_iterable(parts[name] for name in MODELS[kind])]


def exponent_table(made: dict[Any, Surface]) -> pd.DataFrame:
    """Exponents of all surfaces that could be judged, the chosen one first: a frame with COLUMNS."""
    parts = [
        one.exponents().assign(
            model=model,
            epochs=epochs,
            surface=one.kind,
            chosen=one is surface,
            n=int(one.results.nobs),
            leave_one_out_log_error=one.leave_one_out,
        )
        for (model, epochs), surface in made.items()
        for one in (surface, *surface.others)
    ]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return frame[list(COLUMNS)].astype(COLUMNS)
