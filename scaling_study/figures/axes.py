"""Accuracy against cost, a panel per axis (as Figure 3 of Tan & Le 2019)."""

from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure

from scaling_study.figures.aggregation import about, curve, seeds_note, variants
from scaling_study.figures.labels import BELOW_RIGHT, name_points
from scaling_study.figures.marks import draw_curve, mark_baseline
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import GRID, SYMBOLS, TITLE_SIZE

PANEL_LETTERS = 44  # of the title that fit above a panel


def one_panel_per_axis(runs: pd.DataFrame, model: str, cost: str = "flops") -> Figure | None:
    """Accuracy against cost with one panel per axis, points labelled with their coefficient; None where no cost is
    known."""
    table, y = variants(runs[runs.model == model], "top1", cost), METRICS["top1"]
    if table.empty:
        return None
    x = METRICS[cost].for_values(table[cost])
    present = [axis for axis in ("width", "depth", "resolution") if (table.method == axis).any()]
    names = present or ["baseline"]
    figure = Figure(figsize=(4.2 * len(names), 4.0), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for panel, axis in zip(panels, names, strict=True):
        if axis != "baseline":
            draw_curve(panel, curve(table, axis, cost), axis, x)
            panel.set_title(f"{axis} only")
        mark_baseline(panel, table, x)
        panel.set_xlabel(x.title)
        panel.margins(x=0.14, y=0.12)
        panel.set_xlim(left=0)
        panel.grid(**GRID)
    panels[0].set_ylabel(y.title)
    if (table.method == "baseline").any():
        panels[-1].legend(loc="lower right", frameon=False)
    title = fill(f"{about(runs, model)}; {seeds_note(table)}", PANEL_LETTERS * len(names))
    figure.suptitle(title, fontsize=TITLE_SIZE)
    for panel, axis in zip(panels, present, strict=False):
        points = curve(table, axis, cost)
        coefficients = [f"{SYMBOLS[axis]}={value:g}" for value in points[axis]]
        places = zip(points[cost] / x.scale, points["mean"], coefficients, strict=True)
        name_points(panel, [(*place, BELOW_RIGHT) for place in places])
    return figure
