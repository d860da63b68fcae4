"""The accuracy of every variant, with its interval, and which of those at one budget is best."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL, contrast
from scaling_study.analysis.observations import STUDY, Observations, studies, usable
from scaling_study.scaling.coefficients import AXES

COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "method": "string",
    "budget": "float64",  # multiple of the baseline's multiply-adds that was asked for; missing: none
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "flops": "float64",
    "params": "float64",
    "n": "Int64",  # seeds
    "accuracy": "float64",  # mean over seeds, percent
    "half_width": "float64",  # of its 95% interval; missing without a second seed anywhere
    "best": "boolean",  # the highest of its budget, and distinguishable from the second
}


def accuracies(runs: pd.DataFrame, response: str = "top1") -> pd.DataFrame:
    """A row per variant of a run table, by budget and multiply-adds: COLUMNS.

    The interval of a mean is Student's, with the noise that the variants share (``moderated``). ``best`` compares the
    highest with the second of its budget, model and epochs at a level of 5%, not corrected for the choice of these two.
    """
    frame, _ = usable(runs, response)
    parts = [of_study(key, observations) for key, observations in studies(frame, response).items()]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    order = [*STUDY, "budget", "flops", "method", *AXES]
    table = table.reindex(columns=list(COLUMNS)).astype(COLUMNS)
    return table.sort_values(order, ignore_index=True, na_position="first")


def of_study(key: tuple, observations: Observations) -> pd.DataFrame:
    from scipy import stats

    model, epochs = key
    noise, counts = observations.noise, observations.counts
    half = np.full(len(counts), np.nan)
    if noise is not None and noise.pooled > 0:
        half = stats.t.ppf((1 + LEVEL) / 2, noise.df) * np.sqrt(noise.variance / counts)
    table = observations.variants.rename(columns={"flops_target": "budget"})
    table = table.assign(model=model, epochs=epochs, n=counts, accuracy=observations.means, half_width=half, best=False)
    for _, rows in table.groupby("budget"):
        if (winner := best_of(observations, rows)) is not None:
            table.loc[winner, "best"] = True
    return table


def best_of(observations: Observations, rows: pd.DataFrame) -> int | None:
    """Index of the row with the highest accuracy where it is distinguishable from the second."""
    if len(rows) < 2:
        return None
    first, second = rows.accuracy.sort_values(ascending=False, kind="stable").index[:2]
    return int(first) if contrast(observations, {first: 1.0, second: -1.0}).p < 1 - LEVEL else None
