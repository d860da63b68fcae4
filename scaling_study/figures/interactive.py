"""Charts as Vega-Lite, for a page: hovering over a point shows its values, a click in the legend picks a name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, count, pairwise
from math import isfinite
from textwrap import wrap
from typing import Any, NamedTuple

import altair as alt
from altair.utils.schemapi import debug_mode

from scaling_study.figures.chart import Axis, Band, Chart, Heat, Marks, Panel, Rule, alike_together
from scaling_study.figures.room import texts_with_room

STAR = "M0,-1.3L0.3,-0.41L1.24,-0.4L0.48,0.16L0.76,1.05L0,0.51L-0.76,1.05L-0.48,0.16L-1.24,-0.4L-0.3,-0.41Z"
DIAGONAL_CROSS = "M-1,-1L1,1M1,-1L-1,1"
# matplotlib's markers as Vega's shapes.
SHAPES = {"o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "P": "cross", "v": "triangle-down"}
SHAPES |= {"*": STAR, "X": "cross", "x": DIAGONAL_CROSS}
DASHES = {"solid": [1, 0], "dashed": [6, 4], "dashdot": [6, 3, 2, 3], "dotted": [2, 3]}
WIDTH, HEIGHT = 560, 340  # pixels, of a panel; the width is that of a page where it has the room
PER_INCH = 80  # pixels, of a chart of fixed width
LINE_HEIGHT = 24  # pixels, of each name on a vertical axis
AREA = 2.2  # of a symbol in square pixels, by its squared size in points
TITLE_LETTERS = 34  # in a line of a title, on a phone
Encode = Callable[[str], Any]  # a field as altair's X or Y


class Encoders(NamedTuple):
    """Of the axes of a panel."""

    panel: Panel
    x: Encode
    y: Encode


def specifications(chart: Chart) -> list[dict[str, Any]]:
    """A Vega-Lite specification for each panel of ``chart``, as wide as what it is shown in; without the title of the
    whole chart.

    They are not validated, which takes longer than making them and depends on no value: a test does it.
    """
    with debug_mode(False):  # altair's word for validation of every part
        return [panel_chart(panel).to_dict(validate=False) for panel in chart.flat]


def concatenated(chart: Chart) -> alt.VConcatChart:
    """``chart`` as one of altair's: rows of panels of fixed widths, which a notebook and a file of its own need, under
    the title."""
    widths = chart.widths or (1.0,) * len(chart.panels[0])
    pixels = [round(PER_INCH * chart.size[0] * part / sum(widths)) for part in widths]
    numbers = count()
    rows = [
        alt.hconcat(*(panel_chart(panel, width, next(numbers)) for panel, width in zip(row, pixels, strict=True)))
        for row in chart.panels
    ]
    rows = [row.resolve_scale(**shared(chart.share_y)) for row in rows]
    figure = alt.vconcat(*rows).resolve_scale(**shared(None))
    return figure.properties(title=alt.Title(chart.title.split("\n"), anchor="start"))


def shared(share_y: str | None) -> dict[str, Any]:
    """Scales of panels beside each other: colors and symbols are each panel's own, as its legend is."""
    return {"color": "independent", "shape": "independent", "y": "shared" if share_y else "independent"}


