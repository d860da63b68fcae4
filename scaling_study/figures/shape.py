"""Shapes of equal multiply-adds: accuracy as one axis is traded for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from scaling_study.figures.aggregation import trained
from scaling_study.figures.comparisons import seeds
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import (
    BASELINE_STAR,
    CAP_SIZE,
    GRID,
    LABEL_SIZE,
    MARKER_SIZE,
    METHODS,
    POINTS,
    TITLE_SIZE,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scaling_study.figures.style import Style

PANELS = {  # of each pair: label of the horizontal axis, color and marker of the first axis
    "depth-width": ("depth, paid for by width", "depth"),
    "depth-resolution": ("depth, paid for by resolution", "depth"),
    "resolution-width": ("resolution, paid for by width", "resolution"),
}
TICKS = (0.5, 0.71, 1, 1.41, 2, 2.83)


def traded(statements: pd.DataFrame, curves: pd.DataFrame) -> Figure | None:
    """Validation top-1 (percent) against the multiplier of the axis that is traded for another, a panel per pair: means
    with standard deviations over seeds, the fitted surface along the pair with its 95% band, and its optimum there.

    statements, curves: of one model and length of training. None without a trained shape.
    """
    points = statements[statements.what == "trained"]
    if points.empty:
        return None
    figure = Figure(figsize=(4.2 * len(PANELS), 4.2), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for panel, pair in zip(panels, PANELS, strict=True):
        draw_pair(panel, pair, points, curves[curves.pair == pair].sort_values("multiplier"))
        best = statements[(statements.what == "pair optimum") & (statements.axis == pair)]
        mark_optimum(panel, best)
    panels[0].set_ylabel(METRICS["val_top1"].title)
    handles = dict(zip(*panels[0].get_legend_handles_labels()[::-1], strict=True))
    figure.legend(handles.values(), handles, frameon=False, fontsize=LABEL_SIZE, loc="outside lower center", ncols=4)
    name = trained(points.model.iloc[0], points)
    about = f"{name}; {seeds(points)} per point, mean and standard deviation"
    figure.suptitle(
        f"Shapes of equal multiply-adds: {about}\ncurve and optimum of one surface through all shapes, 95% intervals",
        fontsize=TITLE_SIZE,
    )
    return figure


def draw_pair(panel: Axes, pair: str, points: pd.DataFrame, curve: pd.DataFrame) -> None:
    label, axis = PANELS[pair]
    x = curve.multiplier.astype(float)
    if curve.low.notna().any():
        band: Style = {"color": "black", "alpha": 0.15, "linewidth": 0}
        panel.fill_between(x, curve.low.astype(float), curve.high.astype(float), **band)
    panel.plot(x, curve.accuracy, label="surface", linewidth=1.5, color="black")
    own = points[points.axis == pair]
    error = own.sd.fillna(0).astype(float)
    look = {"color": METHODS[axis]["color"], "marker": METHODS[axis]["marker"]} | POINTS
    panel.errorbar(
        own[axis].astype(float), own.accuracy, error, capsize=CAP_SIZE, markersize=MARKER_SIZE, label="shapes", **look
    )
    for row in points[points.axis == "baseline"].itertuples():
        bar = 0.0 if pd.isna(row.sd) else row.sd
        star = BASELINE_STAR | POINTS | {"ecolor": "black"}
        panel.errorbar([1.0], [row.accuracy], [bar], capsize=CAP_SIZE, label="baseline", **star)
    panel.set_xscale("log", base=2)
    panel.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlim(0.9 * min(x.min(), own[axis].min()), 1.1 * max(x.max(), own[axis].max()))
    panel.set_xlabel(f"{label} (1: the baseline's)")
    panel.grid(**GRID)


def mark_optimum(panel: Axes, rows: pd.DataFrame) -> None:
    """The best multiplier with its interval, at the foot of the panel."""
    for row in rows.itertuples():
        place: Style = {"transform": panel.get_xaxis_transform(), "clip_on": False, "zorder": 4}
        name = "optimum" if row.status == "inside" else "optimum at the edge:"
        if pd.notna(row.low):
            panel.plot([row.low, row.high], [0.03, 0.03], color="black", linewidth=2.5, **place)
        panel.plot([row.value], [0.03], label="optimum", color="black", marker="D", **POINTS, **place)
        words = f"{name} {row.value:.2f}"
        words += f" ({row.low:.2f} to {row.high:.2f})" if pd.notna(row.low) else ""
        panel.set_title(words, fontsize=LABEL_SIZE + 1)
