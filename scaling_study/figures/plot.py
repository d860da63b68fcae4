"""Every figure as a function of DataFrames: ``scaling_study.plot``.

Each returns a matplotlib Figure and raises ValueError where the tables hold nothing to draw. ``model`` and ``epochs``
choose a part of tables that hold several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scaling_study import figures
from scaling_study.figures.printed import figure_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from scaling_study.figures.chart import Chart


__all__ = [
    "accuracy",
    "axes",
    "comparisons",
    "cost_curves",
    "fig4",
    "fits",
    "frontier",
    "isocompute",
    "latency",
    "law",
    "law_map",
    "learning_curves",
    "memory",
    "methods",
    "regime",
    "search",
    "shape",
    "speed",
    "times",
]


def methods(runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops") -> Figure:
    """Accuracy against a cost, a curve per method (Figure 8 of Tan & Le 2019).

    runs: as from ``load_runs``; cost: a column of it.

    >>> import scaling_study as ss
    >>> ss.plot.methods(ss.load_runs("results/fractals-reference")).axes[0].get_xscale()
    'log'
    """
    return only(figures.by_cost("methods", cost), figures.of_runs(runs, cost=cost), model, epochs)


def axes(runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops") -> Figure:
    """Accuracy against a cost, a panel per axis (Figure 3).

    >>> import scaling_study as ss
    >>> len(ss.plot.axes(ss.load_runs("results/fractals-reference")).axes)
    3
    """
    return only(figures.by_cost("axes", cost), figures.of_runs(runs, cost=cost), model, epochs)


def fits(
    curves: pd.DataFrame,
    runs: pd.DataFrame,
    *,
    model: str | None = None,
    epochs: int | None = None,
    cost: str = "flops",
) -> Figure:
    """Fitted curves with 95% bands. curves: of ``fit_curves``, which also takes ``runs``.

    >>> import scaling_study as ss
    >>> runs = ss.load_runs("results/fractals-reference")
    >>> figure = ss.plot.fits(ss.fit_curves(runs, ["flops"], draws=50).curves, runs)
    """
    return only(figures.by_cost("fits", cost), analyzed({"fit_curves": curves}, runs, cost), model, epochs)


def law(curves: pd.DataFrame, runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Figure:
    """Accuracy along each axis and the best direction by one law of all axes, with 95% bands and ceilings.

    curves: a row per ``path`` (depth, width, resolution or best) and ``budget``, in multiples of the baseline's
    multiply-adds; accuracies and ceilings in percent. runs: those that the law was fitted to.

    >>> import pandas as pd
    >>> import scaling_study as ss
    >>> curves = pd.DataFrame({"path": "width", "budget": [1.0, 8.0], "accuracy": [76.0, 80.0], "low": [75.0, 79.0]})
    >>> curves = curves.assign(high=[77.0, 81.0], extrapolated=False, ceiling=81.5, ceiling_low=80.0, ceiling_high=83.0)
    >>> runs = ss.load_runs("results/fractals-reference")
    >>> figure = ss.plot.law(curves.assign(model="micro_mbconv", epochs=2), runs)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['ceiling of width 81.5% (80.0 to 83.0)']
    """
    return only("law", analyzed({"law_curves": curves}, runs), model, epochs)


def law_map(table: pd.DataFrame, runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Figure:
    """Accuracy by one law of all axes at one cost, over the shares of its logarithm that depth and resolution take.

    table: a row per shape with ``share_depth`` and ``share_resolution``, 0 to 1, its coefficients, accuracy in percent,
    whether it is ``extrapolated`` and which is ``best``. runs: those that the law was fitted to.

    >>> import pandas as pd
    >>> import scaling_study as ss
    >>> table = pd.DataFrame({"share_depth": [1.0, 0.0, 0.0], "share_resolution": [0.0, 0.0, 1.0], "budget": 4.0})
    >>> table = table.assign(depth=[4, 1, 1], width=[1, 2, 1], resolution=[1, 1, 2], accuracy=[77.0, 79.0, 80.0])
    >>> table = table.assign(extrapolated=False, best=[False, False, True], model="micro_mbconv", epochs=2)
    >>> figure = ss.plot.law_map(table, ss.load_runs("results/fractals-reference"))
    >>> figure.axes[0].get_legend().get_texts()[0].get_text()
    'best by the law, 80.0%:\\nd=1.00, w=1.00, r=2.00'
    """
    return only("law_map", analyzed({"law_map": table}, runs), model, epochs)


def comparisons(
    compared: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops"
) -> Figure:
    """Differences at equal cost with their intervals. compared: as from ``compare``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.comparisons(ss.compare(ss.load_runs("results/fractals-reference")))
    """
    return only(figures.by_cost("comparisons", cost), analyzed({"comparisons": compared}, cost=cost), model, epochs)


def frontier(
    table: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops"
) -> Figure:
    """The Pareto frontier by a cost. table: as from ``frontier``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.frontier(ss.frontier(ss.load_runs("results/fractals-reference"), draws=50))
    """
    return only(figures.by_cost("frontier", cost), analyzed({"frontier": table}, cost=cost), model, epochs)


def isocompute(table: pd.DataFrame, runs: pd.DataFrame, *, model: str | None = None) -> Figure:
    """Accuracy against multiply-adds at equal training compute, with the best size of each level, and that size against
    the compute (Figure 3 of Hoffmann et al. 2022). table: as from ``isocompute``; runs: that it was made from.

    >>> import scaling_study as ss
    >>> runs = ss.load_runs("results/fractals-reference")
    >>> ss.plot.isocompute(ss.isocompute(runs), runs)
    Traceback (most recent call last):
    ...
    ValueError: isocompute: there is nothing to draw
    """
    return only("isocompute", analyzed({"isocompute": table}, runs), model)


def learning_curves(
    runs: pd.DataFrame, history: pd.DataFrame, *, model: str | None = None, epochs: int | None = None
) -> Figure:
    """Validation accuracy and training loss against epochs, a column per method, not converged ones dashed.

    history: as from ``load_history``, of the same study.

    >>> import scaling_study as ss
    >>> study = "results/fractals-reference"
    >>> figure = ss.plot.learning_curves(ss.load_runs(study), ss.load_history(study))
    >>> len(figure.axes)
    8
    """
    return only("learning_curves", figures.of_runs(runs, history), model, epochs)


def search(table: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Figure:
    """Triples of a grid search relative to the best. table: as from ``search``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.search(ss.search(ss.load_runs("results/fractals-search")))
    """
    return only("search", analyzed({"search": table}), model, epochs)


def regime(table: pd.DataFrame) -> Figure:
    """Depth minus width at equal multiply-adds against the length of training. table: as from ``regime``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.regime(ss.regime(ss.load_runs("results/fashion_mnist-regime")))
    """
    if table.empty:
        raise ValueError("regime: there is nothing to draw")
    return only("regime", analyzed({"regime": table}))


def shape(
    statements: pd.DataFrame, curves: pd.DataFrame, *, model: str | None = None, epochs: int | None = None
) -> Figure:
    """Accuracy of shapes of equal multiply-adds, a panel per pair of axes that are traded. Tables: as from ``shape``.

    >>> import scaling_study as ss
    >>> ss.plot.shape(*ss.shape(ss.load_runs("results/fractals-reference"), draws=100))
    Traceback (most recent call last):
    ...
    ValueError: shape: there is nothing to draw
    """
    return only("shape", analyzed({"shape": statements, "shape_curves": curves}), model, epochs)


def fig4(runs: pd.DataFrame, *, cost: str = "flops") -> Figure:
    """Accuracy as width grows, a curve per pair of depth and resolution (Figure 4).

    >>> import scaling_study as ss
    >>> ss.plot.fig4(ss.load_runs("results/fractals-reference"))
    Traceback (most recent call last):
    ...
    ValueError: fig4: there is nothing to draw
    """
    return only(figures.by_cost("fig4", cost), analyzed({}, runs, cost))


def times(time_fits: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame) -> Figure:
    """Latency against counts, with regression lines. time_fits: table of task=analyze.

    >>> import pandas as pd
    >>> import scaling_study as ss
    >>> study = "results/imagenet-family"
    >>> time_fits = pd.read_csv(f"{study}/time_fits.csv")
    >>> figure = ss.plot.times(time_fits, ss.load_costs(study), ss.load_latencies(study))
    """
    return only(
        "times", figures.of_analysis({"time_fits": time_fits}, time_fits[:0].assign(status=""), costs, latencies)
    )


def accuracy(
    costs: pd.DataFrame,
    published: pd.DataFrame,
    *,
    cost: str = "flops",
    latencies: pd.DataFrame | None = None,
    runtime: str = "eager",
) -> Figure:
    """Published accuracy against the measured cost, flops or params (Figures 1 and 5), or latency.

    costs: as from ``load_costs``; published: as from ``published``; latencies: as from ``load_latencies``, for
    cost="latency"; runtime: of these.

    >>> import scaling_study as ss
    >>> costs = ss.load_costs("results/imagenet-family")
    >>> figure = ss.plot.accuracy(costs, ss.published(torchvision=False), cost="params")
    """
    if latencies is None:
        latencies = no_latencies()
    return only(f"accuracy_{cost}", figures.of_costs(costs, of_runtime(latencies, runtime), published))


def memory(costs: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """Memory that training keeps per image against multiply-adds.

    >>> import scaling_study as ss
    >>> costs = ss.load_costs("results/imagenet-family")
    >>> figure = ss.plot.memory(costs, ss.published(torchvision=False))
    """
    return only("memory", figures.of_costs(costs, no_latencies(), published))


def latency(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, *, runtime: str = "eager") -> Figure:
    """Latency of one image on a runtime against multiply-adds.

    >>> import scaling_study as ss
    >>> study = "results/imagenet-family"
    >>> figure = ss.plot.latency(ss.load_costs(study), ss.load_latencies(study), ss.published(torchvision=False))
    """
    return only("latency", figures.of_costs(costs, of_runtime(latencies, runtime), published))


def speed(
    costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, devices: pd.DataFrame | None = None
) -> Figure:
    """Multiply-adds per second against multiply-adds per byte, and against the share of depthwise convolutions.

    devices: as from ``load_devices``, whose limits are drawn; None: none are.

    >>> import scaling_study as ss
    >>> study = "results/imagenet-family"
    >>> figure = ss.plot.speed(ss.load_costs(study), ss.load_latencies(study), ss.published(torchvision=False))
    """
    return only("speed", figures.of_costs(costs, latencies, published, devices))


def cost_curves(costs: pd.DataFrame) -> Figure:
    """How costs grow along each axis alone.

    >>> import scaling_study as ss
    >>> figure = ss.plot.cost_curves(ss.load_costs("results/imagenet-family"))
    """
    from scaling_study.literature import published

    return only("cost_curves", figures.of_costs(costs, no_latencies(), published(torchvision=False)))


def analyzed(
    tables: dict[str, pd.DataFrame], runs: pd.DataFrame | None = None, cost: str = "flops"
) -> dict[str, Callable[[], Chart | None]]:
    """Drawings of an analysis without costs."""
    import pandas as pd

    return figures.of_analysis(tables, pd.DataFrame() if runs is None else runs, pd.DataFrame(), no_latencies(), cost)


def no_latencies() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"variant_id": [], "workload": [], "batch_size": [], "runtime": [], "precision": []})


def of_runtime(latencies: pd.DataFrame, runtime: str) -> pd.DataFrame:
    """The rows of a runtime, those in fp32 where it was timed in several precisions. Raises ValueError, with the
    runtimes that there are, where there is none of it."""
    if len(latencies) and runtime not in set(latencies.runtime):
        raise ValueError(f"runtime={runtime}: the table has {', '.join(sorted(set(latencies.runtime)))}")
    found = latencies[latencies.runtime == runtime]
    precise = found[found.precision == "fp32"]
    return precise if len(precise) else found


def only(
    name: str, drawings: dict[str, Callable[[], Chart | None]], model: str | None = None, epochs: int | None = None
) -> Figure:
    """The Figure of the one drawing of that name. Raises ValueError where there is none, and where several fit."""
    wanted = {key: draw for key, draw in drawings.items() if key == name or key.startswith(f"{name}-")}
    if model is not None:
        wanted = {key: draw for key, draw in wanted.items() if f"-{model}" in key} or wanted
    if epochs is not None:
        wanted = {key: draw for key, draw in wanted.items() if key.endswith(f"-{epochs}epochs")} or wanted
    if len(wanted) > 1:
        raise ValueError(f"{name}: give model and epochs; the tables hold {', '.join(wanted)}")
    chart = next(iter(wanted.values()))() if wanted else None
    if chart is None:
        raise ValueError(f"{name}: there is nothing to draw")
    return figure_of(chart)
