"""The law of all axes: accuracy along each axis and along the best direction, and over shares of one budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.figures.aggregation import about, seeds, seeds_note, variants
from scaling_study.figures.chart import Axis, Heat, Marks, floats, one_panel
from scaling_study.figures.marks import band, baseline_star, cost_axis, method_means
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE_STAR, METHODS, ONE_PANEL, SYMBOLS, method_label
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.figures.chart import Band, Chart
    from scaling_study.figures.style import Style

PATHS: dict[str, Style] = {
    axis: {"color": METHODS[axis]["color"], "width": 1.8} for axis in ("width", "depth", "resolution")
}
# Wide and below the others, to be seen under an axis as good.
PATHS["best"] = {"color": METHODS["compound"]["color"], "width": 3.2, "opacity": 0.6, "behind": True}
BEST = "best direction by the law"
ROOM = 1.55  # width of the panel in that of the curves, so that ceilings are named beside them
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def directions(law_curves: pd.DataFrame, runs: pd.DataFrame) -> Chart | None:
    """Accuracy (percent) against cost in multiples of the baseline's, with 95% bands, of each axis alone and of the
    best direction, dashed where extrapolated, with each axis's ceiling; mean and range of every measured variant.

    law_curves: of one model and length of training, by flops; runs: the same runs. None without an accuracy.
    """
    curves = law_curves[law_curves.accuracy.notna()]
    paths = {path: curves[curves.path == path].sort_values("budget", ignore_index=True) for path in PATHS}
    paths = {path: rows for path, rows in paths.items() if len(rows)}
    if not paths:
        return None
    table = variants(runs, "top1")
    label = f"{METRICS['flops'].label} relative to the baseline's"
    x = replace(METRICS["flops"], label=label, scale=baseline_flops(runs))
    ends = limits(curves, table)
    marks: list[Marks | Band] = []
    for path, rows in paths.items():
        marks += path_marks(rows, named(path, rows, ends), **PATHS[path])
    for method in [m for m in METHODS if (table.method == m).any()]:
        name = named(method, paths[method], ends) if method in paths else method_label(method)
        marks.append(method_means(table[table.method == method], method, x, name=name))
    right = max(curves.budget.max(), table.flops.max() / x.scale) ** ROOM
    shown = [ceiling(rows, float(right), PATHS[path]["color"]) for path, rows in paths.items() if inside(rows, ends)]
    title = f"{about(runs, curves.model.iloc[0])}; {seeds_note(table)}"
    return one_panel(
        f"{title}\none law of all axes, 95% intervals, dashed beyond the trained coefficients",
        cost_axis(x)._replace(limits=(None, float(right) if shown else None)),
        Axis(METRICS["top1"].title, limits=ends),
        [*marks, *baseline_star(table, x), *shown],
        ONE_PANEL,
    )


def named(path: str, rows: pd.DataFrame, ends: tuple[float, float]) -> str:
    """The path in the legend, with its ceiling where that lies far above what was measured: its line would flatten the
    curves."""
    name = BEST if path == "best" else method_label(path)
    return name if pd.isna(rows.ceiling[0]) or inside(rows, ends) else f"{name}\n{ceiling_text(rows)}"


def inside(rows: pd.DataFrame, ends: tuple[float, float]) -> bool:
    """Whether a path has a ceiling and it is in view."""
    return bool(rows.ceiling[0] < ends[1])


def ceiling(rows: pd.DataFrame, right: float, color: str) -> Marks:
    """A thin line that ends with its text, right of all curves."""
    look: Style = {"line": "solid", "width": 0.8, "behind": True, "place": "above left", "colored": True}
    return Marks((right, 1.0), (rows.ceiling[0],) * 2, color, texts=(ceiling_text(rows),), **look)


def baseline_flops(runs: pd.DataFrame) -> float:
    """Multiply-adds of the baseline, by the others' ratios to it where it was not trained."""
    own = runs.flops[runs.method == "baseline"]
    return float(own.median() if len(own) else (runs.flops / runs.flops_ratio).median())


