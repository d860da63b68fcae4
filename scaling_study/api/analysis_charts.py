"""Figures of the tables of an analysis, as functions of them that give a Chart.

``plot`` and ``interactive`` draw them: in examples, ``ss.plot`` stands for either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study import figures
from scaling_study.api.choosing import analyzed, only

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.chart import Chart


def comparisons(
    compared: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops"
) -> Chart:
    """Differences at equal cost with their intervals. compared: as from ``compare``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.comparisons(ss.compare(ss.load_runs("results/fractals-reference")))
    """
    return only(figures.by_cost("comparisons", cost), analyzed({"comparisons": compared}, cost=cost), model, epochs)


def leads(table: pd.DataFrame, *, ordered: bool = False) -> Chart:
    """How far one method is ahead of the others in several studies. table: as from ``leads``; ordered: whether lines
    from study to study make sense, as between baselines with ever more pixels.

    >>> import scaling_study as ss
    >>> names = {"20 pixels": "fractals_v2-matched", "24 pixels": "fractals_v2-matched_24px"}
    >>> runs = {name: ss.load_runs(f"results/{study}") for name, study in names.items()}
    >>> figure = ss.plot.leads(ss.leads(runs, flops=4))
    """
    from scaling_study.figures.leads import leading

    if table.empty:
        raise ValueError("leads: there is nothing to draw")
    return leading(table, ordered)


def frontier(table: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops") -> Chart:
    """The Pareto frontier by a cost. table: as from ``frontier``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.frontier(ss.frontier(ss.load_runs("results/fractals-reference"), draws=50))
    """
    return only(figures.by_cost("frontier", cost), analyzed({"frontier": table}, cost=cost), model, epochs)


def search(table: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Chart:
    """Triples of a grid search relative to the best. table: as from ``search``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.search(ss.search(ss.load_runs("results/fractals-search")))
    """
    return only("search", analyzed({"search": table}), model, epochs)


def regime(table: pd.DataFrame) -> Chart:
    """Depth minus width at equal multiply-adds against the length of training. table: as from ``regime``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.regime(ss.regime(ss.load_runs("results/fashion_mnist-regime")))
    """
    if table.empty:
        raise ValueError("regime: there is nothing to draw")
    return only("regime", analyzed({"regime": table}))


def rates(best: pd.DataFrame, curves: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Chart:
    """Accuracy of each network against the learning rate or weight decay, with its best. Tables: as from ``rates``.

    >>> import scaling_study as ss
    >>> figure = ss.plot.rates(*ss.rates(ss.load_runs("results/fashion_mnist-rate"), draws=100))
    """
    return only("rates", analyzed({"rates": best, "rate_curves": curves}), model, epochs)


def shape(
    statements: pd.DataFrame, curves: pd.DataFrame, *, model: str | None = None, epochs: int | None = None
) -> Chart:
    """Accuracy of shapes of equal multiply-adds, a panel per pair of axes that are traded. Tables: as from ``shape``.

    >>> import scaling_study as ss
    >>> ss.plot.shape(*ss.shape(ss.load_runs("results/fractals-reference"), draws=100))
    Traceback (most recent call last):
    ...
    ValueError: shape: there is nothing to draw
    """
    return only("shape", analyzed({"shape": statements, "shape_curves": curves}), model, epochs)
