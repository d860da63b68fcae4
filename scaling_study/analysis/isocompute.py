"""With one training budget, which network for how long? The best size at equal training compute, and how it grows.

Approach 2 of Hoffmann et al. (2022, arXiv 2203.15556, section 3.2): at each level of compute a parabola of the response
in the logarithm of the size, whose optimum is a power of the compute.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.curves import ERROR_MIN, widening
from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.fits import METHODS
from scaling_study.analysis.law import relative_noise, resampled
from scaling_study.analysis.noise import moderated
from scaling_study.analysis.observations import TRAIN_FLOPS, Observations, noisy, usable
from scaling_study.analysis.rules import one_rule
from scaling_study.records.columns import VARIANT
from scaling_study.records.compute import PASSES

SIZES_MIN = 3  # that a parabola needs
CUBIC = 3
SPARE = 2  # cells beyond the number of terms, from which a common cubic term is fitted
GRID = 201  # sizes among which the optimum of a level is looked for
LEVEL_SPAN = 1.25  # factor of training compute within one level; whole epochs miss what is asked for by up to 10%
BEST, SIZE, LENGTH = "best size", "exponent of size", "exponent of length"
COLUMNS = {
    "model": "string",
    "method": "string",  # by which the networks of a level were scaled
    "what": "string",  # best size of a level, or exponent of the best size or length with the compute
    "train_flops": "float64",  # of the level, multiply-adds: geometric mean of its runs
    "networks": "Int64",
    "n": "Int64",  # seeds, the fewest of a network
    "value": "float64",  # multiply-adds per image of the best network, or the exponent
    "low": "float64",  # 95% interval
    "high": "float64",
    "at_edge": "boolean",  # the best is the smallest or largest trained network, so it may lie beyond
    "flops_ratio": "float64",  # the best size as a multiple of the baseline
    "epochs": "float64",  # in which the best size uses up the compute
    "epochs_low": "float64",
    "epochs_high": "float64",
    "accuracy": "float64",  # percent, there, by the parabola
    "accuracy_low": "float64",
    "accuracy_high": "float64",
    "basis": "string",  # of the intervals: seeds, scatter about the parabolas, or none
}


def isocompute(runs: pd.DataFrame, response: str = "val_top1", draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Best sizes at equal training compute and their exponents: a frame with COLUMNS, empty unless one model was
    trained at a level of compute in SIZES_MIN sizes of one method (the baseline is of every method).

    Runs within a factor LEVEL_SPAN of ``train_flops`` are a level. What they deviate from its mean is corrected by how
    the error of a network changes with its own compute, where networks were trained at several levels. The parabolas
    are of log error (100 - ``response``, percent) in log flops, weighted by noise, with a cubic term that all levels
    share: without it, intervals hold in 0.77 to 0.98 where the error is Hoffmann's own sum of power laws, which is
    skewed. Intervals are from a bootstrap over seeds, wider by how far the curves miss the means, or with one seed
    from that scatter alone; they end at the smallest and largest trained network. Exponents are by least squares over
    levels whose best is not at an edge; that of the length is 1 less that of the size.

    Measured coverage of the 95% intervals with five sizes, three levels, and 3 seeds of 0.2 to 1.5 points or one of
    0.5 points, where the truth is a parabola or a sum of power laws: best size 0.91 to 0.98, its accuracy 0.93 to 0.98,
    exponent 0.94 to 0.98.
    """
    if not {response, TRAIN_FLOPS} <= {*runs.columns} or runs.empty:
        return as_frame([])
    frame = usable(runs, response)[0].dropna(subset=[TRAIN_FLOPS, "flops", "epochs"])
    rows: list[dict[str, Any]] = []
    for model, part in frame.groupby("model"):
        part = one_rule(part)
        for method in [name for name in METHODS if (part.method == name).any()]:
            own = part[part.method.isin([method, "baseline"])]
            rows += [{"model": model, "method": method} | row for row in of_method(own, response, draws, seed)]
    return as_frame(rows)


def with_levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of levels that have SIZES_MIN sizes, with the column ``level``, 0 for the least compute."""
    ordered = np.sort(frame[TRAIN_FLOPS].unique())
    starts = ordered[:1]
    for value in ordered:
        if value > starts[-1] * LEVEL_SPAN:
            starts = np.r_[starts, value]
    level = np.searchsorted(starts, frame[TRAIN_FLOPS], side="right") - 1
    frame = frame.assign(level=level)
    return frame[frame.groupby("level").flops.transform("nunique") >= SIZES_MIN]


def of_method(frame: pd.DataFrame, response: str, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of COLUMNS of one model and method."""
    frame = with_levels(frame)
    if frame.empty:
        return
    keys = frame.groupby(["level", *VARIANT, "epochs"], dropna=False)
    cells = keys[[TRAIN_FLOPS, "flops_ratio"]].mean().reset_index()
    values = frame.groupby([keys.ngroup(), "seed"])[response].mean().unstack().to_numpy(dtype=float)
    observed = Observations(cells, values, moderated(values), moderated(values, blocks=True))
    if np.ptp(observed.means) == 0:
        return
    fit = Parabolas(cells, relative_noise(observed))
    sets, basis = drawn_sets(observed, fit, draws, seed)
    sizes, errors, edges = fit.optima(sets)
    unit = np.nanmedian(cells.flops / cells.flops_ratio)
    images = np.median(cells[TRAIN_FLOPS] / (PASSES * cells.flops * cells.epochs))  # of an epoch
    tops = {}
    for n, (level, part) in enumerate(cells.groupby("level")):
        compute, size = np.exp(np.log(part[TRAIN_FLOPS]).mean()), np.exp(sizes[n])
        row = {"what": BEST, TRAIN_FLOPS: compute, "networks": part.flops.nunique(), "basis": basis}
        row |= {"n": observed.counts[cells.level == level].min(), "at_edge": bool(edges[n, 0])}
        row |= {"flops_ratio": size[0] / unit} | interval("value", "", size)
        row |= interval("epochs", "epochs_", compute / (PASSES * size * images))
        yield row | interval("accuracy", "accuracy_", 100 - np.exp(errors[n]))
        if not edges[n, 0]:
            tops[compute] = sizes[n]
    yield from exponents(tops, basis)