def panel_chart(panel: Panel, width: int | None = None, number: int = 0) -> Any:
    """altair's layered chart of a panel. width: in pixels; None: as wide as what it is shown in; number: of the panel
    in its chart, where each legend picks names of its own panel."""
    beside_names = {"titleAnchor": "end"} if panel.y.texts else {}  # which leave the panel narrower than its title
    x, y = encoder(alt.X, panel.x, **beside_names), encoder(alt.Y, panel.y)
    on = Encoders(panel, x, y)
    colored = any(isinstance(mark, Heat) for mark in panel.marks)  # by value, which leaves no colors for names
    looks = {} if colored else looks_of(panel)
    picked = alt.selection_point(f"picked_{number}", fields=["name"], bind="legend") if looks else None
    free = texts_with_room(panel, width or WIDTH, HEIGHT)
    layers: list[Any] = []
    bound = False
    for mark in sorted(alike_together(panel.marks), key=lambda mark: not getattr(mark, "behind", True)):
        if isinstance(mark, Marks):
            style = styles(looks, picked, mark.opacity) if mark.name and looks else {}
            drawn = layers_of(mark, on, style, free)
            if style and drawn and picked is not None and not bound:  # to a legend, that only such a layer has
                drawn[0], bound = drawn[0].add_params(picked), True
            layers += drawn
        elif isinstance(mark, Band):
            area = alt.Chart(data(x=mark.x, low=mark.low, high=mark.high)).mark_area(color=mark.color, opacity=0.15)
            layers.append(area.encode(x=x("x"), y=y("low"), y2="high:Q"))
        elif isinstance(mark, Rule):
            layers += [alt.Chart(data(x=(mark.x,))).mark_rule().encode(x=x("x"))] if mark.x is not None else []
            layers += [alt.Chart(data(y=(mark.y,))).mark_rule().encode(y=y("y"))] if mark.y is not None else []
        else:
            layers.append(tiles(mark, x, y))
    height = max(200, LINE_HEIGHT * (len(panel.y.texts) + 1)) if panel.y.texts else HEIGHT
    layered = alt.layer(*layers).properties(width=width or "container", height=height)
    return layered.properties(title=wrap(panel.title, TITLE_LETTERS)) if panel.title else layered


def encoder(kind: Any, axis: Axis, **options: Any) -> Encode:
    """options: of the axis of Vega-Lite."""
    scale: dict[str, Any] = {"nice": False, "padding": 12}
    options |= {} if axis.texts is not None else {"format": ".4~g"}
    scale |= {"zero": False} if axis.log is None else {"type": "log", "base": axis.log}
    low, high = axis.limits
    if axis.ticks is not None:
        options["values"] = axis.ticks
    if axis.texts is not None:
        low, high = -0.7, len(axis.texts) - 0.3
        options |= {"labelExpr": f"{list(axis.texts)!r}[datum.value]", "labelLimit": 180, "labelFontSize": 10}
    scale |= {name: end for name, end in (("domainMin", low), ("domainMax", high)) if end is not None}
    if axis.whole:
        options["tickMinStep"] = 1
    return lambda field: kind(f"{field}:Q").scale(**scale).axis(**options).title(wrap(axis.label, TITLE_LETTERS))


