"""Accuracy against cost, a panel per axis (as Figure 3 of Tan & Le 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study.figures.aggregation import about, curve, seeds_note, variants
from scaling_study.figures.chart import Axis, Chart, Panel
from scaling_study.figures.marks import baseline_star, method_means
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import SYMBOLS
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.metrics import Metric

NAMED_MAX = 20  # points of a panel; of more, every second, third and so on


def one_panel_per_axis(runs: pd.DataFrame, model: str, cost: str = "flops") -> Chart | None:
    """Accuracy against cost with one panel per axis, points labelled with their coefficient; None where no cost is
    known."""
    table = variants(runs[runs.model == model], "top1", cost)
    if table.empty:
        return None
    single = table[table.method.isin(["baseline", *AXES])]
    table = single if len(single) else table  # costs and seeds of methods that are not drawn are not shown
    x = METRICS[cost].for_values(table[cost])
    present = [axis for axis in ("width", "depth", "resolution") if (table.method == axis).any()] or ["baseline"]
    panels = tuple(panel(table, axis, cost, x, last=axis == present[-1]) for axis in present)
    title = f"{about(runs, model)}; {seeds_note(table)}"
    return Chart(title, (panels,), (4.2 * len(panels), 4.0), share_y="all")


def panel(table: pd.DataFrame, axis: str, cost: str, x: Metric, *, last: bool) -> Panel:
    marks = []
    if axis != "baseline":
        points = curve(table, axis, cost)
        every = -(-len(points) // NAMED_MAX)
        texts = tuple("" if n % every else f"{SYMBOLS[axis]}={value:.3g}" for n, value in enumerate(points[axis]))
        marks.append(method_means(points, axis, x, line="solid", texts=texts))
    marks += baseline_star(table, x)
    room = 1.14 * float(table[cost].max()) / x.scale  # for the text of the last point
    return Panel(
        Axis(x.title, limits=(0, room)),
        Axis(METRICS["top1"].title),
        tuple(marks),
        title="" if axis == "baseline" else f"{axis} only",
        legend="lower right" if last else None,
    )
