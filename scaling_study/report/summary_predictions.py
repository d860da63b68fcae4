"""The summary's parts about what a law predicted, and what runs then reached."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.law import mean_interval
from scaling_study.report.markdown import coefficients, interval, table
from scaling_study.scaling.coefficients import AXES


def recommendation_part(recommendations: pd.DataFrame, runs: pd.DataFrame) -> Iterator[str]:
    yield "## Recommendations, and whether a run confirms them"
    yield ""
    yield from table(
        [
            {
                "limit": f"{row.limit} <= {row.budget:g}",
                "model": row.model,
                "depth, width, resolution": coefficients(row),
                "built": f"{row.built:.2f}",
                "predicted": interval(row.top1, row.run_low, row.run_high, "{:.2f}"),
                "trained": confirmation(row, runs),
            }
            for row in recommendations.itertuples()
        ]
    )


def prediction_part(predictions: pd.DataFrame, runs: pd.DataFrame) -> Iterator[str]:
    yield "## Predictions, and whether runs confirm them"
    yield ""
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "method": row.method,
                "depth, width, resolution": coefficients(row),
                "built": f"{row.built:.2f}",
                "predicted": interval(row.top1, row.run_low, row.run_high, "{:.2f}"),
                "beyond the trained": "yes" if row.extrapolated else "no",
                "trained": confirmation(row, runs),
            }
            for row in predictions.itertuples()
        ]
    )


def confirmation(row: Any, runs: pd.DataFrame) -> str:
    """Whether the mean of the runs of exactly these coefficients lies within the interval predicted for it."""
    if runs.empty:
        return "not yet"
    same = (runs.model == row.model) & (runs.epochs == row.epochs)
    for axis in AXES:
        same &= np.isclose(runs[axis].astype(float), getattr(row, axis), atol=1e-6)
    if not same.any():
        return "not yet"
    mean, n = runs.top1[same].mean(), int(same.sum())
    if getattr(row, "runs_before", 0) > 0:
        return f"{mean:.2f}% (n = {n}), but it was predicted from these runs"
    low, high = mean_interval(row, n)
    verdict = "confirmed" if low <= mean <= high else "outside the interval"
    return f"{mean:.2f}% (n = {n}): {verdict}, {low:.2f} to {high:.2f} for the mean of {n}"
