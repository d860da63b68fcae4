"""The law of all axes: accuracy along each axis and along the best direction, and over shares of one budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from scaling_study.figures.aggregation import about, seeds_note, variants
from scaling_study.figures.comparisons import seeds
from scaling_study.figures.labels import ABOVE_LEFT, name_points
from scaling_study.figures.marks import cost_axes, mark_baseline, yerror
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import (
    BASELINE_STAR,
    CAP_SIZE,
    DASHES,
    LABEL_SIZE,
    MARKER_SIZE,
    METHODS,
    ONE_PANEL,
    POINTS,
    SYMBOLS,
    TITLE_SIZE,
    method_label,
)
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from scaling_study.figures.style import Style


LINE = {"linewidth": 1.8}
PATHS = {axis: METHODS[axis] | LINE for axis in ("width", "depth", "resolution")}
PATHS["best"] = METHODS["compound"] | {"linewidth": 3.2, "alpha": 0.6}  # wide, to be seen under an axis as good
BEST = "best direction by the law"
ROOM = 1.55  # width of the panel in that of the curves, so that ceilings are named beside them
TICKS = (0, 0.25, 0.5, 0.75, 1)
LEVELS = 10  # about so many contours
HEAT = ListedColormap(colormaps["viridis"](np.linspace(0.3, 1, 256)))  # light enough for black hatches


def directions(law_curves: pd.DataFrame, runs: pd.DataFrame) -> Figure | None:
    """Accuracy (percent) against cost in multiples of the baseline's, with 95% bands, of each axis alone and of the
    best direction, dashed where extrapolated, with each axis's ceiling; mean and range of every measured variant.

    law_curves: of one model and length of training, by flops; runs: the same runs. None without an accuracy.
    """
    curves = law_curves[law_curves.accuracy.notna()]
    paths = {path: curves[curves.path == path].sort_values("budget", ignore_index=True) for path in PATHS}
    paths = {path: rows for path, rows in paths.items() if len(rows)}
    if not paths:
        return None
    table = variants(runs, "top1")
    label = f"{METRICS['flops'].label} relative to the baseline's"
    x = replace(METRICS["flops"], label=label, scale=baseline_flops(runs))
    title = f"{about(runs, curves.model.iloc[0])}; {seeds_note(table)}"
    figure, axes = cost_axes(x, f"{title}\none law of all axes, 95% intervals, dashed beyond the trained coefficients")
    for path, rows in reversed(paths.items()):  # the best below the others
        draw_path(axes, rows, PATHS[path])
    for method in [m for m in METHODS if (table.method == m).any()]:
        points = table[table.method == method]
        error = yerror([points["mean"] - points.low, points.high - points["mean"]])
        look = METHODS[method] | POINTS | {"capsize": CAP_SIZE, "markersize": MARKER_SIZE}
        name = None if method in paths else method_label(method)  # the path's line names it
        axes.errorbar(points.flops / x.scale, points["mean"], error, label=name, **look)
    mark_baseline(axes, table, x)
    axes.set_ylim(*limits(curves, table))
    name_paths(axes, paths, set(table.method), max(curves.budget.max(), table.flops.max() / x.scale))
    return figure


def name_paths(axes: Axes, paths: dict[str, pd.DataFrame], methods: set[str], budget: float) -> None:
    """The legend, and each ceiling as a thin line that ends with its text, right of all up to ``budget``.

    A ceiling far above what was measured stands in the legend instead: its line would flatten the curves.
    """
    ceilings = {path: rows.ceiling[0] for path, rows in paths.items() if pd.notna(rows.ceiling[0])}
    shown = {ceiling_text(paths[path]): path for path, value in ceilings.items() if value < axes.get_ylim()[1]}
    right = float(budget) ** ROOM
    for path in shown.values():
        axes.plot([1, right], [ceilings[path]] * 2, color=PATHS[path]["color"], linewidth=0.8, zorder=1)
        axes.set_xlim(axes.get_xlim()[0], right)
    handles = []
    for path, rows in paths.items():
        look = PATHS[path] if path in methods else PATHS[path] | {"marker": None}
        name = BEST if path == "best" else method_label(path)
        above = f"\n{ceiling_text(rows)}" if path in ceilings and path not in shown.values() else ""
        handles.append(Line2D([], [], label=name + above, markersize=MARKER_SIZE, **look))
    baseline, *others = axes.get_legend_handles_labels()[0]
    axes.legend(handles=[*handles, *others, baseline], frameon=False, fontsize=LABEL_SIZE)
    name_points(axes, [(right, ceilings[path], text, ABOVE_LEFT) for text, path in shown.items()])
    for text in axes.texts:
        text.set_color(PATHS[shown[text.get_text()]]["color"])


def baseline_flops(runs: pd.DataFrame) -> float:
    """Multiply-adds of the baseline, by the others' ratios to it where it was not trained."""
    own = runs.flops[runs.method == "baseline"]
    return float(own.median() if len(own) else (runs.flops / runs.flops_ratio).median())


