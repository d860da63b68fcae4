"""Which compound variants belong to one curve."""

import numpy as np
import pandas as pd

from scaling_study.scaling.coefficients import AXES

DIGITS = 2  # of the directions that are compared


def one_rule(runs: pd.DataFrame) -> pd.DataFrame:
    """The run table with ``custom`` as the method of compound variants that follow another alpha, beta and gamma than
    most of their model's: only variants in one direction of (log depth, log width, log resolution) make a curve. A
    grid search has a direction for every triple, and then none is common."""
    method = runs.method.to_numpy(dtype=object).copy()
    for model in runs.model.unique():
        rows = np.flatnonzero((method == "compound") & (runs.model == model).to_numpy())
        method[rows[~in_common_direction(runs.iloc[rows])]] = "custom"
    return runs if (method == runs.method.to_numpy(dtype=object)).all() else runs.assign(method=method)


def in_common_direction(runs: pd.DataFrame) -> np.ndarray:
    """For each row, whether its direction is the only one there is, or the one with the most variants. Networks smaller
    than the baseline (phi below 0) are in that of their rule."""
    logs = np.log(runs[list(AXES)].to_numpy(dtype=float))
    length = np.sqrt((logs**2).sum(axis=1, keepdims=True))
    length = length * np.where(logs.sum(axis=1, keepdims=True) < 0, -1, 1)
    directions = (logs / np.where(length != 0, length, 1)).round(DIGITS) + 0.0  # -0 is 0
    table = pd.DataFrame(directions, columns=list(AXES)).assign(length=length[:, 0].round(6))
    number = table.groupby(list(AXES)).ngroup().to_numpy()
    variants = table.assign(number=number).groupby("number").length.nunique()
    if len(variants) <= 1:
        return np.ones(len(runs), dtype=bool)
    return (number == variants.idxmax()) & (variants.max() > 1)