def path_marks(rows: pd.DataFrame, name: str, **look: Any) -> list[Marks | Band]:
    """Line and band of one path, rows by budget; dashed from the last trained point to the next."""
    beyond = rows.extrapolated.astype(bool)
    marks: list[Marks | Band] = []
    for _, part in rows.groupby((beyond != beyond.shift()).cumsum()):
        first, last = part.index[[0, -1]]
        piece = rows.loc[first - 1 : last + 1] if beyond[first] else part
        line: Style = {"line": "dashed" if beyond[first] else "solid", "name": name}
        marks.append(Marks(floats(piece.budget), floats(piece.accuracy), **line | look))
    return [*marks, *band(rows, "budget", look["color"])]


def limits(curves: pd.DataFrame, table: pd.DataFrame) -> tuple[float, float]:
    """Range of the vertical axis: bands and ceilings enlarge that of curves and points to at most three times it."""
    drawn = pd.concat([curves.accuracy, table.low, table.high]).astype(float)
    span = max(drawn.max() - drawn.min(), 0.1)
    values = pd.concat([drawn, *(curves[name].astype(float) for name in ("low", "high", "ceiling"))])
    inside = values[values.between(drawn.min() - span, drawn.max() + span)]
    margin = 0.06 * max(inside.max() - inside.min(), 0.1)
    return float(inside.min() - margin), float(inside.max() + margin)


def ceiling_text(rows: pd.DataFrame) -> str:
    """The accuracy that an axis alone never exceeds, in words."""
    first = rows.iloc[0]
    interval = f" ({first.ceiling_low:.1f} to {first.ceiling_high:.1f})" if pd.notna(first.ceiling_low) else ""
    return f"ceiling of {first.path} {first.ceiling:.1f}%{interval}"


def shapes(law_map: pd.DataFrame, runs: pd.DataFrame) -> Chart | None:
    """Predicted accuracy (percent) at one cost over the shares of its logarithm that depth and resolution take, of
    which width takes the rest; hatched where extrapolated.

    law_map: of one model, length of training and budget; runs: the same runs. None where the shapes span no area: fewer
    than three, or an axis that never varied.
    """
    rows = law_map[law_map.accuracy.notna()].astype({"extrapolated": bool, "best": bool})
    x, y = (rows[name].to_numpy(dtype=float) for name in ("share_depth", "share_resolution"))
    if len(rows) < 3 or np.linalg.matrix_rank(np.column_stack([np.ones(len(rows)), x, y])) < 3:
        return None
    label, beyond = f"predicted {METRICS['top1'].title}", "beyond the trained coefficients"
    heat = Heat(floats(x), floats(y), floats(rows.accuracy), label, tuple(rows.extrapolated), beyond)
    best = [optimum(row) for row in rows[rows.best].head(1).itertuples()]
    title = f"{about(runs, rows.model.iloc[0])}; {seeds(variants(runs, 'top1'))}"
    budget = f"at {rows.budget.iloc[0]:.3g} times the baseline's multiply-adds"
    return one_panel(
        f"{title}\nprediction of the law {budget}",
        Axis("share of depth in the logarithm of the budget", limits=(-0.05, 1.05), ticks=TICKS),
        Axis("share of resolution; width has the rest", limits=(-0.1, 1.1), ticks=TICKS),
        [heat, *corners(rows), *best],
        ONE_PANEL,
        legend="upper right",
    )


def optimum(best: Any) -> Marks:
    shape = ", ".join(f"{SYMBOLS[axis]}={getattr(best, axis):.2f}" for axis in AXES)
    name = f"best by the law, {best.accuracy:.1f}%:\n{shape}"
    return Marks((float(best.share_depth),), (float(best.share_resolution),), name=name, **BASELINE_STAR)


def corners(rows: pd.DataFrame) -> list[Marks]:
    """The single axes in the corners, with what they reach."""
    marks = []
    for axis, (depth, resolution) in {"width": (0.0, 0.0), "depth": (1.0, 0.0), "resolution": (0.0, 1.0)}.items():
        at = rows[(rows.share_depth == depth) & (rows.share_resolution == resolution)]
        text = f"{axis} alone" + "".join(f", {accuracy:.1f}%" for accuracy in at.accuracy)
        place = "above right" if resolution else "below left" if depth else "below right"
        look: Style = {"texts": (text,), "place": place}
        marks.append(Marks((depth,), (resolution,), **METHODS[axis] | look))
    return marks
