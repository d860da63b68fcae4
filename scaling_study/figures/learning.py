"""Learning curves: validation accuracy and training loss against epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.convergence import CONVERGED
from scaling_study.figures.aggregation import about
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, floats
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import SYMBOLS, sequence
from scaling_study.records.columns import VARIANT
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.figures.style import Style

DRAWN_MAX = 8  # variants in a panel; of more, evenly spaced in the order of their cost
PANELS_MAX = 4  # methods
SEEDS_MAX = 10  # that are drawn of a variant, beside the mean of all
ROWS = {"val_top1": METRICS["val_top1"].title, "train_loss": "training loss (nats)"}


def learning_curves(runs: pd.DataFrame, history: pd.DataFrame, model: str) -> Chart | None:
    """Validation accuracy and training loss after each epoch, a column per method: seeds thin, their mean thick, the
    darker the more multiply-adds; dashed: not converged, by the last tenth of the epochs.

    runs: of one length of training; history: a row per run and epoch. None without a run of two epochs or more.
    """
    done = runs[(runs.status == "done") & (runs.model == model)]
    curves = history[history.epoch.notna()].merge(done[["run_id"]], on="run_id")
    done = done[done.run_id.isin(curves.run_id[curves.epoch > 1])]
    found = dict.fromkeys(done.method[done.method != "baseline"])
    methods = sorted(found, key=lambda method: method == "custom")[:PANELS_MAX] or [
        "baseline"
    ]  # those with a rule first
    if done.empty:
        return None
    panels = tuple(tuple(panel(done, curves, method, quantity) for method in methods) for quantity in ROWS)
    title = f"{about(done, model)}\n{caption(done, methods)}"
    return Chart(title, panels, (3.6 * len(methods) + 0.6, 6.4), share_x="all", share_y="line")


def panel(runs: pd.DataFrame, curves: pd.DataFrame, method: str, quantity: str) -> Panel:
    """One method's variants by epoch."""
    variants = chosen(runs[runs.method.isin([method, "baseline"])])
    marks: list[Marks] = []
    for rows, look in zip(variants, sequence(len(variants)), strict=True):
        own = curves[curves.run_id.isin(rows.run_id)]
        marks += variant_marks(own, quantity, look, name=label_of(rows, method), improving=improving(rows))
    top = quantity == next(iter(ROWS))
    return Panel(
        Axis("epochs", whole=True),
        Axis(ROWS[quantity]),
        tuple(marks),
        title=method if top else "",
        legend="lower right" if top else None,
    )


def chosen(runs: pd.DataFrame) -> list[pd.DataFrame]:
    """Runs of each variant that is drawn, by multiply-adds: at most DRAWN_MAX, the first and last among them."""
    known = [name for name in VARIANT if name in runs]
    variant = runs.groupby(known, dropna=False).ngroup().to_numpy()
    _, firsts = np.unique(variant, return_index=True)
    order = runs.flops.iloc[firsts].astype("float64").argsort(kind="stable").to_numpy()
    if len(order) > DRAWN_MAX:
        order = order[np.linspace(0, len(order) - 1, DRAWN_MAX).round().astype(int)]
    return [runs[variant == number] for number in order]


def variant_marks(curves: pd.DataFrame, quantity: str, look: Style, *, name: str, improving: bool) -> list[Marks]:
    """One variant's ``quantity`` by epoch: seeds thin, the mean of all thick, dashed where still ``improving``."""
    shown = curves.run_id.drop_duplicates().head(SEEDS_MAX)
    seeds = curves[curves.run_id.isin(shown)].sort_values(["run_id", "epoch"])
    first = ~seeds.run_id.duplicated().to_numpy(dtype=bool)
    x, y = (pd.Series(seeds[name].to_numpy(dtype=float)) for name in ("epoch", quantity))
    gaps = pd.Series(np.nan, np.flatnonzero(first) - 0.5)  # between the seeds
    x, y = (pd.concat([column, gaps]).sort_index() for column in (x, y))
    thin = Marks(floats(x), floats(y), look["color"], line="solid", width=0.6, opacity=0.6)
    mean = curves.groupby("epoch", as_index=False)[quantity].mean()
    style: Style = {"line": "dashed" if improving else "solid", "width": 1.8, "last": True}
    return [thin, Marks(floats(mean.epoch), floats(mean[quantity]), name=name, **look | style)]


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
    some = f"; {SEEDS_MAX} of them" if seeds.max() > SEEDS_MAX else ""
    words += "" if seeds.max() == 1 else f"{some}, thin, and the mean of all" if some else ", thin, and their mean"
    most = max(part.flops.nunique() for _, part in runs.groupby("method"))
    words += f"; of each method at most {DRAWN_MAX} networks" if most >= DRAWN_MAX else ""
    words += "; the darker the more multiply-adds, dashed: not converged"
    left = [method for method in runs.method.unique() if method not in (*methods, "baseline")]
    return f"{words}; without {', '.join(left)}" if left else words
