"""Whether training had come to its end, for each variant."""

import numpy as np
import pandas as pd

from scaling_study.analysis.observations import STUDY, numbers, usable
from scaling_study.records.columns import VARIANT
from scaling_study.scaling.coefficients import AXES

CONVERGED = 0.3  # points of validation top-1 in the last tenth of the epochs, below which a variant has converged
MEASURES = ("updates", "last_tenth_gain", "train_gap", "train_loss", "train_top1")
COLUMNS = [
    *("model", "epochs", "method", *AXES, "runs", "updates", "last_tenth_gain", "train_gap"),
    *("train_loss", "train_loss_low", "train_loss_high", "converged"),
]


def convergence(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per variant of the finished runs, columns COLUMNS; none where the runs tell nothing of it.

    last_tenth_gain, train_gap, train_loss: means over seeds, points, points and nats; train_loss_low, train_loss_high:
    of the seeds; updates: the fewest of a seed; converged: whether the mean gain is below CONVERGED, missing where
    that is. Where train_gap is missing it is train_top1 - top1. Raises ValueError as ``usable`` does.
    """
    frame = usable(runs)[0]
    known = {name: numbers(frame[name]) if name in frame else np.nan for name in MEASURES}
    frame = frame.assign(**known)
    frame["train_gap"] = frame.train_gap.fillna(frame.train_top1 - frame.top1)
    if frame[["last_tenth_gain", "train_gap", "train_loss"]].isna().all(axis=None):
        return pd.DataFrame(columns=COLUMNS)
    keys = list(dict.fromkeys([*STUDY, *VARIANT]))
    table = (
        frame.groupby(keys, dropna=False)
        .agg(
            runs=("seed", "size"),
            updates=("updates", "min"),
            last_tenth_gain=("last_tenth_gain", "mean"),
            train_gap=("train_gap", "mean"),
            train_loss=("train_loss", "mean"),
            train_loss_low=("train_loss", "min"),
            train_loss_high=("train_loss", "max"),
        )
        .reset_index()
    )
    gain = table.last_tenth_gain
    return table.assign(converged=(gain < CONVERGED).astype("boolean").mask(gain.isna()))[COLUMNS]
