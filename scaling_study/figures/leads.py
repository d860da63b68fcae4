"""How far one method is ahead of the others in several studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study.figures.aggregation import seeds
from scaling_study.figures.chart import Axis, Chart, Marks, Rule, floats, one_panel
from scaling_study.figures.style import METHODS, method_label

if TYPE_CHECKING:
    import pandas as pd

APART = 0.12  # between the methods of one study, whose distance from the next is 1


def leading(table: pd.DataFrame, ordered: bool = False) -> Chart:
    """The differences with their intervals, a place on the horizontal axis for each study.

    table: as of ``leads``; ordered: whether lines from study to study make sense. Raises ValueError where it holds
    several methods or budgets.
    """
    for column in ("method", "flops_target"):
        if (held := table[column].nunique()) > 1:
            raise ValueError(f"leads: the table holds {held} values of {column}; give the rows of one")
    names = list(dict.fromkeys(table.study))
    others = [method for method in METHODS if (table.other == method).any()]
    marks = []
    for place, method in enumerate(others):
        rows = table[table.other == method]
        off = APART * (place - (len(others) - 1) / 2)
        marks.append(
            Marks(
                floats(names.index(name) + off for name in rows.study),
                floats(rows.difference),
                y_ends=(floats(rows.low), floats(rows.high)),
                name=method_label(method),
                line="dotted" if ordered else None,
                width=1.0,
                size=7,
                **METHODS[method],
            )
        )
    (reference,), (budget,) = set(table.method), set(table.flops_target)
    x = Axis("", limits=(-0.5, len(names) - 0.5), ticks=floats(range(len(names))), texts=tuple(names))
    y = Axis(f"top-1 of {reference} minus the other, points")
    title = f"At {budget:g} times the baseline's multiply-adds; {seeds(table)}, 95% intervals"
    return one_panel(title, x, y, [Rule(y=0), *marks], (7.0, 4.4), legend_title="minus")
