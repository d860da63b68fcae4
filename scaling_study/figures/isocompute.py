"""Accuracy against size at equal training compute, and the best size against compute (as Figure 3 of Hoffmann et al.
2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_study.analysis.isocompute import BEST, SIZE, with_levels
from scaling_study.analysis.observations import TRAIN_FLOPS
from scaling_study.figures.aggregation import about
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, floats
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import sequence

if TYPE_CHECKING:
    from scaling_study.figures.metrics import Metric
    from scaling_study.figures.style import Style


def equal_compute(isocompute: pd.DataFrame, runs: pd.DataFrame) -> Chart | None:
    """Validation accuracy of every network against its multiply-adds, a curve for each level of training compute, with
    the best size by the parabola and its 95% interval; beside it that size against the compute.

    isocompute: of one model and method; runs: of the same model. None without a level.
    """
    best = isocompute[isocompute.what == BEST].sort_values(TRAIN_FLOPS)
    if best.empty:
        return None
    method = best.method.iloc[0]
    table = with_levels(runs[runs.method.isin([method, "baseline"]) & (runs[TRAIN_FLOPS] > 0)])
    x, compute = METRICS["flops"].for_values(best.value), METRICS[TRAIN_FLOPS].for_values(best[TRAIN_FLOPS])
    curves, optima, sizes = [], [], []
    for (_, rows), row, look in zip(table.groupby("level"), best.itertuples(), sequence(len(best)), strict=True):
        curves.append(level(rows, x, look, f"{row.train_flops / compute.scale:.3g} {compute.unit}".strip()))
        value, low, high = (floats([end / x.scale]) for end in (row.value, row.low, row.high))
        hollow = bool(row.at_edge)
        optima.append(
            Marks(
                value,
                floats([row.accuracy]),
                x_ends=(low, high),
                hollow=hollow,
                **look | {"size": 11, "edge": "black", "bar_width": 2},
            )
        )
        at = floats([row.train_flops / compute.scale])
        sizes.append(Marks(at, value, y_ends=(low, high), hollow=hollow, **look | {"size": 8}))
    words = f"{about(table.assign(epochs=np.nan), best.model.iloc[0])}; {spread_text(table)}"
    left = Panel(
        Axis(f"{x.title}, log scale", log=2),
        Axis(METRICS["val_top1"].title),
        (*curves, *optima),
        title=words,
        legend_title=compute.label,
    )
    right = Panel(
        Axis(f"{compute.title}, log scale", log=2, ticks=floats(best[TRAIN_FLOPS] / compute.scale)),
        Axis(f"best {x.title}, log scale", log=2, ticks=floats(best.value / x.scale)),
        tuple(sizes),
        title=exponent_text(isocompute),
        legend=None,
    )
    title = f"{method} at equal training compute; large markers: best by the fitted curve with its 95% interval; "
    return Chart(f"{title}hollow: at the edge", ((left, right),), (11.0, 4.6), widths=(1.6, 1.0))


def level(rows: pd.DataFrame, x: Metric, look: Style, name: str) -> Marks:
    """Mean and standard deviation over seeds of the networks of one level, joined by a line."""
    points = rows.groupby("flops").val_top1.agg(["mean", "std"]).astype(float)
    ends = floats(points["mean"] - points["std"]), floats(points["mean"] + points["std"])
    return Marks(
        floats(points.index / x.scale), floats(points["mean"]), y_ends=ends, name=name, line="solid", width=1.2, **look
    )


def exponent_text(isocompute: pd.DataFrame) -> str:
    """How the best size grows with compute, in words."""
    for row in isocompute[isocompute.what == SIZE].itertuples():
        span = "" if pd.isna(row.low) else f" ({row.low:.2f} to {row.high:.2f})"
        return f"grows as compute to the power {row.value:.2f}{span}"
    return "two levels off the edge would give its growth"


def spread_text(rows: pd.DataFrame) -> str:
    """The number of seeds and what the bars mean."""
    counts = sorted(set(rows.groupby(["level", "flops"]).seed.nunique()))
    n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"n = {n} seed{'' if counts == [1] else 's'}" + ("" if counts == [1] else ", mean and standard deviation")
