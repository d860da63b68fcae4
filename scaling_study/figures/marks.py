"""Marks that several figures share: means with their range over seeds, the baseline, references, bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scaling_study.figures.chart import Axis, Band, Marks, floats, one_panel
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE_STAR, METHODS, ONE_PANEL, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from scaling_study.figures.chart import Chart
    from scaling_study.figures.metrics import Metric


def against_cost(title: str, x: Metric, marks: Sequence[Any], **options: Any) -> Chart:
    """A Chart of one panel, accuracy against a cost on a log scale."""
    return one_panel(title, cost_axis(x), Axis(METRICS["top1"].title), marks, ONE_PANEL, **options)


def cost_axis(x: Metric) -> Axis:
    return Axis(f"{x.title}, log scale", log=2)


def means(points: pd.DataFrame, x: Metric, **look: Any) -> Marks:
    """Means with the range over seeds. points: as of ``variants``."""
    cost = floats(points[x.column] / x.scale)
    return Marks(cost, floats(points["mean"]), y_ends=(floats(points.low), floats(points.high)), **look)


def method_means(points: pd.DataFrame, method: str, x: Metric, **look: Any) -> Marks:
    """The means of a method, in its look."""
    return means(points, x, **METHODS[method] | look)


def baseline_star(table: pd.DataFrame, x: Metric) -> list[Marks]:
    """The baseline as a star, with its range where no curve that starts there shows it; none where it is not there."""
    baseline = table[table.method == "baseline"]
    if baseline.empty:
        return []
    star = means(baseline, x, name="baseline", **BASELINE_STAR)
    return [star if set(table.method) <= {"baseline", "custom"} else star._replace(y_ends=None)]


def references(table: pd.DataFrame, x: Metric) -> list[Marks]:
    """Other models, unscaled, with their names; none where there are none."""
    if table.empty:
        return []
    texts = tuple(f"{row.model}, {row.resolution_px} px" for row in table.itertuples())
    return [means(table, x, name="reference", texts=texts, **REFERENCE)]


def band(rows: pd.DataFrame, x: str, color: str, scale: float = 1.0) -> list[Band]:
    """The interval from ``low`` to ``high`` along the column ``x``; none where it is not known."""
    known = rows[rows.low.notna()]
    if known.empty:
        return []
    return [Band(floats(known[x] / scale), floats(known.low), floats(known.high), color)]
