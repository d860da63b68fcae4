"""Fitted curves, Pareto frontiers and the grid of Figure 4 over a cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_study.analysis.ensemble import POINTS_MIN
from scaling_study.figures.aggregation import about, cost_of, intervals, seeds, seeds_note, trained, variants
from scaling_study.figures.chart import Marks, floats
from scaling_study.figures.marks import against_cost, band, baseline_star, means, method_means
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE, METHODS, categories, method_label

if TYPE_CHECKING:
    from scaling_study.figures.chart import Band, Chart
    from scaling_study.figures.metrics import Metric

WIDTHS_MIN = 3
CORNER = (0.6, 0.4)  # shares of width and height, from which and up to which it reaches


def fitted(fit_curves: pd.DataFrame, runs: pd.DataFrame) -> Chart:
    """Mean and range of every variant with each method's fitted curve: band of 95% confidence, dashed beyond the
    trained costs. fit_curves: of one model, length of training and cost; runs: the same runs."""
    cost = cost_of(fit_curves)
    table = variants(runs, "top1", cost)
    x = METRICS[cost].for_values(table[cost])
    marks: list[Marks | Band] = []
    for method in [m for m in METHODS if (fit_curves.method == m).any()]:
        marks += fit(fit_curves[fit_curves.method == method], x, METHODS[method]["color"])
    for method in [m for m in METHODS if m in set(table.method)]:
        name = method_label(method) + why_no_curve(table, fit_curves, method)
        marks.append(method_means(table[table.method == method], method, x, name=name))
    marks += baseline_star(table, x)
    words = f"{about(runs, fit_curves.model.iloc[0])}; {seeds_note(table)}"
    place = "best" if in_corner(table[cost], table["mean"], fit_curves) else "lower right"
    return against_cost(f"{words}\nfitted curves with 95% bands, dashed beyond", x, marks, legend=place)


def in_corner(costs: pd.Series, accuracies: pd.Series, fit_curves: pd.DataFrame) -> bool:
    """Whether a network lies at the lower right, where growing curves leave room for a legend."""
    x, curves = np.log(costs.astype(float)), np.log(fit_curves.cost_value)
    right = x > x.min() + CORNER[0] * (max(x.max(), curves.max()) - x.min())
    least = min(accuracies.min(), fit_curves.low.min())
    low = accuracies < least + CORNER[1] * (max(accuracies.max(), fit_curves.high.max()) - least)
    return bool((right & low).any())


def why_no_curve(table: pd.DataFrame, fit_curves: pd.DataFrame, method: str) -> str:
    """What a legend adds to the name of a method without a fitted curve. table: of ``variants``."""
    if (fit_curves.method == method).any() or method == "custom":  # networks that follow no rule have none
        return ""
    sizes = table.method.isin([method, "baseline"]).sum()
    return ", too few sizes" if sizes < POINTS_MIN else ", no clear trend"


def fit(rows: pd.DataFrame, x: Metric, color: str) -> list[Marks | Band]:
    """A fitted curve, dashed from the last trained cost on, and its band."""
    inside = ~rows.extrapolated.astype(bool)
    beyond = rows.index >= rows.index[inside.to_numpy()][-1]
    pieces = [(rows[inside], "solid"), (rows[beyond], "dashed")]
    lines = [
        Marks(floats(part.cost_value / x.scale), floats(part.accuracy), color, line=line, width=1.8)  # type: ignore[arg-type]
        for part, line in pieces
    ]
    return [*lines, *band(rows, "cost_value", color, x.scale)]


def frontiers(frontier: pd.DataFrame) -> Chart:
    """Accuracy with 95% intervals; variants on the Pareto frontier are filled and joined by a staircase."""
    x = METRICS[cost_of(frontier)].for_values(frontier.cost_value)
    best = frontier[frontier.pareto.astype(bool)].sort_values("cost_value")
    stairs = floats(best.cost_value / x.scale), floats(best.accuracy)
    marks = [Marks(*stairs, "grey", line="solid", width=1.2, step=True, behind=True)]
    styles = {"baseline": BASELINE} | METHODS
    for method in [m for m in styles if (frontier.method == m).any()]:
        rows = frontier[frontier.method == method]
        for optimal in (True, False):
            part = rows[rows.pareto.astype(bool) == optimal]
            if len(part):
                place = floats(part.cost_value / x.scale), floats(part.accuracy)
                ends = floats(part.low), floats(part.high)
                look = styles[method] | {"size": 7 if optimal else 5, "hollow": not optimal}
                marks.append(Marks(*place, y_ends=ends, name=method, **look))
    name = " and ".join(dict.fromkeys(frontier.model))
    title = f"{trained(name, frontier)}; {seeds(frontier)}, {intervals(frontier)}; filled: Pareto-optimal by the means"
    return against_cost(title, x, marks)


def width_by_depth_and_resolution(runs: pd.DataFrame, cost: str = "flops") -> Chart | None:
    """Accuracy against cost as width grows, a curve for each pair of depth and resolution (as Figure 4 of Tan & Le
    2019); None unless two pairs have WIDTHS_MIN widths."""
    table = variants(runs, "top1", cost)
    if len(runs[["model", "epochs"]].drop_duplicates()) > 1:
        return None
    pairs = {
        pair: rows.sort_values(cost)
        for pair, rows in table.groupby(["depth", "resolution"])
        if rows.width.nunique() >= WIDTHS_MIN
    }
    if len(pairs) < 2:
        return None
    points = pd.concat(pairs.values())
    x = METRICS[cost].for_values(points[cost])
    marks = [
        means(rows, x, name=f"d={depth:g}, r={resolution:g}", line="solid", **look)
        for ((depth, resolution), rows), look in zip(pairs.items(), categories(len(pairs)), strict=True)
    ]
    title = f"{about(runs, runs.model.iloc[0])}; {seeds_note(points)}; width grows along each curve"
    return against_cost(title, x, marks, legend="lower right")
