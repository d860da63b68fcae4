"""Names beside points, placed so that they do not cover each other.

Of the 139 names in the committed figures none meets a text, legend, point, line or edge. adjustText 1.4, in the best of
three settings tried, put one on a legend and one outside its axes, and took six times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.text import Text
from matplotlib.transforms import Bbox

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path


# Offsets in points and alignments that are tried in turn, the right side first.
BELOW_RIGHT, ABOVE_LEFT = ((5, -4), "left", "top"), ((-5, 4), "right", "bottom")
FIRST = {"below right": BELOW_RIGHT, "above left": ABOVE_LEFT}
FIRST |= {"below left": ((-5, -4), "right", "top"), "above right": ((5, 4), "left", "bottom")}
PLACES = (
    BELOW_RIGHT,
    ((7, 0), "left", "center"),
    ((5, 4), "left", "bottom"),
    ((0, -7), "center", "top"),
    ABOVE_LEFT,
    ((-7, 0), "right", "center"),
    ((-5, -4), "right", "top"),
    ((0, 7), "center", "bottom"),
    ((12, -14), "left", "top"),
    ((12, 14), "left", "bottom"),
    ((-12, -14), "right", "top"),
    ((0, -16), "center", "top"),
    ((-8, -24), "center", "top"),
    ((0, 16), "center", "bottom"),
)
MARKER_PIXELS = 5
GAP_PIXELS = 4  # between two texts side by side, which would read as one
BOXES_MAX = 10_000  # about so many along the lines of a panel, fewer between two points where there are many
NO_BOXES = np.empty((0, 4))
FAR_POINTS = 8  # from here on a thin line leads from the text to its point


def name_points(axes: Axes, points: Sequence[tuple], size: float = 7) -> None:
    """Write the texts of ``points``, (x, y, text, place of FIRST to try first, color or None), each where it meets no
    other text, no line to another text, no point and no edge, and no error bar if it can; one that has no such place is
    left out. size: in points.

    Call it once and last: it lays the figure out, and later changes would move the texts onto each other.
    """
    figure: Any = axes.figure
    figure.draw_without_rendering()
    bars = error_bars(axes)
    taken = np.concatenate([around(pixels_of(axes, points), MARKER_PIXELS), curves(axes)])
    taken = with_boxes(taken, [extent(text) for text in axes.texts])
    if legend := axes.get_legend():
        taken = with_boxes(taken, [legend.get_window_extent()])
    # Those near the right edge have the least choice.
    for x, y, text, first, color in sorted(points, key=lambda point: point[:2], reverse=True):
        look: dict[str, Any] = {"fontsize": size, "color": color or "black", "textcoords": "offset points"}
        pixel, free = axes.transData.transform((x, y)), []
        for offset, horizontal, vertical in (FIRST[first], *PLACES):
            leader = {"arrowstyle": "-", "linewidth": 0.5} if max(map(abs, offset)) > FAR_POINTS else None
            write = partial(axes.annotate, text, (x, y), offset, ha=horizontal, va=vertical, arrowprops=leader, **look)
            label = write()
            boxes = [extent(label)]
            boxes += leader_boxes(label, pixel) if leader else []
            label.remove()
            if is_inside(boxes[0], axes) and not any(overlaps(box, taken) for box in boxes):
                covers = any(overlaps(box, bars) for box in boxes)
                free.append((covers, write, boxes))
                if not covers:
                    break
        if free:
            # Where there is no free place, a text may cover an error bar.
            _, write, boxes = min(free, key=itemgetter(0))
            write()
            taken = with_boxes(taken, [*boxes[1:], boxes[0].padded(GAP_PIXELS, 0)])


def is_inside(box: Bbox, axes: Axes) -> bool:
    return axes.bbox.contains(box.x0, box.y0) and axes.bbox.contains(box.x1, box.y1)


def with_boxes(boxes: np.ndarray, more: Sequence[Bbox]) -> np.ndarray:
    return np.concatenate([boxes, np.array([box.extents for box in more]).reshape(-1, 4)])


def overlaps(box: Bbox, boxes: np.ndarray) -> bool:
    """Whether ``box`` meets one of ``boxes``, rows of left, bottom, right and top."""
    left, bottom, right, top = boxes.T
    apart = (right <= box.x0) | (top <= box.y0) | (left >= box.x1) | (bottom >= box.y1)
    return not apart.all()


def leader_boxes(label: Text, pixel: Any) -> list[Bbox]:
    """Small boxes along the line from near the point to the text."""
    box = extent(label)
    x, y = (min(max(value, low), high) for value, low, high in zip(pixel, box.min, box.max, strict=True))
    steps = [(n + 1) / 8 for n in range(8)]
    spots = [(pixel[0] + (x - pixel[0]) * s, pixel[1] + (y - pixel[1]) * s) for s in steps]
    away = [spot for spot in spots if max(abs(spot[0] - pixel[0]), abs(spot[1] - pixel[1])) > 2 * MARKER_PIXELS]
    return [Bbox.from_bounds(x - 1, y - 1, 2, 2) for x, y in away[:-1]]


def extent(label: Text) -> Bbox:
    """Box of the text alone; an annotation's own includes its line."""
    label.get_window_extent()  # moves the text to where its offset puts it
    return Text.get_window_extent(label)


def around(pixels: np.ndarray, half: float) -> np.ndarray:
    """A box around each pixel, ``half`` to every side."""
    corners = pixels - half
    return np.hstack([corners, corners + 2 * half])


def pixels_of(axes: Axes, points: Sequence[tuple]) -> np.ndarray:
    return axes.transData.transform(np.array([point[:2] for point in points], dtype=float).reshape(-1, 2))


def curves(axes: Axes) -> np.ndarray:
    """Small boxes along the lines that are drawn."""
    drawn = [line for line in axes.lines if line.get_linestyle() != "None"]
    return along([line.get_path() for line in drawn], axes)


def error_bars(axes: Axes) -> np.ndarray:
    """Small boxes along the error bars."""
    bars = [lines for lines in axes.collections if isinstance(lines, LineCollection)]
    return along([path for lines in bars for path in lines.get_paths()], axes)


def along(paths: Sequence[Path], axes: Axes) -> np.ndarray:
    steps = max(1, min(25, BOXES_MAX // max(sum(len(np.asarray(path.vertices)) for path in paths), 1)))
    if not paths:
        return NO_BOXES
    return around(axes.transData.transform(np.concatenate([path.interpolated(steps).vertices for path in paths])), 1)
