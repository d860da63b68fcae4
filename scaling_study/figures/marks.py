"""Marks that several figures share: curves with the range over seeds, the baseline, references."""

from collections.abc import Iterable
from math import ceil, floor, log2, sqrt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scaling_study.figures.aggregation import wrapped
from scaling_study.figures.labels import BELOW_RIGHT
from scaling_study.figures.metrics import METRICS, Metric
from scaling_study.figures.style import (
    BASELINE_STAR,
    CAP_SIZE,
    GRID,
    MARKER_SIZE,
    METHODS,
    ONE_PANEL,
    POINTS,
    REFERENCE,
    TITLE_SIZE,
)

ROOM = 1.25  # least ratio of the ends of an axis of costs


def cost_axes(x: Metric, title: str) -> tuple[Figure, Axes]:
    """A Figure of one panel, accuracy against a cost on a log scale; ``finish_cost_axis`` is called last."""
    figure = Figure(figsize=ONE_PANEL, layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(f"{x.title}, log scale")
    axes.set_ylabel(METRICS["top1"].title)
    axes.grid(**GRID)
    axes.set_title(wrapped(title), fontsize=TITLE_SIZE)
    return figure, axes


def finish_cost_axis(figure: Figure) -> Figure:
    """The Figure with even ticks where fewer than two powers of two are in view, and with room around costs that are
    nearly equal, so that their difference does not look large."""
    [axes] = figure.axes
    low, high = axes.get_xlim()
    if high < ROOM * low:
        middle = sqrt(low * high)
        low, high = middle / sqrt(ROOM), middle * sqrt(ROOM)
        axes.set_xlim(low, high)
    if floor(log2(high)) <= ceil(log2(low)):
        axes.set_xticks([tick for tick in MaxNLocator(5).tick_values(low, high) if low < tick < high])
        axes.minorticks_off()
    return figure


def draw_curve(axes: Axes, points: pd.DataFrame, method: str, x: Metric, **options: Any) -> None:
    """Mean as line and markers, range over seeds as bars."""
    cost = points[x.column] / x.scale
    error = yerror([points["mean"] - points.low, points.high - points["mean"]])
    look = METHODS[method] | {"capsize": CAP_SIZE, "markersize": MARKER_SIZE}
    axes.errorbar(cost, points["mean"], error, **look | options)


def mark_references(axes: Axes, table: pd.DataFrame, x: Metric) -> list[tuple]:
    """Other models, unscaled. Returns their names with their places, to be written when all else is drawn."""
    points = []
    for n, point in enumerate(table.assign(cost=table[x.column] / x.scale).itertuples()):
        error = [[point.mean - point.low], [point.high - point.mean]]
        look = REFERENCE | POINTS | {"capsize": CAP_SIZE, "label": "reference" if n == 0 else None}
        axes.errorbar([point.cost], [point.mean], error, **look)
        points.append((point.cost, point.mean, f"{point.model}, {point.resolution_px} px", BELOW_RIGHT))
    return points


def mark_baseline(axes: Axes, table: pd.DataFrame, x: Metric) -> None:
    """The baseline as a star, with its range where no curve that starts there shows it."""
    baseline = table[table.method == "baseline"]
    if baseline.empty:
        return
    if set(table.method) <= {"baseline", "custom"}:
        error = yerror([baseline["mean"] - baseline.low, baseline.high - baseline["mean"]])
        axes.errorbar(
            baseline[x.column] / x.scale, baseline["mean"], error, fmt="none", ecolor="black", capsize=CAP_SIZE
        )
    axes.plot(baseline[x.column] / x.scale, baseline["mean"], label="baseline", **BASELINE_STAR | POINTS)


def yerror(error: Iterable[pd.Series]) -> list:
    """Lengths of the lower and upper bars as arrays of floats."""
    return [side.to_numpy(dtype=float) for side in error]
