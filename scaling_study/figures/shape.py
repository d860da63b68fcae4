"""Shapes of equal multiply-adds: accuracy as one axis is traded for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.figures.aggregation import seeds, trained
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, floats
from scaling_study.figures.marks import band
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE_STAR, METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scaling_study.figures.chart import Band
    from scaling_study.figures.style import Style

PANELS = {  # of each pair: label of the horizontal axis, color and marker of the first axis
    "depth-width": ("depth, paid for by width", "depth"),
    "depth-resolution": ("depth, paid for by resolution", "depth"),
    "resolution-width": ("resolution, paid for by width", "resolution"),
}
TICKS = (0.5, 0.71, 1, 1.41, 2, 2.83)
FOOT = 0.03  # where the optimum is marked, in heights of the panel


def traded(statements: pd.DataFrame, curves: pd.DataFrame) -> Chart | None:
    """Validation top-1 (percent) against the multiplier of the axis that is traded for another, a panel per pair: means
    with standard deviations over seeds, the fitted surface along the pair with its 95% band, and its optimum there.

    statements, curves: of one model and length of training. None without a trained shape.
    """
    points = statements[statements.what == "trained"]
    if points.empty:
        return None
    panels = []
    for pair in PANELS:
        best = statements[(statements.what == "pair optimum") & (statements.axis == pair)]
        panels.append(panel(pair, points, curves[curves.pair == pair].sort_values("multiplier"), best))
    name = trained(points.model.iloc[0], points)
    about = f"{name}; {seeds(points)} per point, mean and standard deviation"
    title = (
        f"Shapes of equal multiply-adds: {about}\ncurve and optimum of one surface through all shapes, 95% intervals"
    )
    return Chart(title, (tuple(panels),), (4.2 * len(PANELS), 4.2), share_y="all", legend=True)


def panel(pair: str, points: pd.DataFrame, curve: pd.DataFrame, best: pd.DataFrame) -> Panel:
    label, axis = PANELS[pair]
    own, baseline = points[points.axis == pair], points[points.axis == "baseline"]
    x = floats(curve.multiplier)
    ends = 0.9 * min(*x, *floats(own[axis])), 1.1 * max(*x, *floats(own[axis]))
    surface = Marks(x, floats(curve.accuracy), "black", line="solid", name="surface")
    marks: list[Marks | Band] = [*band(curve, "multiplier", "black"), surface]
    marks.append(with_sd(own, own[axis], name="shapes", **METHODS[axis]))
    marks.append(with_sd(baseline, [1.0] * len(baseline), name="baseline", **BASELINE_STAR))
    for row in best.itertuples():
        places = (row.value, row.low, row.high)
        value, low, high = (floats([place]) for place in places)
        look: Style = {"color": "black", "marker": "D", "name": "optimum", "shares": True, "bar_width": 2.5}
        marks.append(Marks(value, (FOOT,), x_ends=(low, high), **look))
    return Panel(
        Axis(f"{label} (1: the baseline's)", log=2, limits=ends, ticks=TICKS),
        Axis(METRICS["val_top1"].title),
        tuple(marks),
        title="; ".join(optimum_text(row) for row in best.itertuples()),
        legend=None,
    )


def with_sd(rows: pd.DataFrame, x: Iterable[float], **look: Any) -> Marks:
    """Means with their standard deviation over seeds."""
    mean, sd = rows.accuracy.astype(float), rows.sd.astype(float)
    return Marks(floats(x), floats(mean), y_ends=(floats(mean - sd), floats(mean + sd)), **look)


def optimum_text(row: Any) -> str:
    """The best multiplier with its interval."""
    name = "optimum" if row.status == "inside" else "optimum at the edge:"
    return f"{name} {row.value:.2f}" + (f" ({row.low:.2f} to {row.high:.2f})" if pd.notna(row.low) else "")