class Parabolas:
    """Parabolas of log error in log size, one for each level of ``cells``, with a common cubic term where there are
    enough cells, and what more compute brings to a network. sigma: (cells,), standard errors of the log errors."""

    def __init__(self, cells: pd.DataFrame, sigma: np.ndarray) -> None:
        self.sigma = sigma
        self.size, self.compute = (np.log(cells[name].to_numpy(dtype=float)) for name in ("flops", TRAIN_FLOPS))
        self.level = np.unique(cells.level, return_inverse=True)[1]
        self.count = self.level.max() + 1
        self.degree = CUBIC
        if self.spare < SPARE:
            self.degree = 2

    @property
    def spare(self) -> int:
        """Cells beyond the number of terms."""
        return len(self.size) - 3 * self.count - (self.degree > 2)

    def rows(self, size: np.ndarray, level: np.ndarray) -> np.ndarray:
        """(n, terms) of log sizes and levels (n,)."""
        x = size - self.size.mean()
        own = [np.where(level == n, x**power, 0.0) for n in range(self.count) for power in range(3)]
        return np.column_stack(own + [x**3] * (self.degree > 2))

    def fitted(self, sets: np.ndarray) -> np.ndarray:
        """(terms, sets) of log errors (sets, cells), by weighted least squares."""
        weighted = self.rows(self.size, self.level) / self.sigma[:, None]
        return np.linalg.lstsq(weighted, (self.corrected(sets) / self.sigma).T, rcond=None)[0]

    def optima(self, sets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(log size of the least error between the smallest and largest of a level, log error there, whether it is one
        of these two), each (levels, sets)."""
        terms, found = self.fitted(sets), []
        for level in range(self.count):
            own = self.size[self.level == level]
            grid = np.linspace(own.min(), own.max(), GRID)
            curves = self.rows(grid, np.full(GRID, level)) @ terms
            place = curves.argmin(axis=0)
            found.append((grid[place], curves.min(axis=0), (place == 0) | (place == GRID - 1)))
        sizes, errors, edges = (np.array(part) for part in zip(*found, strict=True))
        return sizes, errors, edges

    def misfit(self, targets: np.ndarray) -> float:
        """How many times wider than ``sigma`` the log errors (cells,) scatter about the curves."""
        missed = self.corrected(targets[None])[0] - self.rows(self.size, self.level) @ self.fitted(targets[None])[:, 0]
        return float(np.sqrt(((missed / self.sigma) ** 2).sum() / self.spare))

    def corrected(self, sets: np.ndarray) -> np.ndarray:
        """Log errors (sets, cells) as they would be at the mean compute of their level.

        The slope of log error in log compute is linear in log size, by least squares over what networks that were
        trained at several levels have in common with themselves alone; with too few of these, nothing is corrected.
        """
        same = self.size[:, None] == self.size
        own = same / same.sum(axis=1, keepdims=True)  # means of a network
        slopes = np.column_stack([np.ones(len(self.size)), self.size - self.size.mean()])
        design = self.compute[:, None] * slopes
        moved = design - own @ design
        if np.linalg.matrix_rank(moved, tol=np.log(LEVEL_SPAN)) < moved.shape[1]:
            return sets
        found = np.linalg.lstsq(moved, (sets - sets @ own.T).T, rcond=None)[0]
        means = np.bincount(self.level, self.compute) / np.bincount(self.level)
        return sets - ((self.compute - means[self.level])[:, None] * slopes @ found).T


def drawn_sets(observed: Observations, fit: Parabolas, draws: int, seed: int) -> tuple[np.ndarray, str]:
    """(log errors (1 + draws, cells), the measured first and then as other seeds would have given them, their basis).
    The draws are wider by how far the curves of all levels together miss the means."""
    targets = np.log(np.maximum(100 - observed.means, ERROR_MIN))
    if not fit.spare and not noisy(observed):
        return targets[None], "none"
    misfit = fit.misfit(targets) if fit.spare else 1.0
    own = max(misfit, 1.0) if noisy(observed) else misfit * widening(fit.spare)
    sets = resampled(observed, targets, own * fit.sigma, draws, np.random.default_rng(seed))
    return np.vstack([targets, sets]), "seeds" if noisy(observed) else "scatter"


def exponents(tops: dict[float, np.ndarray], basis: str) -> Iterator[dict[str, Any]]:
    """Rows of the powers of compute by which the best size and length grow; tops: {compute: log best sizes (sets,)}."""
    if len(tops) < 2:
        return
    size = np.polyfit(np.log(list(tops)), np.array(list(tops.values())), 1)[0]
    for what, values in ((SIZE, size), (LENGTH, 1 - size)):
        yield {"what": what, "basis": basis} | interval("value", "", values)


def interval(name: str, prefix: str, sets: np.ndarray) -> dict[str, float]:
    """The value, first of ``sets``, with the 95% interval of the rest; NaN without any."""
    value, drawn = float(sets[0]), sets[1:]
    low, high = np.quantile(drawn, TAILS) if len(drawn) else (np.nan, np.nan)
    return {name: value, f"{prefix}low": np.minimum(low, value), f"{prefix}high": np.maximum(high, value)}


def as_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
