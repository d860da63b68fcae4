"""Class activation maps of several networks on the same images (as Figure 7 of Tan & Le 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from scaling_study.figures.aggregation import about
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import METHODS, SYMBOLS
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

LABEL_SIZE, TITLE_SIZE = 8, 10  # points
PANEL, CAPTION, FRAME = 1.6, 0.1, 1.7  # inches: of a panel, of the line over it, of what is around all
LINE, LETTERS = 0.17, 12  # of the title: inches, and letters per inch
COLORS, COVER = "plasma", 0.6  # of a map, and how much of the picture it covers
FADED = 0.5  # how much of white is mixed into a picture under a map: on black, colors could not be told apart
WRONG = METHODS["depth"]["color"]
NAME_MAX, HEADING_MAX = 14, 24  # letters that fit over a panel: of a class, of a line of the heading


def activation_maps(
    runs: pd.DataFrame,
    table: pd.DataFrame,
    pictures: Mapping[str, np.ndarray],
    maps: Mapping[str, np.ndarray],
    budget: float,
) -> Figure:
    """A row per image: the picture as the first network is given it, then of each network the map over its own input.

    runs: a row per network in order, with ``multiple``, its multiply-adds relative to the baseline's; table: with the
    columns of cam.csv, the images of each network in one order; pictures: (n, height, width, channels), and maps:
    (n, height, width), both 0 to 1, by run_id; budget: multiple of the baseline's multiply-adds.
    """
    rows = {run_id: own.to_dict("records") for run_id, own in table.groupby("run_id", sort=False)}
    first, count = runs.run_id.iloc[0], len(pictures[runs.run_id.iloc[0]])
    width = PANEL * (len(runs) + 1)
    title = title_of(runs, budget, width)
    height = (PANEL + CAPTION) * count + FRAME + LINE * title.count("\n")
    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(count, len(runs) + 1, squeeze=False)
    head(grid[0, 0], "true class")
    for n, axes in enumerate(grid[:, 0]):
        draw_picture(axes, pictures[first][n], shortened(rows[first][n]["true_class"]))
    unit = METRICS["flops"].for_values(runs.flops)
    for run, column in zip(runs.to_dict("records"), grid.T[1:], strict=True):
        head(column[0], heading(run, unit.scale, unit.unit))
        for n, axes in enumerate(column):
            shades = draw_panel(axes, pictures[run["run_id"]][n], maps[run["run_id"]][n], rows[run["run_id"]][n])
    bar = figure.colorbar(shades, ax=grid, location="bottom", shrink=0.4, aspect=40, pad=0.02)
    bar.set_label("of the largest value of each map", fontsize=LABEL_SIZE)
    bar.ax.tick_params(labelsize=LABEL_SIZE)
    figure.suptitle(title, fontsize=TITLE_SIZE)
    return figure


def title_of(runs: pd.DataFrame, budget: float, width: float) -> str:
    """The title in lines that fit into ``width`` inches, and an empty one, which keeps it from the headings."""
    lines = (
        f"Class activation maps (Grad-CAM) for the true class: {about(runs, runs.model.iloc[0])}",
        f"networks of about {budget:.3g} times the baseline's multiply-adds, one seed of each",
        "on top coefficients and multiply-adds, above each map the predicted class with its probability",
    )
    return "\n".join([*(fill(line, int(LETTERS * width), break_on_hyphens=False) for line in lines), ""])


def head(axes: Axes, text: str) -> None:
    """Write above a panel of the first row, over the line on its prediction."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center", "va": "bottom"}
    axes.annotate(text, (0.5, 1), (0, 18), fontsize=LABEL_SIZE, fontweight="bold", **place)


def heading(run: dict[str, Any], scale: float, unit: str) -> str:
    """Method, coefficients other than 1, and multiply-adds, in lines."""
    moved = [f"{SYMBOLS[axis]} {run[axis]:.3g}" for axis in AXES if round(run[axis], 3) != 1]
    stages = [] if pd.isna(run["stage_depth"]) else [f"stages {run['stage_depth']}"]
    coefficients = fill(", ".join([*moved, *stages]) or "d, w, r 1", HEADING_MAX)
    return "\n".join([run["method"], coefficients, f"{run['flops'] / scale:.3g} {unit}"])


def draw_picture(axes: Axes, picture: np.ndarray, text: str) -> None:
    axes.set_axis_off()
    axes.set_title(text, fontsize=LABEL_SIZE)
    grey = picture.shape[-1] == 1
    axes.imshow(picture[..., 0] if grey else picture, cmap="gray", vmin=0, vmax=1, extent=(0, 1, 0, 1))


def draw_panel(axes: Axes, picture: np.ndarray, values: np.ndarray, row: dict[str, Any]) -> Any:
    """Draw a map over its picture and what is predicted above; returns its shades, for a scale."""
    verdict = "right" if row["right"] else "wrong"
    draw_picture(
        axes,
        FADED + (1 - FADED) * picture,
        f"{shortened(row['predicted_class'])} ({row['probability']:.0%}), {verdict}",
    )
    axes.title.set_color("black" if row["right"] else WRONG)
    return axes.imshow(values, cmap=COLORS, vmin=0, vmax=1, alpha=COVER, extent=(0, 1, 0, 1))


def shortened(name: str) -> str:
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1].rstrip()}…"