def data(**columns: tuple) -> alt.Data:
    """Rows of ``columns``; what is not known is left out of a row, and a row of which x is not known altogether."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    rows = [row for row in rows if is_known(row.get("x"))]
    known = [{key: value for key, value in row.items() if is_known(value)} for row in rows]
    return alt.Data(values=known)  # type: ignore[no-untyped-call]


def is_known(value: Any) -> bool:
    return not isinstance(value, float) or isfinite(value)


def ink(marks: Marks) -> str:
    """The color that is seen on white."""
    return marks.edge if marks.color == "white" and marks.edge else marks.color


def looks_of(panel: Panel) -> dict[str, Marks]:
    """{name in the legend: marks of that name, with the marker of any of them}."""
    looks: dict[str, Marks] = {}
    for mark in panel.marks:
        if isinstance(mark, Marks) and mark.name:
            known = looks.setdefault(mark.name, mark)
            looks[mark.name] = known._replace(marker=known.marker or mark.marker)
    return looks


def styles(looks: dict[str, Marks], picked: Any, opacity: float) -> dict[str, Any]:
    """Encodings of what has a name in the legend."""
    legend = alt.Legend(title=None, orient="bottom", columns=2, labelLimit=300, symbolOpacity=1)
    names = list(looks)
    shapes = [SHAPES[marks.marker] if marks.marker else "stroke" for marks in looks.values()]
    return {
        "color": alt.Color("name:N", legend=legend).scale(domain=names, range=[ink(marks) for marks in looks.values()]),
        "shape": alt.Shape("name:N", legend=legend).scale(domain=names, range=shapes),
        "opacity": alt.condition(picked, alt.value(opacity), alt.value(0.08)),
    }


def layers_of(marks: Marks, on: Encoders, style: dict[str, Any], free: set) -> list[Any]:
    """The line, the error bars, the points and their texts, as far as ``marks`` has them. free: texts to write."""
    x, y = on.x, on.y
    columns: dict[str, Any] = {"x": marks.x, "y": marks.y, "name": (marks.name,) * len(marks.x)}
    for key, ends in (("x", marks.x_ends), ("y", marks.y_ends)):
        columns |= {} if ends is None else {f"{key}_low": ends[0], f"{key}_high": ends[1]}
    broken = not all(map(isfinite, marks.x))
    if broken:
        columns["piece"] = tuple(accumulate(not isfinite(value) for value in marks.x))
    if marks.texts:
        columns["text"] = marks.texts + ("",) * (len(marks.x) - len(marks.texts))
    base, color = alt.Chart(data(**columns)), ink(marks)
    at = {"x": x("x"), "y": y("y") if not marks.shares else alt.value(HEIGHT * (1 - marks.y[0]))}
    unshaped = {key: value for key, value in style.items() if key != "shape"}
    layers = []
    if marks.line:
        line = base.mark_line(
            color=color,
            strokeWidth=marks.width,
            strokeDash=DASHES[marks.line],
            interpolate="step-after" if marks.step else "linear",
            opacity=marks.opacity,
        )
        layers.append(line.encode(**at, order="x:Q", detail=["piece:O"] if broken else [], **unshaped))
    bars = base.mark_rule(color=color, strokeWidth=1.2 * marks.bar_width)
    if marks.y_ends is not None:
        layers.append(bars.encode(x=x("x"), y=y("y_low"), y2="y_high:Q", **unshaped))
    if marks.x_ends is not None:
        layers.append(bars.encode(x=x("x_low"), x2="x_high:Q", y=at["y"], **unshaped))
    if marks.marker and not marks.last:
        hollow = marks.hollow or marks.color == "white"
        look: dict[str, Any] = {"fill": "white"} if hollow else {"filled": marks.marker != "x"}
        points = base.mark_point(color=color, shape=SHAPES[marks.marker], size=AREA * marks.size**2, opacity=1, **look)
        layers.append(points.encode(**at, tooltip=tooltips(columns, on.panel), **style))
    written = [point for point in zip(marks.x, marks.y, marks.texts, strict=False) if point in free]
    if written:
        left, above = marks.place.endswith("left"), marks.place.startswith("above")
        columns = dict(zip(("x", "y", "text"), zip(*written, strict=True), strict=True))
        words = alt.Chart(data(**columns)).mark_text(align="right" if left else "left", dx=-7 if left else 7)
        layers.append(words.encode(x=x("x"), y=y("y"), text="text:N", yOffset=alt.value(-9 if above else 9)))
    return layers


def tooltips(columns: dict[str, Any], panel: Panel) -> list[alt.Tooltip]:
    """What is said of a point: all that is known of it, under the labels of the axes."""
    titles = {"name": "", "text": "", "x": panel.x.label, "y": panel.y.label}
    for axis in "xy":
        titles |= {f"{axis}_low": f"{titles[axis]}, from", f"{axis}_high": "to"}
    named = panel.y.texts is not None
    kept = [key for key in titles if key in columns and any(columns[key]) and not (named and key == "y")]
    return [
        alt.Tooltip(f"{key}:N", title=titles[key] or "what")
        if key in ("name", "text")
        else alt.Tooltip(f"{key}:Q", title=titles[key], format=".4~g")
        for key in kept
    ]


def tiles(heat: Heat, x: Encode, y: Encode) -> alt.Chart:
    """Values over the plane as squares, pale where they are beyond what was trained."""
    half_x, half_y = (min(b - a for a, b in pairwise(sorted(set(values)))) / 2 for values in (heat.x, heat.y))
    edges = {
        "x": tuple(value - half_x for value in heat.x),
        "x2": tuple(value + half_x for value in heat.x),
        "y": tuple(value - half_y for value in heat.y),
        "y2": tuple(value + half_y for value in heat.y),
    }
    rows = data(**edges, value=heat.value, beyond=tuple(map(bool, heat.beyond)))
    color = alt.Color("value:Q", legend=alt.Legend(title=wrap(heat.label, 20))).scale(scheme="viridis", zero=False)
    opacity = alt.condition("datum.beyond", alt.value(0.4), alt.value(1))
    tooltip = [alt.Tooltip("value:Q", title=heat.label, format=".4~g"), alt.Tooltip("beyond:N", title=heat.beyond_name)]
    marks = alt.Chart(rows).mark_rect()
    return marks.encode(x=x("x"), x2="x2:Q", y=y("y"), y2="y2:Q", color=color, opacity=opacity, tooltip=tooltip)
