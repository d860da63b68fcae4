"""Runs that went wrong without failing: far from the other seeds of their variant, or at chance while those are not."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

LIMIT = 6.0  # robust standard deviations from the other seeds, beyond which a run is an outlier
FALSE_ALARM = (
    0.002  # probability per study that clean runs are taken for outliers, by which LIMIT rises in small studies
)
EFFICIENCY = 0.37  # of the median absolute difference, relative to the standard deviation (normal noise)
NEIGHBORS = 8  # variants of similar accuracy whose noise counts, where it is larger than that of the whole study
AT_CHANCE = 0.1  # share of the siblings' accuracy above chance below which a run counts as being at chance
LEARNED = 10.0  # points above chance that the siblings must have
SHARE_MAX = 0.1  # of the runs of a study; where more are far from their siblings, the noise is of another kind


def outliers(values: np.ndarray, chance: float = np.nan) -> np.ndarray:
    """Distance of outliers from their siblings in robust standard deviations, 0 for all other runs; (variants, seeds).

    values: accuracies in percent, NaN where there is no run; chance: accuracy of guessing, NaN where it is not known.
    The noise of a run is the median absolute difference of two seeds of a variant, scaled to a normal standard
    deviation (as the Qn of Rousseeuw & Croux 1993, with the median), of the whole study or of variants of similar
    accuracy, whichever is larger. A run without siblings is an outlier only at chance. Where more than SHARE_MAX of the
    runs, and more than one, are found, none is left out.

    Measured (benchmarks/outliers.py, 2,000 studies of 20 variants and 3 seeds, also where 60% of the variance is shared
    by all runs of a seed): a run at chance is found, and no other, in all; no false alarm in clean studies. Where the
    noise grows tenfold from the best to the worst variant: in 99.8%, and 0.8% false alarms.
    """
    found, left, scale = np.zeros_like(values), values.copy(), noise_of(values)
    while True:
        distance = np.where(found > 0, 0.0, distances(left, scale, chance))
        worst = distance.argmax(axis=1)  # one of a variant at a time: a wrong run draws the median of the others
        rows = np.flatnonzero(distance.max(axis=1))
        if not len(rows):
            break
        found[rows, worst[rows]] = distance[rows, worst[rows]]
        left[rows, worst[rows]] = np.nan
    most = max(1, SHARE_MAX * (~np.isnan(values)).sum())
    return found if (found > 0).sum() <= most else np.zeros_like(values)


def distances(values: np.ndarray, scale: np.ndarray, chance: float) -> np.ndarray:
    """Robust standard deviations between each run and the median of the other seeds where that makes it an outlier,
    else 0; infinite for a run at chance whose distance is not known."""
    medians = leave_one_out_medians(values)
    counts = (~np.isnan(values)).sum(axis=1, keepdims=True)
    deviation = np.abs(values - medians) / np.sqrt(1 + np.pi / 2 / np.maximum(counts - 1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = deviation / scale[:, None]
    far = (distance > max(LIMIT, critical(counts))) & (counts > 2)  # of two runs, either may be wrong
    far |= at_chance(values, medians, chance)
    return np.where(far, np.where(np.isfinite(distance), distance, np.inf), 0.0)


def leave_one_out_medians(values: np.ndarray) -> np.ndarray:
    """For each run, the median of the other seeds; NaN without any."""
    return np.stack([median(np.delete(values, n, axis=1)) for n in range(values.shape[1])], axis=1)


def noise_of(values: np.ndarray) -> np.ndarray:
    """Robust standard deviation of one run of each variant, (variants,); NaN where no variant has two seeds, or where
    seeds agree exactly."""
    first, second = np.triu_indices(values.shape[1], 1)
    if not len(first):
        return np.full(len(values), np.nan)
    pairs = np.abs(values[:, first] - values[:, second])
    order = np.argsort(np.nanmean(values, axis=1))
    size = min(NEIGHBORS, len(values))
    windows = np.lib.stride_tricks.sliding_window_view(pairs[order], size, axis=0)  # (starts, pairs, size)
    start = (np.arange(len(values)) - size // 2).clip(0, len(windows) - 1)
    near = np.empty(len(values))
    near[order] = median(windows.reshape(len(windows), -1))[start]
    differences = np.fmax(near, median(pairs.reshape(1, -1)))
    return np.where(differences > 0, differences / np.sqrt(2) / stats.norm.ppf(0.75), np.nan)


def median(values: np.ndarray) -> np.ndarray:
    """Of each row what is no NaN; NaN where all is."""
    ordered = np.sort(values, axis=1)  # NaN last
    counts = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    low, high = ((counts - 1) // 2).clip(0), (counts // 2).clip(0, values.shape[1] - 1)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    return np.where(counts > 0, (ordered[rows, low] + ordered[rows, high]) / 2, np.nan)


def critical(counts: np.ndarray) -> float:
    """The distance that normal noise exceeds in FALSE_ALARM of studies, for the degrees of freedom that there are."""
    df = EFFICIENCY * (counts - 1).sum()
    return float(stats.t.isf(FALSE_ALARM / 2 / max(counts.sum(), 1), df)) if df > 0 else np.inf


def at_chance(values: np.ndarray, medians: np.ndarray, chance: float) -> np.ndarray:
    """Whether a run is at chance while the other seeds of its variant, or without any the whole study, are not."""
    siblings = np.where(np.isnan(medians), np.nanmedian(values), medians)
    learned = siblings - chance
    return (learned > LEARNED) & (values - chance < AT_CHANCE * learned)


def without_outliers(frame: pd.DataFrame, groups: list[str], response: str) -> tuple[pd.DataFrame, list[str]]:
    """(the usable runs without outliers, a line on each). groups: columns that identify a variant and its training."""
    notes, dropped = [], []
    for _, part in frame.groupby(["model", "epochs"], dropna=False):
        number = part.groupby(groups, dropna=False).ngroup().to_numpy()
        cells = pd.DataFrame({"variant": number, "seed": part.seed.to_numpy(), "value": part[response].to_numpy()})
        values = cells.groupby(["variant", "seed"]).value.mean().unstack()
        classes = part.classes.max() if "classes" in part else np.nan
        found = outliers(values.to_numpy(dtype=float), 100 / classes if classes > 1 else np.nan)
        for variant, seed in zip(*np.nonzero(found), strict=True):
            rows = part[(number == values.index[variant]) & (part.seed == values.columns[seed])]
            dropped += rows.index.tolist()
            notes.append(line(rows.iloc[0], response, values.iloc[variant], found[variant, seed]))
    return frame.drop(index=dropped), notes


def line(row: Any, response: str, siblings: pd.Series, distance: float) -> str:
    """One outlier in words."""
    name = row.run_id if "run_id" in row and not pd.isna(row.run_id) else f"{row.model} {row.method} seed {row.seed:g}"
    others = ", ".join(f"{value:.2f}" for value in siblings.dropna() if value != row[response])
    beside = f"where the other seeds have {others}" if others else "at chance, which the other variants are not"
    far = f" ({distance:.0f} robust standard deviations)" if np.isfinite(distance) and others else ""
    return f"left out as an outlier: {name} has {response} {row[response]:.2f} {beside}{far}"
