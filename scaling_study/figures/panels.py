"""Panels of Charts on matplotlib's axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil, floor, log2, sqrt
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from scaling_study.figures.chart import Band, Heat, Marks, Rule
from scaling_study.figures.labels import name_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scaling_study.figures.chart import Axis, Chart, Panel

SCREEN: dict[str, Any] = {  # sizes of texts in points, as matplotlib's settings
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "figure.titlesize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
}
VECTORS_MAX = 300  # points that an SVG or PDF file holds one by one; of more marks it holds a picture of 150 dpi
LEGEND_MAX = 1000  # points of a panel; among more, no place for a legend is free
ROOM = 1.25  # least ratio of the ends of a log axis of base 2
LEVELS = 10  # about so many contours
HEAT = ListedColormap(colormaps["viridis"](np.linspace(0.3, 1, 256)))  # light enough for black hatches
DASHES: dict[str, Any] = {"solid": "-", "dashed": (0, (4, 2)), "dashdot": "-.", "dotted": ":"}
HATCH = "//"


def scale() -> float:
    """Sizes of marks relative to those of a chart of its own size."""
    return rcParams["axes.labelsize"] / SCREEN["axes.labelsize"]


def draw_panel(axes: Axes, panel: Panel, *, legend: bool) -> None:
    set_scales(axes, panel)
    for n, mark in enumerate(panel.marks):
        if isinstance(mark, Marks):
            draw_marks(axes, mark, 2 + n / 1000)
        elif isinstance(mark, Band):
            axes.fill_between(mark.x, mark.low, mark.high, color=mark.color, alpha=0.15, linewidth=0, zorder=1)
        elif isinstance(mark, Rule):
            line: dict[str, Any] = {"color": "black", "linewidth": 0.8, "zorder": 1.9}
            if mark.x is not None:
                axes.axvline(mark.x, **line)
            if mark.y is not None:
                axes.axhline(mark.y, **line)
        else:
            draw_heat(axes, mark)
    axes.grid(alpha=0.3)
    if panel.y.texts is not None:
        axes.margins(y=0.6 / max(len(panel.y.texts), 1))
    set_axis(axes, "x", panel.x)
    set_axis(axes, "y", panel.y)
    if legend and panel.legend is not None and (handles := legend_handles([panel])):
        crowded = panel.legend == "best" and points_of(panel) > LEGEND_MAX
        place = "lower right" if crowded else panel.legend
        axes.legend(handles=handles, frameon=False, loc=cast(Any, place), title=panel.legend_title)


def points_of(panel: Panel) -> int:
    return sum(len(mark.x) for mark in panel.marks if isinstance(mark, Marks))


def set_scales(axes: Axes, panel: Panel) -> None:
    for name, axis in (("x", panel.x), ("y", panel.y)):
        if axis.log is not None:
            getattr(axes, f"set_{name}scale")("log", base=axis.log)
        elif axis.texts is None:
            axes.margins(x=0.08) if name == "x" else axes.margins(y=0.08)


def draw_marks(axes: Axes, marks: Marks, zorder: float) -> None:
    look = look_of(marks) | {"zorder": 1.5 if marks.behind else zorder}
    if marks.shares:
        look |= {"transform": axes.get_xaxis_transform(), "clip_on": False}
    if marks.step:
        look |= {"drawstyle": "steps-post"}
    if marks.last:
        look |= {"markevery": [-1]}
    if len(marks.x) > VECTORS_MAX and marks.marker:
        look |= {"rasterized": True}
    bars: dict[str, Any] = {
        f"{name}err": lengths(values, ends)
        for name, values, ends in (("x", marks.x, marks.x_ends), ("y", marks.y, marks.y_ends))
        if ends is not None
    }
    label = marks.name or "_"
    if not bars:
        axes.plot(marks.x, marks.y, label=label, **look)
        return
    ecolor = marks.edge or marks.color
    capsize = 3 * marks.bar_width * scale()
    width = marks.bar_width * scale()
    axes.errorbar(marks.x, marks.y, **bars, capsize=capsize, ecolor=ecolor, elinewidth=width, label=label, **look)


def look_of(marks: Marks) -> dict[str, Any]:
    """The keywords of matplotlib's plot."""
    look: dict[str, Any] = {
        "color": marks.color,
        "marker": marks.marker or "None",
        "linestyle": DASHES[marks.line] if marks.line else "none",
        "linewidth": marks.width * scale(),
        "markersize": marks.size * scale(),
        "alpha": marks.opacity,
    }
    if marks.hollow:
        look |= {"markerfacecolor": "white"}
    if marks.edge:
        look |= {"markeredgecolor": marks.edge}
    return look


