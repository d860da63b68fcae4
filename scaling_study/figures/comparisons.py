"""Differences with their intervals: methods at equal cost, triples of a search, lengths of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scaling_study.figures.aggregation import cost_of, intervals, seeds, trained
from scaling_study.figures.chart import Axis, Chart, Marks, Rule, floats, one_panel
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import METHODS, VERDICTS, categories
from scaling_study.scaling.grid import PAPER

if TYPE_CHECKING:
    import pandas as pd

MIN_HEIGHT = 3.8  # inches, that the label of the vertical axis fits beside a single line


def compared(comparisons: pd.DataFrame) -> Chart:
    """Compound minus every other method at equal cost; filled where the corrected verdict distinguishes them."""
    rows = comparisons[comparisons.difference.notna()].sort_values(["cost_value", "other"], ascending=[False, True])
    x = METRICS[cost_of(rows)].for_values(rows.cost_value)
    marks = [
        interval(
            place,
            (row.difference, row.low, row.high),
            hollow=row.verdict not in ("better", "worse"),
            **METHODS[row.other],
        )
        for place, row in enumerate(rows.itertuples())
    ]
    return forest(
        f"{trained(rows.model.iloc[0], rows)}; {seeds(rows)}; filled: distinguishable (Holm)",
        f"top-1 of compound minus the other, points; {intervals(rows)}",
        f"against, at {x.title}",
        [f"{row.other} at {row.cost_value / x.scale:.3g} ({row.basis})" for row in rows.itertuples()],
        marks,
        legend=None,
    )


def searched(search: pd.DataFrame) -> Chart:
    """Every triple of the search, points behind the best on the validation split; crossed out: over budget."""
    rows = search.iloc[::-1].reset_index(drop=True)
    marks = [
        interval(place, (-row.behind, -row.high, -row.low), name=row.verdict, **VERDICTS[row.verdict])
        for place, row in enumerate(rows.itertuples())
    ]
    return forest(
        f"{trained(rows.model.iloc[0], rows)}; {seeds(rows)}",
        "points of validation top-1 relative to the best, 95% intervals",
        "alpha, beta, gamma and built multiply-adds relative to the baseline",
        [triple(row) for row in rows.itertuples()],
        marks,
        legend="upper left",
    )


def triple(row: Any) -> str:
    paper = " (paper)" if (row.alpha, row.beta, row.gamma) == PAPER else ""
    return f"{row.alpha:g}, {row.beta:g}, {row.gamma:g}{paper}  {row.flops_ratio:.2f}x"


def forest(title: str, xlabel: str, ylabel: str, texts: list[str], marks: list[Marks], *, legend: str | None) -> Chart:
    """A line for each of ``texts``, from the bottom, with its interval beside zero."""
    y = Axis(ylabel, ticks=floats(range(len(texts))), texts=tuple(texts))
    size = 7.0, max(MIN_HEIGHT, 1.4 + 0.26 * len(texts))
    return one_panel(title, Axis(xlabel), y, [Rule(x=0), *marks], size, legend=legend)


def interval(place: int, ends: tuple[float, float, float], **look: Any) -> Marks:
    """One point with its interval, (value, low, high), whose ends may be missing."""
    value, low, high = (floats([end]) for end in ends)
    return Marks(value, (float(place),), x_ends=(low, high), size=6, **look)


def regimes(regime: pd.DataFrame) -> Chart:
    """Depth minus width at equal flops against the length of training, a line per model and budget."""
    rows = regime[regime.epochs.notna()]
    groups = rows.groupby(["model", "flops_target"])
    marks = [
        Marks(
            floats(part.epochs),
            floats(part.points),
            y_ends=(floats(part.low), floats(part.high)),
            name=f"{model}, {budget:g} times the baseline",
            line="solid",
            **look,
        )
        for ((model, budget), part), look in zip(groups, categories(len(groups)), strict=True)
    ]
    epochs = Axis("epochs, log scale", log=2, ticks=floats(sorted(set(rows.epochs.astype(float)))))
    title = f"Equal multiply-adds; {seeds(rows)}, 95% intervals"
    return one_panel(title, epochs, Axis("top-1 of depth minus width, points"), [Rule(y=0), *marks], (6.0, 4.2))
