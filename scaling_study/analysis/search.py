"""The grid search for alpha, beta and gamma at phi = 1 (Tan & Le 2019, section 3.3, step 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL, contrast, holm
from scaling_study.analysis.observations import studies, usable
from scaling_study.scaling.grid import TARGET

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


OVER_BUDGET = 1.1  # rounding can make a network cost more than its triple implies, and then it follows another rule
TRIPLES_MIN = 5  # fewer are no grid
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "alpha": "float64",
    "beta": "float64",
    "gamma": "float64",
    "flops_ratio": "float64",  # of the network as built, to the baseline's
    "n": "Int64",  # seeds
    "accuracy": "float64",  # mean over seeds, percent
    "behind": "float64",  # points behind the best
    "low": "float64",  # 95% interval of that difference alone
    "high": "float64",
    "p_holm": "float64",
    "verdict": "string",  # best, not distinguishable, worse, no interval, over budget
}


def search(runs: pd.DataFrame, tolerance: float = 0.1, response: str = "val_top1") -> pd.DataFrame:
    """Every triple that was trained at phi = 1, the best first: a frame with COLUMNS, empty when there is no grid.

    tolerance: of a triple's product from TARGET. The best has the highest mean on the *validation* split among the
    triples whose built network keeps to the budget. Each other is compared with it on the seeds they share, with the
    noise of the whole study and corrected by Holm, so that the truly best one is with 95% confidence the best or not
    distinguishable from it.
    """
    if response not in runs or runs.empty:
        return as_frame([])
    frame, _ = usable(runs, response)
    rows = []
    for (model, epochs), observations in studies(frame, response).items():
        index = triples(observations.variants, tolerance)
        if len(index) >= TRIPLES_MIN:
            rows += ranked(observations, index, {"model": model, "epochs": epochs})
    return as_frame(rows)


def triples(variants: pd.DataFrame, tolerance: float) -> np.ndarray:
    """Indices of variants whose coefficients are a triple of the grid."""
    axes = variants[["depth", "width", "resolution"]]
    product = variants.depth * variants.width**2 * variants.resolution**2
    own = variants.flops_target.isna() & variants.stage_depth.isna()
    return np.flatnonzero((axes.min(axis=1) >= 1) & ((product - TARGET).abs() <= tolerance + 1e-9) & own)


def ranked(observations: Observations, index: Any, common: dict[str, Any]) -> list[dict[str, Any]]:
    means, ratios = observations.means, observations.variants.flops_ratio.to_numpy()
    expensive = {i for i in index if ratios[i] > TARGET * OVER_BUDGET}
    best = max(index, key=lambda i: (i not in expensive, means[i]))
    others = [i for i in sorted(index, key=lambda i: -means[i]) if i != best]
    results = {i: contrast(observations, {best: 1.0, i: -1.0}) for i in others}
    adjusted = dict(
        zip(
            allowed_others := [i for i in others if i not in expensive],
            holm([results[i].p for i in allowed_others]),
            strict=True,
        )
    )
    rows = []
    for i in [best, *others]:
        c, result = observations.variants.loc[i], results.get(i)
        low, high = result.interval(LEVEL) if result else (np.nan, np.nan)
        rows.append(
            common
            | {"alpha": c.depth, "beta": c.width, "gamma": c.resolution, "flops_ratio": ratios[i]}
            | {"n": observations.counts[i], "accuracy": means[i], "behind": result.estimate if result else 0.0}
            | {"low": low, "high": high, "p_holm": adjusted.get(i, np.nan)}
            | {"verdict": "over budget" if i in expensive else "best" if i == best else verdict_of(adjusted[i])}
        )
    return rows


def verdict_of(p: float) -> str:
    if np.isnan(p):
        return "no interval"
    return "worse" if p < 1 - LEVEL else "not distinguishable"


def as_frame(rows: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
