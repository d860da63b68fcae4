"""Accuracy of each network at every learning rate or weight decay that it was trained at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scaling_study.analysis import rates
from scaling_study.analysis.observations import numbers
from scaling_study.records.columns import VARIANT

COLUMNS = {name: rates.COLUMNS[name] for name in (*rates.SHARED, *rates.NETWORK)} | {
    "value": "float64",  # of the rate
    "own": "boolean",  # whether it is the recipe's
    "n": "Int64",  # seeds
    "accuracy": "float64",  # validation top-1 in percent, mean over seeds
    "low": "float64",  # 95% interval of the mean, NaN without a second seed of any
    "high": "float64",
    "top1": "float64",  # test top-1 in percent, mean over seeds
}


def rate_curves(runs: pd.DataFrame, response: str = "val_top1") -> pd.DataFrame:
    """Mean accuracy of every network at each of its rates above 0: a frame with COLUMNS, of the networks that ``rates``
    has a best of, which were trained at three or more.

    Intervals are Student's, with the standard deviation of a run about the mean of its network and rate, pooled over
    all of one model and length of training: exact where that is the same for all and normal.
    """
    rows = [
        common | row for part, common in rates.parts(runs, response) for row in rows_of(part, common["rate"], response)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def rows_of(part: pd.DataFrame, rate: str, response: str) -> Iterator[dict[str, Any]]:
    """Rows of one model and length of training."""
    noise, df = rates.noise_of(part, response, rate)
    reach = noise * stats.t.ppf(0.975, df) if df else np.nan
    enough = part.groupby(VARIANT, dropna=False)[rate].transform("nunique") >= rates.RATES_MIN
    for _, cell in part[enough].groupby([*VARIANT, rate], dropna=False):
        first, mean, half = cell.iloc[0], cell[response].mean(), reach / np.sqrt(len(cell))
        yield {name: first.get(name) for name in rates.NETWORK} | {
            "value": first[rate],
            "own": first.own,
            "n": len(cell),
            "accuracy": mean,
            "low": mean - half,
            "high": mean + half,
            "top1": numbers(cell.top1).mean() if "top1" in cell else np.nan,
        }
