"""Networks of which runs may be added to a study: those that it has, and new ones, with what a run of each takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.rules import one_rule
from scaling_study.records.columns import VARIANT
from scaling_study.scaling.coefficients import AXES, Coefficients

# Of a new network given as a row of candidates, its flops; None where it cannot be built.
Count = Callable[[dict[str, Any]], float | None]


def trained(frame: pd.DataFrame) -> pd.DataFrame:
    """A row per variant of usable rows of one model and training length, in the order of ``observe``.

    Columns: ``method`` by which it was asked for, ``curve`` to which its rule makes it belong, ``phi``, coefficients,
    ``stage_depth``, ``flops_target``, ``flops``, ``core_seconds`` of training (mean train_seconds times CPU threads
    times processes), and ``seed`` of one of its runs.
    """
    cores = [pd.to_numeric(frame[name]).fillna(1) if name in frame else 1 for name in ("threads", "processes")]
    rows = one_rule(frame).assign(core_seconds=frame.train_seconds.astype(float) * cores[0] * cores[1])
    rows = rows.assign(chosen=frame.method, phi=frame.phi if "phi" in frame else np.nan)
    groups = rows.groupby(VARIANT, dropna=False, sort=True)
    table = groups.agg(
        chosen=("chosen", "first"), phi=("phi", "first"), core_seconds=("core_seconds", "mean"), seed=("seed", "first")
    )
    table = table.reset_index().rename(columns={"method": "curve", "chosen": "method"})
    return table[["method", "curve", "phi", *AXES, "stage_depth", "flops_target", "flops", "core_seconds", "seed"]]


def with_flops(row: dict[str, Any], variants: pd.DataFrame, count: Count) -> dict[str, Any] | None:
    """A new network with its flops and core_seconds, these by a power law of the flops through what the study's
    variants took; None where it cannot be built."""
    flops = count(row)
    known = variants[(variants.flops > 0) & (variants.core_seconds > 0)]
    if flops is None or known.empty:
        return None
    logs = np.log(known[["flops", "core_seconds"]].to_numpy(dtype=float))
    slope = np.polyfit(logs[:, 0], logs[:, 1], 1)[0] if np.ptp(logs[:, 0]) > 0 else 1.0
    middle = logs.mean(axis=0)
    return row | {"flops": flops, "core_seconds": float(np.exp(middle[1] + slope * (np.log(flops) - middle[0])))}


def at_budget(method: str, multiple: float, variants: pd.DataFrame) -> dict[str, Any] | None:
    """A new network of ``method`` at ``multiple`` times the baseline's flops, by the rule of the method's largest
    trained variant; None where the study has none of compound or fast, whose rule is then not known.

    Its coefficients say the rule alone: for compound at phi = 1, for fast at twice the nominal flops.
    """
    row = {"method": method, "phi": np.nan, **dict.fromkeys(AXES, 1.0), "stage_depth": None, "flops_target": multiple}
    if method in AXES:
        return row
    own = variants[variants.curve == method].nlargest(1, "flops")
    if own.empty:
        return None
    logs = np.log(own.iloc[0][list(AXES)].to_numpy(dtype=float))
    phi = own.phi.iloc[0] if method == "compound" else np.nan
    scale = float(np.log2(Coefficients(*np.exp(logs)).nominal_flops)) if np.isnan(phi) else float(phi)
    if not abs(scale) > 0:
        return None
    return row | {"phi": 1.0 if method == "compound" else np.nan} | dict(zip(AXES, np.exp(logs / scale), strict=True))