def lengths(values: tuple, ends: tuple) -> list[np.ndarray]:
    """Lengths of the lower and upper bars; none where an end is not known."""
    low, high = np.asarray(ends[0]), np.asarray(ends[1])
    return [np.nan_to_num(np.asarray(values) - low), np.nan_to_num(high - np.asarray(values))]


def draw_heat(axes: Axes, heat: Heat) -> None:
    levels = MaxNLocator(LEVELS).tick_values(min(heat.value), max(heat.value))
    colors = axes.tricontourf(heat.x, heat.y, heat.value, levels=levels, cmap=HEAT)
    axes.figure.colorbar(colors, ax=axes, label=heat.label)
    if any(heat.beyond):
        beyond = np.asarray(heat.beyond, dtype=float)
        axes.tricontourf(heat.x, heat.y, beyond, levels=[0.5, 1.5], colors="none", hatches=[HATCH])


def set_axis(axes: Axes, name: str, axis: Axis) -> None:
    """Limits and ticks of the axis ``name``, x or y."""
    ticks: Any = getattr(axes, f"{name}axis")
    limited = any(end is not None for end in axis.limits)
    limit = partial(getattr(axes, f"set_{name}lim"), *axis.limits) if limited else lambda: None
    limit()
    if axis.log is not None:
        ticks.set_major_formatter(lambda value, _: f"{value:.4g}")
        ticks.set_minor_formatter(lambda *_: "")
    if axis.log == 2:
        spread_powers(axes, name)
    if axis.steps is not None:
        ticks.set_major_locator(LogLocator(base=axis.log or 10, subs=axis.steps))
    if axis.ticks is not None:
        texts = axis.texts if axis.texts is not None else [f"{tick:.3g}" for tick in axis.ticks]
        ticks.set_ticks(axis.ticks, texts)
        ticks.set_minor_locator(NullLocator())
        limit()  # ticks may have moved them
    elif axis.whole:
        ticks.get_major_locator().set_params(integer=True)


def spread_powers(axes: Axes, name: str) -> None:
    """Even ticks where fewer than two powers of two are in view, and room around values that are nearly equal, so that
    their difference does not look large."""
    low, high = getattr(axes, f"get_{name}lim")()
    if high < ROOM * low:
        middle = sqrt(low * high)
        low, high = middle / sqrt(ROOM), middle * sqrt(ROOM)
        getattr(axes, f"set_{name}lim")(low, high)
    if floor(log2(high)) <= ceil(log2(low)):
        even = [tick for tick in MaxNLocator(5).tick_values(low, high) if low < tick < high]
        getattr(axes, f"set_{name}ticks")(even)
        getattr(axes, f"{name}axis").set_minor_locator(NullLocator())


def label_edges(grid: np.ndarray, chart: Chart) -> None:
    """Axis labels and the panels' titles; axes that are shared are labelled at the edges of the grid."""
    for n, row in enumerate(grid):
        for m, axes in enumerate(row):
            panel = chart.panels[n][m]
            if n == len(grid) - 1 or chart.share_x is None:
                axes.set_xlabel(panel.x.label)
            if m == 0 or chart.share_y is None:
                axes.set_ylabel(panel.y.label)
            if panel.title:
                axes.set_title(panel.title)


def legend_handles(panels: Sequence[Panel]) -> list[Any]:
    """A handle for each name, in the order of the marks, with the line and the marker of those that share it."""
    named: dict[str, dict[str, Any]] = {}
    marked = [mark for panel in panels for mark in panel.marks]
    for marks in marked:
        if isinstance(marks, Marks) and marks.name:
            look = look_of(marks)
            known = named.setdefault(marks.name, look)
            if known["linestyle"] == "none":
                known |= {"linestyle": look["linestyle"], "linewidth": look["linewidth"]}
            if known["marker"] == "None":
                known |= {key: value for key, value in look.items() if key.startswith("marker")}
    handles: list[Any] = [Line2D([], [], label=name, **look) for name, look in named.items()]
    for heat in marked:
        if isinstance(heat, Heat) and any(heat.beyond):
            handles.append(Patch(facecolor="none", hatch=HATCH, edgecolor="black", linewidth=0, label=heat.beyond_name))
    return handles


def write_texts(axes: Axes, panel: Panel) -> None:
    """The texts beside points, when all else of the figure is drawn."""
    texts = [
        (x, y, text, marks.place, marks.color if marks.colored else None)
        for marks in panel.marks
        if isinstance(marks, Marks)
        for x, y, text in zip(marks.x, marks.y, marks.texts, strict=False)
        if text
    ]
    if texts:
        name_points(axes, texts, size=0.7 * rcParams["axes.labelsize"])
