"""Figures of runs, and of what was fitted to them, as functions of tables that give a Chart.

``plot`` and ``interactive`` draw them: in examples, ``ss.plot`` stands for either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study import figures
from scaling_study.api.choosing import analyzed, only

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.chart import Chart


def methods(runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops") -> Chart:
    """Accuracy against a cost, a curve per method (Figure 8 of Tan & Le 2019).

    runs: as from ``load_runs``; cost: a column of it.

    >>> import scaling_study as ss
    >>> figure = ss.plot.methods(ss.load_runs("results/fractals-reference"))
    """
    return only(figures.by_cost("methods", cost), figures.of_runs(runs, cost=cost), model, epochs)


def axes(runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, cost: str = "flops") -> Chart:
    """Accuracy against a cost, a panel per axis (Figure 3).

    >>> import scaling_study as ss
    >>> figure = ss.plot.axes(ss.load_runs("results/fractals-reference"))
    """
    return only(figures.by_cost("axes", cost), figures.of_runs(runs, cost=cost), model, epochs)


def fits(
    curves: pd.DataFrame,
    runs: pd.DataFrame,
    *,
    model: str | None = None,
    epochs: int | None = None,
    cost: str = "flops",
) -> Chart:
    """Fitted curves with 95% bands. curves: of ``fit_curves``, which also takes ``runs``.

    >>> import scaling_study as ss
    >>> runs = ss.load_runs("results/fractals-reference")
    >>> figure = ss.plot.fits(ss.fit_curves(runs, ["flops"], draws=50).curves, runs)
    """
    return only(figures.by_cost("fits", cost), analyzed({"fit_curves": curves}, runs, cost), model, epochs)


def law(curves: pd.DataFrame, runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Chart:
    """Accuracy along each axis and the best direction by one law of all axes, with 95% bands and ceilings.

    curves: a row per ``path`` (depth, width, resolution or best) and ``budget``, in multiples of the baseline's
    multiply-adds; accuracies and ceilings in percent. runs: those that the law was fitted to.

    >>> import pandas as pd
    >>> import scaling_study as ss
    >>> curves = pd.DataFrame({"path": "width", "budget": [1.0, 8.0], "accuracy": [76.0, 80.0], "low": [75.0, 79.0]})
    >>> curves = curves.assign(high=[77.0, 81.0], extrapolated=False, ceiling=81.5, ceiling_low=80.0, ceiling_high=83.0)
    >>> runs = ss.load_runs("results/fractals-reference")
    >>> figure = ss.plot.law(curves.assign(model="micro_mbconv", epochs=2), runs)
    """
    return only("law", analyzed({"law_curves": curves}, runs), model, epochs)


def law_map(table: pd.DataFrame, runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None) -> Chart:
    """Accuracy by one law of all axes at one cost, over the shares of its logarithm that depth and resolution take.

    table: a row per shape with ``share_depth`` and ``share_resolution``, 0 to 1, its coefficients, accuracy in percent,
    whether it is ``extrapolated`` and which is ``best``. runs: those that the law was fitted to.

    >>> import pandas as pd
    >>> import scaling_study as ss
    >>> table = pd.DataFrame({"share_depth": [1.0, 0.0, 0.0], "share_resolution": [0.0, 0.0, 1.0], "budget": 4.0})
    >>> table = table.assign(depth=[4, 1, 1], width=[1, 2, 1], resolution=[1, 1, 2], accuracy=[77.0, 79.0, 80.0])
    >>> table = table.assign(extrapolated=False, best=[False, False, True], model="micro_mbconv", epochs=2)
    >>> figure = ss.plot.law_map(table, ss.load_runs("results/fractals-reference"))
    """
    return only("law_map", analyzed({"law_map": table}, runs), model, epochs)


def learning_curves(
    runs: pd.DataFrame, history: pd.DataFrame, *, model: str | None = None, epochs: int | None = None
) -> Chart:
    """Validation accuracy and training loss against epochs, a column per method, not converged ones dashed.

    history: as from ``load_history``, of the same study.

    >>> import scaling_study as ss
    >>> study = "results/fractals-reference"
    >>> figure = ss.plot.learning_curves(ss.load_runs(study), ss.load_history(study))
    """
    return only("learning_curves", figures.of_runs(runs, history), model, epochs)


def fig4(runs: pd.DataFrame, *, cost: str = "flops") -> Chart:
    """Accuracy as width grows, a curve per pair of depth and resolution (Figure 4).

    >>> import scaling_study as ss
    >>> ss.plot.fig4(ss.load_runs("results/fractals-reference"))
    Traceback (most recent call last):
    ...
    ValueError: fig4: there is nothing to draw
    """
    return only(figures.by_cost("fig4", cost), analyzed({}, runs, cost))


def isocompute(table: pd.DataFrame, runs: pd.DataFrame, *, model: str | None = None) -> Chart:
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
