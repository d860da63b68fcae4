"""Every figure as a function of DataFrames, as Vega-Lite: ``scaling_study.interactive``, the functions of ``plot``.

Each returns an altair chart, ``vconcat`` of rows that are ``hconcat`` of panels, and raises ValueError where the tables
hold nothing to draw. ``model`` and ``epochs`` choose a part of tables that hold several. Hovering over a point shows
its values, a click in a legend picks a name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

from scaling_study.api import analysis_charts, cost_charts, run_charts
from scaling_study.api.rendering import rendered
from scaling_study.figures.interactive import concatenated

if TYPE_CHECKING:
    from altair import VConcatChart

    from scaling_study.figures.chart import Chart

P = ParamSpec("P")


def drawn(chart: Callable[P, Chart]) -> Callable[P, VConcatChart]:
    return rendered(chart, concatenated, __name__, "VConcatChart")


accuracy = drawn(cost_charts.accuracy)
axes = drawn(run_charts.axes)
comparisons = drawn(analysis_charts.comparisons)
cost_curves = drawn(cost_charts.cost_curves)
fig4 = drawn(run_charts.fig4)
fits = drawn(run_charts.fits)
frontier = drawn(analysis_charts.frontier)
isocompute = drawn(run_charts.isocompute)
latency = drawn(cost_charts.latency)
law = drawn(run_charts.law)
law_map = drawn(run_charts.law_map)
leads = drawn(analysis_charts.leads)
learning_curves = drawn(run_charts.learning_curves)
memory = drawn(cost_charts.memory)
methods = drawn(run_charts.methods)
rates = drawn(analysis_charts.rates)
regime = drawn(analysis_charts.regime)
search = drawn(analysis_charts.search)
shape = drawn(analysis_charts.shape)
speed = drawn(cost_charts.speed)
times = drawn(cost_charts.times)
