"""Charts of the page as Vega-Lite specifications, whose data the page's script fills in."""

from __future__ import annotations

from typing import Any

import altair as alt

from scaling_study.figures.interactive import SHAPES
from scaling_study.figures.style import BASELINE, METHODS, REFERENCE

RUN_TOOLTIP = ("run_id:N", "variant:N", "seed:Q", "status:N", "x:Q", "y:Q")
MEAN_TOOLTIP = ("variant:N", "n:Q", "x:Q", "y:Q", "low:Q", "high:Q")


def accuracy_chart(methods: list[str]) -> dict[str, Any]:
    """Runs, and for each variant the mean and the range over its runs, against a cost.

    Data sets: ``runs`` (x, y, method, and RUN_TOOLTIP), ``means`` (MEAN_TOOLTIP and method), ``lines`` (x, y, method),
    parameter ``picked``: the run_id of the run that is marked.
    """
    legend = alt.Legend(title=None, orient="bottom", symbolSize=80)
    x = alt.X("x:Q").scale(type="log", nice=False, padding=12).axis(format="~s")
    y, low = alt.Y("y:Q").scale(zero=False), alt.Y("low:Q").scale(zero=False)
    colors, shapes = [look(name)["color"] for name in methods], [SHAPES[look(name)["marker"]] for name in methods]
    color = alt.Color("method:N", legend=legend).scale(domain=methods, range=colors)
    shape = alt.Shape("method:N", legend=legend).scale(domain=methods, range=shapes)
    picked = alt.param(name="picked", value="")
    mark = alt.condition("datum.run_id === picked", alt.value("#d62728"), alt.value("transparent"))
    lines = alt.Chart(alt.NamedData("lines")).mark_line(strokeWidth=1.5, opacity=0.7)
    ranges = alt.Chart(alt.NamedData("means")).mark_rule(strokeWidth=1.5)
    means = alt.Chart(alt.NamedData("means")).mark_point(filled=True, size=90, opacity=1)
    runs = alt.Chart(alt.NamedData("runs")).mark_point(filled=True, size=32, opacity=0.55, cursor="pointer")
    layers = alt.layer(
        lines.encode(x=x, y=y, color=color, detail="method:N"),
        ranges.encode(x=x, y=low, y2="high:Q", color=color),
        means.encode(x=x, y=y, color=color, shape=shape, tooltip=list(MEAN_TOOLTIP)),
        runs.encode(
            x=x, y=y, color=color, shape=shape, stroke=mark, strokeWidth=alt.value(4), tooltip=list(RUN_TOOLTIP)
        ),
    )
    return sized(layers.add_params(picked), 380)


def learning_chart() -> dict[str, Any]:
    """A quantity at the end of each epoch: of the selected run, and, thin, of the others of its variant.

    Data set: ``epochs`` (epoch, value, quantity, run_id, selected).
    """
    chart = alt.Chart(alt.NamedData("epochs")).mark_line(point=True, clip=True)
    encoded = chart.encode(
        x=alt.X("epoch:Q").title("epoch").axis(tickMinStep=1, format="d"),
        y=alt.Y("value:Q").scale(zero=False).title(None),
        color=alt.Color("quantity:N").legend(title=None, orient="bottom"),
        strokeDash=alt.StrokeDash("quantity:N").legend(None),
        opacity=alt.condition("datum.selected", alt.value(1), alt.value(0.25)),
        detail="run_id:N",
        tooltip=["run_id:N", "epoch:Q", "quantity:N", "value:Q"],
    )
    return sized(encoded, 220)


def look(method: str) -> dict[str, Any]:
    """Color and marker of a method, as in all figures."""
    return METHODS.get(method, BASELINE if method == "baseline" else REFERENCE)


def sized(chart: Any, height: int) -> dict[str, Any]:
    return chart.properties(width="container", height=height).to_dict(validate=True)
