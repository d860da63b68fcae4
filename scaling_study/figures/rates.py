"""Accuracy against the learning rate or weight decay, with the best of each network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.figures.aggregation import intervals, seeds, trained
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, Rule, floats
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE, LINES, METHODS, method_label
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.figures.style import Style

NAMES = {"learning_rate": "learning rate", "weight_decay": "weight decay"}
NETWORK = ["method", *AXES]


def tried_rates(rates: pd.DataFrame, curves: pd.DataFrame) -> Chart | None:
    """Validation accuracy of each network against its rate, a panel per kind of rate, with the best by ``rates``.

    rates, curves: of one model and length of training, as the analysis gives them. None without a curve."""
    if curves.empty:
        return None
    kinds = [kind for kind in NAMES if (curves.rate == kind).any()]
    panels = [panel(rates[rates.rate == kind], curves[curves.rate == kind], NAMES[kind]) for kind in kinds]
    title = f"{trained(curves.model.iloc[0], curves)}, {curves.recipe.iloc[0]}"
    title += "; large markers: best rate, hollow at the edge; vertical line: the recipe's"
    return Chart(title, (tuple(panels),), (7.0 * len(panels), 4.8))


def panel(rates: pd.DataFrame, curves: pd.DataFrame, name: str) -> Panel:
    best = rates[rates.what == "best rate"].set_index(NETWORK)
    marks: list[Any] = [Rule(x=float(own)) for own in curves.value[curves.own].unique()[:1]]
    tops = []
    several = Counter(key[0] for key, _ in curves.groupby(NETWORK))
    seen: Counter[str] = Counter()
    for key, rows in curves.groupby(NETWORK, sort=False):
        method = str(key[0])
        look = METHODS.get(method, BASELINE)
        label = method_label(method) + (f" {coefficients(key[1:])}" if several[method] > 1 else "")
        marks.append(curve(rows.sort_values("value"), look | {"line": LINES[seen[method] % len(LINES)]}, label))
        seen[method] += 1
        if key in best.index:
            tops.append(top(best.loc[[key]].iloc[0], rows, look))
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


def coefficients(values: Any) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
