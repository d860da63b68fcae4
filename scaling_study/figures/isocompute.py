"""Accuracy against size at equal training compute, and the best size against compute (as Figure 3 of Hoffmann et al.
2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scaling_study.analysis.isocompute import BEST, SIZE, with_levels
from scaling_study.analysis.observations import TRAIN_FLOPS
from scaling_study.figures.aggregation import about
from scaling_study.figures.metrics import METRICS, Metric
from scaling_study.figures.style import CAP_SIZE, GRID, HOLLOW, LABEL_SIZE, MARKER_SIZE, POINTS, TITLE_SIZE, sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scaling_study.figures.style import Style


def equal_compute(isocompute: pd.DataFrame, runs: pd.DataFrame) -> Figure | None:
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
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    levels = table.groupby("level")
    for (_, rows), row, look in zip(levels, best.itertuples(), sequence(len(best)), strict=True):
        draw_level(left, rows, x, look, f"{row.train_flops / compute.scale:.3g} {compute.unit}".strip())
        mark_best(left, row, x.scale, look | (HOLLOW if row.at_edge else {}))
        place = row.train_flops / compute.scale
        style = look | POINTS | {"capsize": CAP_SIZE, "markersize": 8} | (HOLLOW if row.at_edge else {})
        right.errorbar([place], [row.value / x.scale], ends(row, x.scale), **style)
    for panel in (left, right):
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        panel.grid(**GRID)
    right.set_yscale("log", base=2)
    right.set_xticks(best[TRAIN_FLOPS] / compute.scale)
    right.set_yticks(best.value / x.scale, [f"{value:.3g}" for value in best.value / x.scale])
    left.set(xlabel=f"{x.title}, log scale", ylabel=METRICS["val_top1"].title)
    right.set(xlabel=f"{compute.title}, log scale", ylabel=f"best {x.title}, log scale")
    left.legend(frameon=False, fontsize=LABEL_SIZE, title=compute.label, title_fontsize=LABEL_SIZE)
    left.set_title(
        f"{about(table.assign(epochs=np.nan), best.model.iloc[0])}; {spread_text(table)}", fontsize=TITLE_SIZE
    )
    right.set_title(exponent_text(isocompute), fontsize=TITLE_SIZE)
    figure.suptitle(
        f"{method} at equal training compute; large markers: best by the fitted curve with its 95% interval; "
        "hollow: at the edge",
        fontsize=TITLE_SIZE,
    )
    return figure


def draw_level(axes: Axes, rows: pd.DataFrame, x: Metric, look: Style, label: str) -> None:
    """Mean and standard deviation over seeds of the networks of one level, joined by a line."""
    points = rows.groupby("flops").val_top1.agg(["mean", "std"])
    look = look | {"capsize": CAP_SIZE, "markersize": MARKER_SIZE, "linewidth": 1.2}
    axes.errorbar(points.index.astype(float) / x.scale, points["mean"], points["std"].fillna(0), label=label, **look)


def mark_best(axes: Axes, row: Any, scale: float, look: Style) -> None:
    """The best size at its accuracy, with its interval along the axis of sizes."""
    style = look | POINTS | {"markersize": 11, "markeredgecolor": "black", "elinewidth": 2, "capsize": 6, "zorder": 4}
    axes.errorbar([row.value / scale], [row.accuracy], xerr=ends(row, scale), **style)


def ends(row: Any, scale: float) -> list | None:
    """Lengths of the bars below and above the best size; None without an interval."""
    return None if pd.isna(row.low) else [[(row.value - row.low) / scale], [(row.high - row.value) / scale]]


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
