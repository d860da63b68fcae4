"""How far a run still was from its end: from its history, for records and for rows of earlier tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def last_tenth_gain(val_top1: Sequence[float]) -> float | None:
    """Points of validation top-1 gained in the last tenth of training; ``val_top1``: percent after each epoch.

    The value at 0.9 times the epochs lies on the line between two epochs; with fewer than 10 epochs, between the last
    two, so that the gain is that share of the last epoch's. None with fewer than 2 epochs, and where a value it needs
    is missing.
    """
    epochs = len(val_top1)
    if epochs < 2:
        return None
    before = np.interp(0.9 * epochs, np.arange(1, epochs + 1), val_top1)
    gain = float(val_top1[-1] - before)
    return gain if np.isfinite(gain) else None


def with_convergence(runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """The run table with ``last_tenth_gain`` and ``train_gap`` filled in where they are missing: from the epochs that
    the epoch table ``history`` holds of a run, where it holds all of them, and from the run's accuracies."""
    lacking = runs[runs.last_tenth_gain.isna() & (runs.status == "done").fillna(False) & runs.epochs.notna()]
    rows = history[history.run_id.isin(lacking.run_id)].sort_values("epoch")
    curves = {str(run_id): part for run_id, part in rows.groupby("run_id")}
    gains = {}
    for row in lacking.itertuples():
        curve = curves.get(row.run_id)
        if curve is not None and curve.epoch.tolist() == list(range(1, row.epochs + 1)):
            gains[row.Index] = last_tenth_gain(curve.val_top1.tolist())
    found = pd.Series(gains, dtype="float64")
    gap = runs.train_gap.fillna(runs.train_top1 - runs.top1)
    return runs.assign(last_tenth_gain=runs.last_tenth_gain.fillna(found), train_gap=gap)
