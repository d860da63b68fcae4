"""One network of each method at one budget, beside the baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_study.analysis.rules import one_rule
from scaling_study.analysis.settings import equal_settings
from scaling_study.analysis.trials import to_compare
from scaling_study.scaling.coefficients import METHODS

FACTOR_MAX = 1.25  # by which multiply-adds may be off the budget


def comparable(runs: pd.DataFrame) -> pd.DataFrame:
    """Those of the finished ``runs`` of one model that can stand beside a baseline, with a column ``multiple``, their
    multiply-adds relative to the baseline's.

    They have the settings that figures compare, and the epochs of the baseline that was trained longest. Empty where
    there is no baseline.
    """
    runs = one_rule(equal_settings(to_compare(runs)[0])[0])
    baselines = runs[runs.method == "baseline"]
    runs = runs[runs.epochs == baselines.epochs.max()]
    return runs.assign(multiple=runs.flops / baselines.flops.iloc[0] if len(baselines) else np.nan)


def largest_budget(runs: pd.DataFrame) -> float | None:
    """The budget at which most methods have a network, the largest of several, as a multiple of the baseline's
    multiply-adds; None without a scaled network. runs: as from ``comparable``."""
    scaled = runs[runs.method != "baseline"]
    budgets = scaled.flops_target.fillna(scaled.multiple).astype(float).unique()
    return max(budgets, key=lambda budget: (near(scaled, budget).method.nunique(), budget), default=None)


def at_budget(runs: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The baseline and of each method the network whose multiply-adds are nearest to ``budget``, a row each in the
    order of METHODS; of several seeds the smallest. A method without one within FACTOR_MAX is left out.

    runs: as from ``comparable``; budget: multiple of the baseline's multiply-adds.
    """
    scaled = near(runs[runs.method != "baseline"], budget)
    rows = pd.concat([runs[runs.method == "baseline"], scaled])
    distance = np.log(rows.multiple.astype(float) / budget).abs().where(rows.method != "baseline", 0)
    rows = rows.assign(distance=distance.round(9), order=rows.method.map(METHODS.index))
    first = rows.sort_values(["order", "distance", "seed", "run_id"]).groupby("method", sort=False).head(1)
    return first.drop(columns=["distance", "order"]).reset_index(drop=True)


def near(runs: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The runs within FACTOR_MAX of the budget."""
    return runs[np.log(runs.multiple.astype(float) / budget).abs() <= np.log(FACTOR_MAX) + 1e-9]
