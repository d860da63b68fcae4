"""Runs as numbers to analyze: one row per variant, one column per seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.noise import Noise, moderated
from scaling_study.analysis.outliers import without_outliers
from scaling_study.analysis.rules import one_rule
from scaling_study.analysis.settings import equal_settings
from scaling_study.records.columns import BUILT, VARIANT
from scaling_study.scaling.coefficients import AXES

COSTS = ("flops", "params", "activations", "activation_bytes", "train_seconds", "latency_seconds")
TRAIN_FLOPS = "train_flops"  # as flops among runs of one length of training, so a cost where lengths are compared
ALL_COSTS = (*COSTS, TRAIN_FLOPS)
STUDY = ["model", "epochs"]  # curves are compared within these
EQUAL_COSTS = 1e-9  # relative difference up to which two costs are one
NEEDED = ("status", "model", "method", "depth", "width", "resolution")


@dataclass(frozen=True)
class Observations:
    """The runs of one model and training length.

    variants: a row per variant, columns VARIANT, ALL_COSTS, flops_ratio and BUILT (means over seeds); values:
    (variants, seeds) in percent, NaN where a seed was not run; noise: of single runs, None when no variant has two;
    paired_noise: of single runs without what a seed does to all variants alike, by which variants are compared on
    common seeds.
    """

    variants: pd.DataFrame
    values: np.ndarray
    noise: Noise | None
    paired_noise: Noise | None

    @property
    def counts(self) -> np.ndarray:
        return (~np.isnan(self.values)).sum(axis=1)

    @property
    def means(self) -> np.ndarray:
        return np.nanmean(self.values, axis=1)

    def where(self, method: str, baseline: bool = True) -> np.ndarray:
        """Indices of the variants of a method, with the baseline that its curve starts from."""
        methods = (method, "baseline") if baseline else (method,)
        return np.flatnonzero(self.variants.method.isin(methods))


def usable(runs: pd.DataFrame, response: str = "top1", outliers: bool = False) -> tuple[pd.DataFrame, list[str]]:
    """(rows that can be analyzed, notes on those that cannot): finished, with a response and coefficients.

    Columns that are absent are added as missing; a missing seed counts as the only one. Where settings of training
    differ, only runs of the most frequent ones stay. Runs that went wrong without failing are left out, with a line
    each, unless ``outliers`` keeps them.
    Raises ValueError when a column of NEEDED, or the response, is absent.
    """
    absent = [column for column in (*NEEDED, response) if column not in runs]
    if absent:
        raise ValueError(f"not a run table: it lacks {', '.join(absent)}")
    runs, notes = equal_settings(runs)
    frame = runs.reindex(
        columns=list(dict.fromkeys([*runs.columns, *STUDY, *VARIANT, *ALL_COSTS, "flops_ratio", *BUILT, "seed"]))
    )
    failed = frame.status.fillna("") != "done"
    for column in (response, *AXES, *BUILT, *ALL_COSTS, "flops_ratio", "flops_target", "epochs", "classes", "seed"):
        if column in frame:
            frame[column] = numbers(frame[column])
    empty = ~failed & ~frame[response].between(0, 100)
    axes = frame[list(AXES)]
    unknown = ~failed & ~empty & (frame[["model", "method"]].isna().any(axis=1) | ~(axes > 0).all(axis=1))
    reasons = {
        "failed or unfinished": failed,
        f"without {response} from 0 to 100": empty,
        "without model, method or coefficients above 0": unknown,
    }
    for reason, rows in reasons.items():
        if rows.any():
            notes.append(f"{rows.sum()} of {len(frame)} rows left out: {reason}")
    frame = frame[~(failed | empty | unknown)].copy()
    frame["seed"] = frame.seed.fillna(0)
    frame["epochs"] = frame.epochs.round()
    for cost in (*ALL_COSTS, "flops_ratio"):
        known = frame[cost] > 0
        if known.any() and not known.all():
            notes.append(f"{(~known).sum()} of {len(frame)} rows have no {cost} and are left out where it counts")
        frame[cost] = frame[cost].where(known)
    if not outliers:
        frame, lines = without_outliers(frame, VARIANT, response)
        notes += lines
    return frame, notes


def numbers(column: pd.Series) -> pd.Series:
    """The column as floats; what is no finite number is missing."""
    return pd.to_numeric(column, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)


def observe(frame: pd.DataFrame, response: str = "top1") -> Observations:
    """Observations of usable rows of one model and training length."""
    frame = one_rule(frame)
    keys = frame.groupby(VARIANT, dropna=False, sort=True)
    number = keys.ngroup().to_numpy()
    averaged = [column for column in (*ALL_COSTS, "flops_ratio", *BUILT) if column not in VARIANT]
    variants = keys[averaged].mean().reset_index()
    cells = frame.groupby([number, "seed"])[response].mean().unstack()
    values = cells.to_numpy(dtype=float)
    return Observations(variants, values, moderated(values), moderated(values, blocks=True))


def noisy(observations: Observations) -> bool:
    """Whether seeds tell the noise."""
    return observations.paired_noise is not None and observations.paired_noise.pooled > 0


def built(variants: pd.DataFrame) -> np.ndarray:
    """(variants, 3): depth, width and resolution as built, or as asked for where that is unknown."""
    asked = variants[list(AXES)].to_numpy(dtype=float)
    known = variants.reindex(columns=list(BUILT)).to_numpy(dtype=float)
    return np.where(known > 0, known, asked)


def merged(costs: np.ndarray) -> np.ndarray:
    """The costs, those equal to within EQUAL_COSTS made equal: means over other seeds differ in the last bits."""
    if not len(costs):
        return costs
    order = np.argsort(costs, kind="stable")
    sorted_ = costs[order]
    new = np.r_[True, np.diff(sorted_) > EQUAL_COSTS * np.abs(sorted_[:-1])]
    result = np.empty_like(costs)
    result[order] = sorted_[new][np.cumsum(new) - 1]
    return result


def studies(frame: pd.DataFrame, response: str = "top1") -> dict[Any, Observations]:
    """{(model, epochs): Observations} of usable rows."""
    groups = frame.groupby(STUDY, dropna=False)
    return {key: observe(rows, response) for key, rows in groups}
