"""Marks that several figures share: curves with the range over seeds, the baseline, references."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from scaling_study.figures.labels import BELOW_RIGHT
from scaling_study.figures.metrics import Metric
from scaling_study.figures.style import BASELINE_STAR, CAP_SIZE, MARKER_SIZE, METHODS, POINTS, REFERENCE


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
    """The baseline as a star."""
    baseline = table[table.method == "baseline"]
    axes.plot(baseline[x.column] / x.scale, baseline["mean"], label="baseline", **BASELINE_STAR | POINTS)


def yerror(error: Iterable[pd.Series]) -> list:
    """Lengths of the lower and upper bars as arrays of floats."""
    return [side.to_numpy(dtype=float) for side in error]
