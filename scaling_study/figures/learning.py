"""Learning curves: validation accuracy and training loss against epochs."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scaling_study.analysis.convergence import CONVERGED
from scaling_study.figures.aggregation import about
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import DASHES, GRID, MARKER_SIZE, SYMBOLS, TITLE_SIZE, sequence
from scaling_study.records.columns import VARIANT
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scaling_study.figures.style import Style

DRAWN_MAX = 8  # variants in a panel; of more, evenly spaced in the order of their cost
PANELS_MAX = 4  # methods
LETTERS = 50  # of the title above a panel
ROWS = {"val_top1": METRICS["val_top1"].title, "train_loss": "training loss (nats)"}


def learning_curves(runs: pd.DataFrame, history: pd.DataFrame, model: str) -> Figure | None:
    """Validation accuracy and training loss after each epoch, a column per method: seeds thin, their mean thick, the
    darker the more multiply-adds; dashed: not converged, by the last tenth of the epochs.

    runs: of one length of training; history: a row per run and epoch. None without a run of two epochs or more.
    """
    done = runs[(runs.status == "done") & (runs.model == model)]
    curves = history[history.epoch.notna()].merge(done[["run_id"]], on="run_id")
    done = done[done.run_id.isin(curves.run_id[curves.epoch > 1])]
    methods = list(dict.fromkeys(done.method[done.method != "baseline"]))[:PANELS_MAX] or ["baseline"]
    if done.empty:
        return None
    figure = Figure(figsize=(3.6 * len(methods) + 0.6, 6.4), layout="constrained")
    panels = figure.subplots(len(ROWS), len(methods), sharex=True, sharey="row", squeeze=False)
    for column, method in zip(panels.T, methods, strict=True):
        variants = chosen(done[done.method.isin([method, "baseline"])])
        for rows, look in zip(variants, sequence(len(variants)), strict=True):
            own = curves[curves.run_id.isin(rows.run_id)]
            for panel, name in zip(column, ROWS, strict=True):
                draw_variant(panel, own, name, look, label=label_of(rows, method), open_=improving(rows))
        column[0].set_title(method, fontsize=TITLE_SIZE)
        column[0].legend(frameon=False, fontsize=7, loc="lower right")
        column[-1].set_xlabel("epochs")
    for row, label in zip(panels, ROWS.values(), strict=True):
        row[0].set_ylabel(label)
        for panel in row:
            panel.grid(**GRID)
            panel.xaxis.get_major_locator().set_params(integer=True)
    words = fill(caption(done, methods), LETTERS * len(methods))
    figure.suptitle(f"{about(done, model)}\n{words}", fontsize=TITLE_SIZE)
    return figure


def chosen(runs: pd.DataFrame) -> list[pd.DataFrame]:
    """Runs of each variant that is drawn, by multiply-adds: at most DRAWN_MAX, the first and last among them."""
    known = [name for name in VARIANT if name in runs]
    variants = sorted((rows for _, rows in runs.groupby(known, dropna=False)), key=lambda rows: rows.flops.iloc[0])
    if len(variants) <= DRAWN_MAX:
        return variants
    return [variants[place] for place in np.linspace(0, len(variants) - 1, DRAWN_MAX).round().astype(int)]


def draw_variant(axes: Axes, curves: pd.DataFrame, name: str, look: Style, *, label: str, open_: bool) -> None:
    """One variant's column ``name`` by epoch: each seed thin, their mean thick, dashed where ``open_``."""
    for _, seed in curves.groupby("run_id"):
        axes.plot(*points(seed.sort_values("epoch"), name), color=look["color"], linewidth=0.6, alpha=0.6)
    mean = curves.groupby("epoch", as_index=False)[name].mean()
    line: Style = {"color": look["color"], "linewidth": 1.8, "linestyle": DASHES if open_ else "-"}
    mark: Style = {"marker": look["marker"], "markevery": [-1], "markersize": MARKER_SIZE}
    axes.plot(*points(mean, name), label=label, **line | mark)


def points(rows: pd.DataFrame, name: str) -> list[np.ndarray]:
    return [rows[column].to_numpy(dtype=float) for column in ("epoch", name)]


def label_of(rows: pd.DataFrame, method: str) -> str:
    """The variant's coefficient, or all three."""
    first: Any = rows.iloc[0]
    if first.method == "baseline":
        return "baseline"
    return ", ".join(f"{SYMBOLS[axis]}={first[axis]:.3g}" for axis in ([method] if method in AXES else AXES))


def improving(rows: pd.DataFrame) -> bool:
    """Whether a variant had not converged, by the mean of its seeds."""
    return "last_tenth_gain" in rows and bool(rows.last_tenth_gain.astype("float64").mean() >= CONVERGED)


def caption(runs: pd.DataFrame, methods: list[str]) -> str:
    """What is drawn, and what is left out."""
    seeds = runs.groupby([name for name in VARIANT if name in runs], dropna=False).run_id.size()
    n = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
    words = f"n = {n} seed{'' if seeds.max() == 1 else 's'}"
    words += "" if seeds.max() == 1 else ", thin, and their mean"
    most = max(part.flops.nunique() for _, part in runs.groupby("method"))
    words += f"; of each method at most {DRAWN_MAX} networks" if most >= DRAWN_MAX else ""
    words += "; the darker the more multiply-adds, dashed: not converged"
    left = [method for method in runs.method.unique() if method not in (*methods, "baseline")]
    return f"{words}; without {', '.join(left)}" if left else words
