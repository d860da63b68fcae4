"""How much a result changes with the seed, shared out between the runs of a study."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import digamma, polygamma

ENOUGH = 3  # variants with seeds, below which their variances are simply pooled
UNEQUAL = 0.01  # p-value below which variances are taken to differ, or to follow accuracy
DF_MAX = 1e6
EXACT = 1e-9  # percent; differences below are those of floating point


@dataclass(frozen=True)
class Noise:
    """variance: of one run of each variant; df: degrees of freedom of each; pooled, df_pooled: over all variants;
    standardized: the residuals, scaled to variance 1, from which the bootstrap draws."""

    variance: np.ndarray
    df: np.ndarray
    pooled: float
    df_pooled: float
    standardized: np.ndarray


def moderated(values: np.ndarray, blocks: bool = False) -> Noise | None:
    """Noise of ``values`` (variants, seeds; NaN where there is no run), or None when nothing was run twice.

    Two or three seeds reveal little about a variant's variance, so one is shared by all unless they clearly differ,
    as when accuracies near their ceiling vary less than those far below. Then each variant's own is drawn towards what
    is usual at its accuracy, as far as the variants resemble each other (empirical Bayes, Smyth 2004, section 6.2).
    blocks: take out what a seed does to all variants alike. Not done where few variants share their seeds.
    """
    present = ~np.isnan(values)
    counts = present.sum(axis=1)
    df_within = counts.sum() - len(values)
    if df_within == 0:
        return None
    residuals, df_total = values - np.nanmean(values, axis=1, keepdims=True), df_within
    if blocks and 2 * (df_blocked := blocked_df(present)) >= df_within:
        residuals, df_total = without_seed_effects(residuals), df_blocked
    residuals = np.where(np.abs(residuals) < EXACT, 0, residuals)
    squares = np.nansum(residuals**2, axis=1)
    df = (counts - 1) * df_total / df_within
    pooled = squares.sum() / df_total
    variance, df_moderated = resized(squares, df, pooled, df_total, np.nanmean(values, axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(variance * df / np.where(counts > 1, counts, 1))
        standardized = (residuals / scale[:, None])[present & (counts > 1)[:, None]]
    return Noise(variance, df_moderated, pooled, df_total, standardized[np.isfinite(standardized)])


def blocked_df(present: np.ndarray) -> Any:
    """Degrees of freedom that a model of variant and seed effects leaves."""
    variants, seeds = present.nonzero()
    size = sum(present.shape)
    graph = csr_array((np.ones(len(variants)), (variants, seeds + len(present))), shape=(size, size))
    components = connected_components(graph, directed=False, return_labels=False)
    return int(present.sum() - size + components)


def without_seed_effects(residuals: np.ndarray) -> np.ndarray:
    """Least-squares residuals of variant plus seed, by sweeping out each in turn until nothing is left to sweep."""
    trained = ~np.isnan(residuals).all(axis=0)  # seeds that some variant here has
    swept = residuals[:, trained]
    for _ in range(200):
        seeds = np.nanmean(swept, axis=0)
        swept = swept - seeds
        variants = np.nanmean(swept, axis=1, keepdims=True)
        swept = swept - variants
        if max(np.abs(seeds).max(initial=0), np.abs(variants).max(initial=0)) < 1e-9:
            break
    residuals = residuals.copy()
    residuals[:, trained] = swept
    return residuals


def resized(squares: np.ndarray, df: np.ndarray, pooled: float, df_total: float, means: np.ndarray) -> Any:
    """(variance, df) per variant: the common variance unless Bartlett's test finds that the variants differ; then each
    one's own and what is usual at its accuracy, weighted by degrees of freedom."""
    known = df > 0
    everywhere = np.full(len(squares), pooled), np.full(len(squares), float(df_total))
    if known.sum() < ENOUGH or pooled == 0:
        return everywhere
    d = df[known]
    own = np.maximum(squares[known] / d, 1e-5 * pooled)
    logs = np.log(own) - digamma(d / 2) + np.log(d / 2)
    slope: Any = stats.linregress(means[known], logs) if np.ptp(means[known]) > 0 else None
    trend = slope is not None and slope.pvalue < UNEQUAL
    if not trend and bartlett_p(own, d) > UNEQUAL:
        return everywhere
    usual = slope.intercept + slope.slope * means if trend else np.full(len(squares), logs.mean())
    excess = ((logs - usual[known]) ** 2).sum() / (len(d) - 1 - trend) - polygamma(1, d / 2).mean()
    if excess <= polygamma(1, DF_MAX / 2):
        return np.exp(usual), np.full(len(squares), df_total / 2)
    df_prior = 2 * brentq(lambda half: polygamma(1, half) - excess, 1e-6, DF_MAX)
    prior = np.exp(usual + digamma(df_prior / 2) - np.log(df_prior / 2))
    variance = (df_prior * prior + squares) / (df_prior + df)
    return variance, np.minimum(df_prior + df, df_total / 2)  # half: their pattern was estimated too


def bartlett_p(variances: np.ndarray, df: np.ndarray) -> float:
    """p-value of equal variances."""
    total, k = df.sum(), len(df)
    statistic = total * np.log((df * variances).sum() / total) - (df * np.log(variances)).sum()
    correction = 1 + ((1 / df).sum() - 1 / total) / (3 * (k - 1))
    return stats.chi2.sf(statistic / correction, k - 1)
