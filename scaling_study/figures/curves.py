"""Fitted curves, Pareto frontiers and the grid of Figure 4 over a cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from scaling_study.figures.aggregation import about, cost_of, seeds_note, trained, variants
from scaling_study.figures.comparisons import seeds
from scaling_study.figures.marks import cost_axes, finish_cost_axis, mark_baseline, yerror
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import (
    BASELINE,
    CAP_SIZE,
    DASHES,
    HOLLOW,
    MARKER_SIZE,
    METHODS,
    POINTS,
    categories,
    method_label,
)

if TYPE_CHECKING:
    pass


WIDTHS_MIN = 3


def fitted(fit_curves: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    """Mean and range of every variant with each method's fitted curve: band of 95% confidence, dashed beyond the
    trained costs. fit_curves: of one model, length of training and cost; runs: the same runs."""
    cost = cost_of(fit_curves)
    table = variants(runs, "top1", cost)
    x = METRICS[cost].for_values(table[cost])
    model = fit_curves.model.iloc[0]
    figure, axes = cost_axes(
        x, f"{about(runs, model)}; {seeds_note(table)}\nfitted curves with 95% bands, dashed beyond"
    )
    for method in [m for m in METHODS if (fit_curves.method == m).any()]:
        rows, style = fit_curves[fit_curves.method == method], METHODS[method]
        costs = rows.cost_value / x.scale
        inside = ~rows.extrapolated.astype(bool)
        axes.plot(costs[inside], rows.accuracy[inside], color=style["color"], linewidth=1.8)
        beyond = rows.index >= rows.index[inside.to_numpy()][-1]
        axes.plot(costs[beyond], rows.accuracy[beyond], color=style["color"], linewidth=1.8, linestyle=DASHES)
        if rows.low.notna().any():
            band = {"alpha": 0.15, "color": style["color"], "linewidth": 0}
            axes.fill_between(costs.astype(float), rows.low.astype(float), rows.high.astype(float), **band)
    for method in [m for m in METHODS if m in set(table.method)]:
        points = table[table.method == method]
        error = yerror([points["mean"] - points.low, points.high - points["mean"]])
        fit = "" if (fit_curves.method == method).any() else ", no clear trend"
        look = METHODS[method] | POINTS | {"capsize": CAP_SIZE, "markersize": MARKER_SIZE}
        axes.errorbar(points[cost] / x.scale, points["mean"], error, label=method_label(method) + fit, **look)
    mark_baseline(axes, table, x)
    axes.legend(frameon=False, loc="lower right")
    return finish_cost_axis(figure)


def frontiers(frontier: pd.DataFrame) -> Figure:
    """Accuracy with 95% intervals; variants on the Pareto frontier are filled and joined by a staircase."""
    x = METRICS[cost_of(frontier)].for_values(frontier.cost_value)
    name = " and ".join(dict.fromkeys(frontier.model))
    title = f"{trained(name, frontier)}; {seeds(frontier)}, 95% intervals; filled: Pareto-optimal by the means"
    figure, axes = cost_axes(x, title)
    best = frontier[frontier.pareto.astype(bool)].sort_values("cost_value")
    axes.step(best.cost_value / x.scale, best.accuracy, where="post", color="grey", linewidth=1.2, zorder=1)
    styles = {"baseline": BASELINE} | METHODS
    for method in [m for m in styles if (frontier.method == m).any()]:
        rows = frontier[frontier.method == method]
        label: str | None = method
        for optimal in (True, False):
            part = rows[rows.pareto.astype(bool) == optimal]
            error = yerror([(part.accuracy - part.low).fillna(0), (part.high - part.accuracy).fillna(0)])
            look = styles[method] | POINTS | {"capsize": 2, "elinewidth": 0.8, "markersize": 7 if optimal else 5}
            look |= {} if optimal else HOLLOW
            axes.errorbar(part.cost_value / x.scale, part.accuracy, error, label=label, **look)
            label = None if len(part) else label
    handles, labels = axes.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    axes.legend(shown.values(), shown.keys(), frameon=False, loc="best")
    return finish_cost_axis(figure)


def width_by_depth_and_resolution(runs: pd.DataFrame, cost: str = "flops") -> Figure | None:
    """Accuracy against cost as width grows, a curve for each pair of depth and resolution (as Figure 4 of Tan & Le
    2019); None unless two pairs have WIDTHS_MIN widths."""
    table = variants(runs, "top1", cost)
    whole = runs[["model", "epochs"]].drop_duplicates()
    if len(whole) > 1:
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
    title = f"{about(runs, runs.model.iloc[0])}; {seeds_note(points)}; width grows along each curve"
    figure, axes = cost_axes(x, title)
    for ((depth, resolution), rows), style in zip(pairs.items(), categories(len(pairs)), strict=True):
        error = yerror([rows["mean"] - rows.low, rows.high - rows["mean"]])
        look = style | {"capsize": CAP_SIZE, "markersize": MARKER_SIZE, "label": f"d={depth:g}, r={resolution:g}"}
        axes.errorbar(rows[cost] / x.scale, rows["mean"], error, **look)
    axes.legend(frameon=False, loc="lower right")
    return finish_cost_axis(figure)
