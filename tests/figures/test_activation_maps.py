"""The figure of class activation maps."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling_study.figures.activation_maps import WRONG, activation_maps

METHODS = {"baseline": (1.0, 1.0), "width": (2.0, 4.0), "custom": (1.5, 4.2)}


def drawn(methods, count, channels=1):
    runs = pd.DataFrame(
        [{"run_id": f"r{n}", "method": method, "depth": 1.0, "width": METHODS[method][0], "resolution": 1.0,
          "stage_depth": "1 1 1 1 1 2 2 2" if method == "custom" else pd.NA, "flops": int(1e6 * METHODS[method][1]),
          "multiple": METHODS[method][1], "model": "m", "data": "d", "recipe": "quick", "epochs": 2}
         for n, method in enumerate(methods)]
    )  # fmt: skip
    table = pd.DataFrame(
        [{"run_id": run_id, "true_class": f"a class with a long name {n}", "predicted_class": str(n),
          "probability": 0.25, "right": n % 2 == 0} for run_id in runs.run_id for n in range(count)]
    )  # fmt: skip
    sides = {run_id: 8 + 4 * n for n, run_id in enumerate(runs.run_id)}
    pictures = {run_id: np.full((count, side, side, channels), 0.2) for run_id, side in sides.items()}
    maps = {run_id: np.random.default_rng(0).random((count, side, side)) for run_id, side in sides.items()}
    return activation_maps(runs, table, pictures, maps, 4.0), maps


@pytest.mark.parametrize("channels", [1, 3])
def test_a_row_per_image_and_a_column_per_network(channels):
    figure, maps = drawn(METHODS, 3, channels)
    *panels, _ = figure.axes
    grid = np.array(panels).reshape(3, 4)
    assert [axes.get_title() for axes in grid[0]] == ["a class with…", *["0 (25%), right"] * 3]
    assert {axes.get_title() for axes in grid[1, 1:]} == {"1 (25%), wrong"}
    assert to_hex(grid[1, 1].title.get_color()).upper() == WRONG
    for column, run_id in zip(grid.T[1:], maps, strict=True):
        for axes, values in zip(column, maps[run_id], strict=True):
            np.testing.assert_array_equal(axes.images[1].get_array(), values)
    heads = [axes.texts[0].get_text() for axes in grid[0]]
    assert heads[:3] == ["true class", "baseline\nd, w, r 1\n1 millions", "width\nw 2\n4 millions"]
    assert heads[3] == "custom\nw 1.5, stages 1 1 1 1 1\n2 2 2\n4.2 millions"


@pytest.mark.slow
@pytest.mark.parametrize(("methods", "count"), [(["width"], 1), (["baseline", "width"], 2), (list(METHODS) * 2, 8)])
def test_no_text_meets_another_or_leaves_the_figure(methods, count):
    figure, _ = drawn(methods, count)
    figure.draw_without_rendering()
    *panels, bar = figure.axes
    texts = [*(axes.title for axes in panels), *(text for axes in panels for text in axes.texts), figure._suptitle]
    boxes = [text.get_window_extent() for text in [*texts, bar.xaxis.label] if text.get_text()]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in boxes)
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)
    tall = [axes.get_window_extent().height for axes in panels]
    assert min(tall) > 0.8 * 1.4 * figure.dpi
