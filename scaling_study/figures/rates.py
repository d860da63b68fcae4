"""Accuracy against the learning rate or weight decay, with the best of each network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.analysis.rates import NETWORK
from scaling_study.figures.aggregation import intervals, seeds, trained
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, Rule, floats
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE, LINES, METHODS, method_label
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.figures.style import Style

NAMES = {"learning_rate": "learning rate", "weight_decay": "weight decay"}


def tried_rates(rates: pd.DataFrame, curves: pd.DataFrame) -> Chart | None:
    """Validation accuracy of each network against its rate, a panel per kind of rate, with the best by ``rates``.

    rates, curves: of one model and length of training, as the analysis gives them. None without a curve."""
    if curves.empty:
        return None
    kinds = [kind for kind in NAMES if (curves.rate == kind).any()]
    panels = [panel(rates[rates.rate == kind], curves[curves.rate == kind], NAMES[kind]) for kind in kinds]
    recipes = sorted(set(curves.recipe.replace("nan", pd.NA).dropna()))
    title = ", ".join([trained(curves.model.iloc[0], curves), *recipes])
    title += "; large markers: best rate, hollow at the edge"
    if any(isinstance(mark, Rule) for one in panels for mark in one.marks):
        title += "; vertical line: the recipe's"
    return Chart(title, (tuple(panels),), (7.0 * len(panels), 4.8))


def panel(rates: pd.DataFrame, curves: pd.DataFrame, name: str) -> Panel:
    own = curves.value[curves.own].unique()
    marks: list[Any] = [Rule(x=float(rate)) for rate in own] if len(own) == 1 else []  # where it is that of all
    tops = []
    best = dict(iter(named(rates[rates.what == "best rate"]).groupby("network")))
    networks = named(curves).groupby("network", sort=False)
    several = Counter(rows.method.iloc[0] for _, rows in networks)
    seen: Counter[str] = Counter()
    for network, rows in networks:
        method = str(rows.method.iloc[0])
        look = METHODS.get(method, BASELINE)
        label = method_label(method)
        if several[method] > 1:
            label += " " + ", ".join(f"{rows[axis].iloc[0]:.3g}" for axis in AXES)
        marks.append(curve(rows.sort_values("value"), look | {"line": LINES[seen[method] % len(LINES)]}, label))
        seen[method] += 1
        if network in best:
            tops.append(top(best[network].iloc[0], rows, look))
    values = sorted(curves.value.unique())
    return Panel(
        Axis(f"{name}, log scale", log=2, ticks=floats(values), texts=tuple(f"{value:g}" for value in values)),
        Axis(METRICS["val_top1"].title),
        (*marks, *tops),
        title=f"{seeds(curves)}, {intervals(curves)}",
    )


def curve(rows: pd.DataFrame, look: Style, name: str) -> Marks:
    """A network's mean accuracies, joined by a line."""
    ends = floats(rows.low), floats(rows.high)
    return Marks(floats(rows.value), floats(rows.accuracy), y_ends=ends, name=name, width=1.2, **look)


def top(best: pd.Series, rows: pd.DataFrame, look: Style) -> Marks:
    """A network's best rate, as high as the parabola that gives it."""
    own = rows.accuracy[rows.own]
    height = own.iloc[0] + best.loss if len(own) and pd.notna(best.loss) else rows.accuracy.max()
    style = look | {"size": 11, "bar_width": 2}
    ends = floats([best.low]), floats([best.high])
    return Marks(floats([best.value]), floats([height]), x_ends=ends, hollow=bool(best.at_edge), **style)


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a column ``network``, which tells its networks apart; tables of earlier versions lack some of
    NETWORK."""
    return table.assign(network=[str(key) for key in table.reindex(columns=NETWORK).itertuples(index=False)])
