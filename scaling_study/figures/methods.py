"""Accuracy against cost, all methods together (as Figure 8 of Tan & Le 2019)."""

import pandas as pd
from matplotlib.figure import Figure

from scaling_study.figures.aggregation import about, curve, seeds_note, variants
from scaling_study.figures.labels import name_points
from scaling_study.figures.marks import cost_axes, draw_curve, finish_cost_axis, mark_baseline, mark_references
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import METHODS, POINTS, method_label


def methods_together(runs: pd.DataFrame, model: str, cost: str = "flops") -> Figure | None:
    """Accuracy against cost (log scale) with a curve per method, all from the baseline; None where no cost is known."""
    everything = variants(runs, "top1", cost)
    table = everything[everything.model == model]
    if table.empty:
        return None
    x = METRICS[cost].for_values(table[cost])
    figure, axes = cost_axes(x, f"{about(runs, model)}; {seeds_note(table)}")
    for method in [method for method in METHODS if (table.method == method).any()]:
        own = table[table.method == method]
        points, line = (own, POINTS) if method == "custom" else (curve(table, method, cost), {})
        draw_curve(axes, points, method, x, label=method_label(method), **line)
    mark_baseline(axes, table, x)
    names = mark_references(axes, everything[everything.model != model], x)
    axes.legend(frameon=False)
    finish_cost_axis(figure)
    name_points(axes, names)
    return figure