def draw_path(axes: Axes, rows: pd.DataFrame, look: Style) -> None:
    """Line and band of one path, rows by budget; dashed from the last trained point to the next."""
    beyond = rows.extrapolated.astype(bool)
    for _, part in rows.groupby((beyond != beyond.shift()).cumsum()):
        first, last = part.index[[0, -1]]
        piece, style = (rows.loc[first - 1 : last + 1], {"linestyle": DASHES}) if beyond[first] else (part, {})
        axes.plot(piece.budget, piece.accuracy, **look | {"marker": None} | style)
    if rows.low.notna().any():
        band = {"alpha": 0.15, "color": look["color"], "linewidth": 0}
        axes.fill_between(*(rows[name].astype(float) for name in ("budget", "low", "high")), **band)


def limits(curves: pd.DataFrame, table: pd.DataFrame) -> tuple[float, float]:
    """Range of the vertical axis: bands and ceilings enlarge that of curves and points to at most three times it."""
    drawn = pd.concat([curves.accuracy, table.low, table.high]).astype(float)
    span = max(drawn.max() - drawn.min(), 0.1)
    values = pd.concat([drawn, *(curves[name].astype(float) for name in ("low", "high", "ceiling"))])
    inside = values[values.between(drawn.min() - span, drawn.max() + span)]
    margin = 0.06 * max(inside.max() - inside.min(), 0.1)
    return inside.min() - margin, inside.max() + margin


def ceiling_text(rows: pd.DataFrame) -> str:
    """The accuracy that an axis alone never exceeds, in words."""
    first = rows.iloc[0]
    interval = f" ({first.ceiling_low:.1f} to {first.ceiling_high:.1f})" if pd.notna(first.ceiling_low) else ""
    return f"ceiling of {first.path} {first.ceiling:.1f}%{interval}"


def shapes(law_map: pd.DataFrame, runs: pd.DataFrame) -> Figure | None:
    """Predicted accuracy (percent) at one cost over the shares of its logarithm that depth and resolution take, of
    which width takes the rest; hatched where extrapolated.

    law_map: of one model, length of training and budget; runs: the same runs. None where the shapes span no area: fewer
    than three, or an axis that never varied.
    """
    rows = law_map[law_map.accuracy.notna()].astype({"extrapolated": bool, "best": bool})
    x, y, accuracy = (rows[name].to_numpy(dtype=float) for name in ("share_depth", "share_resolution", "accuracy"))
    if len(rows) < 3 or np.linalg.matrix_rank(np.column_stack([np.ones(len(rows)), x, y])) < 3:
        return None
    figure = Figure(figsize=ONE_PANEL, layout="constrained")
    axes = figure.subplots()
    levels = MaxNLocator(LEVELS).tick_values(accuracy.min(), accuracy.max())
    heat = axes.tricontourf(x, y, accuracy, levels=levels, cmap=HEAT)
    figure.colorbar(heat, label=f"predicted {METRICS['top1'].title}")
    handles: list[Artist] = []
    if rows.extrapolated.any():
        axes.tricontourf(x, y, rows.extrapolated.astype(float), levels=[0.5, 1.5], colors="none", hatches=["//"])
        handles.append(
            Patch(facecolor="none", hatch="//", edgecolor="black", linewidth=0, label="beyond the trained coefficients")
        )
    name_corners(axes, rows)
    for best in rows[rows.best].head(1).itertuples():
        shape = ", ".join(f"{SYMBOLS[axis]}={getattr(best, axis):.2f}" for axis in AXES)
        label = f"best by the law, {best.accuracy:.1f}%:\n{shape}"
        handles += axes.plot([best.share_depth], [best.share_resolution], label=label, **BASELINE_STAR | POINTS)
    axes.legend(handles=handles[::-1], frameon=False, loc="upper right", fontsize=LABEL_SIZE)
    axes.set_xlabel("share of depth in the logarithm of the budget")
    axes.set_ylabel("share of resolution; width has the rest")
    budget = f"at {rows.budget.iloc[0]:.3g} times the baseline's multiply-adds"
    title = f"{about(runs, rows.model.iloc[0])}; {seeds(variants(runs, 'top1'))}"
    axes.set_title(f"{title}\nprediction of the law {budget}", fontsize=TITLE_SIZE)
    return figure


def name_corners(axes: Axes, rows: pd.DataFrame) -> None:
    """The single axes in the corners, with what they reach, beside the coloured triangle."""
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.1, 1.1))
    axes.set(xticks=TICKS, yticks=TICKS)
    corners = {"width": (0, 0, -7, "left"), "depth": (1, 0, -7, "right"), "resolution": (0, 1, 7, "left")}
    for axis, (depth, resolution, offset, horizontal) in corners.items():
        axes.plot([depth], [resolution], markersize=MARKER_SIZE, **METHODS[axis] | POINTS)
        at = rows[(rows.share_depth == depth) & (rows.share_resolution == resolution)]
        text = f"{axis} alone" + "".join(f", {accuracy:.1f}%" for accuracy in at.accuracy)
        place: Style = {"textcoords": "offset points", "ha": horizontal, "va": "top" if offset < 0 else "bottom"}
        axes.annotate(text, (depth, resolution), (0, offset), fontsize=LABEL_SIZE, **place)
