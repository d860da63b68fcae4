"""What a figure shows, as values: panels of marks, without a plotting library.

Every figure is a function of tables that gives a Chart; ``printed`` draws it with matplotlib, ``interactive`` makes it
Vega-Lite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

Floats = tuple[float, ...]
Ends = tuple[Floats, Floats]  # lower and upper; NaN where there is none
Line = Literal["solid", "dashed", "dashdot", "dotted"]
Place = Literal["below right", "above left", "below left", "above right"]


class Axis(NamedTuple):
    """label: with its unit; log: the base of a log scale, None for a linear one; limits: None for what the marks need;
    ticks: values, None for the renderer's own, and ``texts`` of them, where they are names; steps: multiples of the
    powers of ten that have ticks; whole: only whole numbers do."""

    label: str
    log: int | None = None
    limits: tuple[float | None, float | None] = (None, None)
    ticks: Floats | None = None
    texts: tuple[str, ...] | None = None
    steps: Floats | None = None
    whole: bool = False


class Marks(NamedTuple):
    """Points at (x, y), a line through them, or both; of one color, in the legend by ``name`` if it has one. A line
    is broken where x and y are NaN.

    marker: one of matplotlib's letters, None for no markers; size and widths in points, edge: color around the markers;
    y_ends, x_ends: of error bars; step: the line changes at the next point; last: only the last point has its marker;
    shares: y is of the panel's height; texts: beside the points, ``place`` is tried first; behind: below other marks.
    """

    x: Floats
    y: Floats
    color: str
    marker: str | None = None
    line: Line | None = None
    name: str = ""
    y_ends: Ends | None = None
    x_ends: Ends | None = None
    size: float = 5.0
    width: float = 1.5
    bar_width: float = 1.0
    hollow: bool = False
    edge: str | None = None
    opacity: float = 1.0
    step: bool = False
    last: bool = False
    shares: bool = False
    texts: tuple[str, ...] = ()
    place: Place = "below right"
    colored: bool = False  # the texts, as the marks
    behind: bool = False


class Band(NamedTuple):
    """The area between two curves."""

    x: Floats
    low: Floats
    high: Floats
    color: str


class Rule(NamedTuple):
    """A line across the panel."""

    x: float | None = None
    y: float | None = None


class Heat(NamedTuple):
    """Values over the plane, by color; hatched where ``beyond``, which the legend names."""

    x: Floats
    y: Floats
    value: Floats
    label: str
    beyond: tuple[bool, ...]
    beyond_name: str


class Panel(NamedTuple):
    """legend: where it is, None for none."""

    x: Axis
    y: Axis
    marks: tuple[Marks | Band | Rule | Heat, ...]
    title: str = ""
    legend: str | None = "best"
    legend_title: str = ""


class Chart(NamedTuple):
    """panels: rows of them; size: width and height in inches; share_x, share_y: the axes of all panels are the same
    ("all"), or of a column or row ("line"); widths: of the columns, relative; legend: one below all panels."""

    title: str
    panels: tuple[tuple[Panel, ...], ...]
    size: tuple[float, float]
    share_x: Literal["all", "line"] | None = None
    share_y: Literal["all", "line"] | None = None
    widths: Floats | None = None
    legend: bool = False

    @property
    def flat(self) -> list[Panel]:
        return [panel for row in self.panels for panel in row]


def floats(values: Iterable[Any]) -> Floats:
    """Any column of numbers, missing ones as NaN."""
    import pandas as pd

    return tuple(pd.Series(list(values), dtype=object).astype("Float64").to_numpy(dtype=float, na_value=float("nan")))


def one_panel(title: str, x: Axis, y: Axis, marks: Sequence[Any], size: tuple[float, float], **options: Any) -> Chart:
    """A Chart of one panel."""
    return Chart(title, ((Panel(x, y, tuple(marks), **options),),), size)


def alike_together(marks: Iterable[Any]) -> list[Any]:
    """``marks`` with the points of one look as one, where a renderer takes long for each."""
    kept: dict[Any, Any] = {}
    for n, mark in enumerate(marks):
        look = n if not isinstance(mark, Marks) or mark.line or mark.texts or mark.shares else without_points(mark)
        kept[look] = with_points(kept[look], mark) if look in kept else mark
    return list(kept.values())


def without_points(mark: Marks) -> Marks:
    return mark._replace(x=(), y=(), x_ends=mark.x_ends and ((), ()), y_ends=mark.y_ends and ((), ()))


def with_points(mark: Marks, other: Marks) -> Marks:
    """``mark`` with the points of ``other``, which has the same look."""
    x_ends, y_ends = (together(mark.x_ends, other.x_ends), together(mark.y_ends, other.y_ends))
    return mark._replace(x=mark.x + other.x, y=mark.y + other.y, x_ends=x_ends, y_ends=y_ends)


def together(ends: Ends | None, more: Ends | None) -> Ends | None:
    return (ends[0] + more[0], ends[1] + more[1]) if ends and more else None
