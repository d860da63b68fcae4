"""Accuracy against cost, all methods together (as Figure 8 of Tan & Le 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study.figures.aggregation import about, curve, seeds_note, variants
from scaling_study.figures.marks import against_cost, baseline_star, method_means, references
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import METHODS, method_label

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.chart import Chart


def methods_together(runs: pd.DataFrame, model: str, cost: str = "flops") -> Chart | None:
    """Accuracy against cost (log scale) with a curve per method, all from the baseline; None where no cost is known."""
    everything = variants(runs, "top1", cost)
    table = everything[everything.model == model]
    if table.empty:
        return None
    x, marks = METRICS[cost].for_values(table[cost]), []
    for method in [method for method in METHODS if (table.method == method).any()]:
        alone = method == "custom"  # of which no two need to have more in common than the baseline
        points = table[table.method == method] if alone else curve(table, method, cost)
        marks.append(method_means(points, method, x, name=method_label(method), line=None if alone else "solid"))
    marks += baseline_star(table, x) + references(everything[everything.model != model], x)
    return against_cost(f"{about(runs, model)}; {seeds_note(table)}", x, marks)
