"""Differences with their intervals, one line each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from scaling_study.figures.aggregation import cost_of, trained
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import CAP_SIZE, HOLLOW, LABEL_SIZE, METHODS, POINTS, TITLE_SIZE, VERDICTS, categories
from scaling_study.scaling.grid import PAPER

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from scaling_study.figures.style import Style

MIN_HEIGHT = 3.8  # inches, that the label of the vertical axis fits beside a single line


def compared(comparisons: pd.DataFrame) -> Figure:
    """Compound minus every other method at equal cost; filled where the corrected verdict distinguishes them."""
    rows = comparisons[comparisons.difference.notna()].sort_values(["cost_value", "other"], ascending=[False, True])
    x = METRICS[cost_of(rows)].for_values(rows.cost_value)
    figure, axes = lines(len(rows))
    for place, row in enumerate(rows.itertuples()):
        style = METHODS[row.other] | ({} if row.verdict in ("better", "worse") else HOLLOW)
        bar(axes, place, (row.difference, row.low, row.high), style)
    labels = [f"{row.other} at {row.cost_value / x.scale:.3g} ({row.basis})" for row in rows.itertuples()]
    axes.set_yticks(range(len(rows)), labels, fontsize=LABEL_SIZE)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("top-1 of compound minus the other, points; 95% intervals")
    axes.set_ylabel(f"against, at {x.title}")
    axes.set_title(
        f"{trained(rows.model.iloc[0], rows)}; {seeds(rows)}; filled: distinguishable (Holm)", fontsize=TITLE_SIZE
    )
    return figure


def searched(search: pd.DataFrame) -> Figure:
    """Every triple of the search, points behind the best on the validation split; crossed out: over budget."""
    rows = search.iloc[::-1].reset_index(drop=True)
    figure, axes = lines(len(rows))
    seen = set()
    for place, row in enumerate(rows.itertuples()):
        label = None if row.verdict in seen else row.verdict
        seen.add(row.verdict)
        bar(axes, place, (-row.behind, -row.high, -row.low), VERDICTS[row.verdict], label=label)
    labels = [
        f"{row.alpha:g}, {row.beta:g}, {row.gamma:g}{' (paper)' if (row.alpha, row.beta, row.gamma) == PAPER else ''}"
        f"  {row.flops_ratio:.2f}x"
        for row in rows.itertuples()
    ]
    axes.set_yticks(range(len(rows)), labels, fontsize=LABEL_SIZE)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("points of validation top-1 relative to the best, 95% intervals")
    axes.set_ylabel("alpha, beta, gamma and built multiply-adds relative to the baseline")
    axes.set_title(f"{trained(rows.model.iloc[0], rows)}; {seeds(rows)}", fontsize=TITLE_SIZE)
    axes.legend(frameon=False, loc="upper left", fontsize=LABEL_SIZE)
    return figure


def regimes(regime: pd.DataFrame) -> Figure:
    """Depth minus width at equal flops against the length of training, a line per model and budget."""
    figure = Figure(figsize=(6.0, 4.2), layout="constrained")
    axes = figure.subplots()
    rows = regime[regime.epochs.notna()]
    groups = rows.groupby(["model", "flops_target"])
    for ((model, budget), part), style in zip(groups, categories(len(groups)), strict=True):
        error = [(part.points - part.low).fillna(0).astype(float), (part.high - part.points).fillna(0).astype(float)]
        epochs = part.epochs.astype(float)
        axes.errorbar(
            epochs, part.points, error, capsize=CAP_SIZE, label=f"{model}, {budget:g} times the baseline", **style
        )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(set(rows.epochs.astype(float))))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("epochs, log scale")
    axes.set_ylabel("top-1 of depth minus width, points")
    axes.set_title(f"Equal multiply-adds; {seeds(rows)}, 95% intervals", fontsize=TITLE_SIZE)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def seeds(rows: pd.DataFrame) -> str:
    low, high = rows.n.min(), rows.n.max()
    return f"n = {low} seed{'s' if low > 1 else ''}" if low == high else f"n = {low} to {high} seeds"


def lines(count: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.0, max(MIN_HEIGHT, 1.4 + 0.26 * count)), layout="constrained")
    axes = figure.subplots()
    axes.grid(axis="x", alpha=0.3)
    axes.margins(y=0.6 / max(count, 1))
    return figure, axes


def bar(axes: Axes, place: int, interval: tuple[float, float, float], style: Style, label: str | None = None) -> None:
    """One point with its interval, (value, low, high), if it has one."""
    value, low, high = interval
    error = None if math.isnan(low) else [[value - low], [high - value]]
    axes.errorbar([value], [place], xerr=error, capsize=CAP_SIZE, markersize=6, label=label, **style | POINTS)
