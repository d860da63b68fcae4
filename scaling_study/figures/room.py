"""Room for the texts beside points in an interactive figure."""

from __future__ import annotations

from math import isfinite, log2
from typing import TYPE_CHECKING

from scaling_study.figures.chart import Marks

if TYPE_CHECKING:
    from scaling_study.figures.chart import Axis, Panel

LETTER, TEXT_HEIGHT = 6, 13  # pixels, of texts beside points


def texts_with_room(panel: Panel, width: int, height: int) -> set[tuple[float, float, str]]:
    """The texts beside points, as (x, y, text), that cover no other text; those of the others show on hovering.

    width, height: of the panel, in pixels."""
    marks = [mark for mark in panel.marks if isinstance(mark, Marks) and not mark.shares]
    spans = span(panel.x, [mark.x for mark in marks]), span(panel.y, [mark.y for mark in marks])
    boxes: list[tuple[float, float, float, float]] = []
    free = set()
    for mark in marks:
        for x, y, text in zip(mark.x, mark.y, mark.texts, strict=False):
            right, top = (place(value, axis, *ends) for value, axis, ends in zip((x, y), panel[:2], spans, strict=True))
            left, bottom = width * right, height * top
            left -= len(text) * LETTER if mark.place.endswith("left") else 0
            bottom += TEXT_HEIGHT if mark.place.startswith("above") else 0
            box = (left, bottom, left + len(text) * LETTER, bottom + TEXT_HEIGHT)
            if text and not any(overlap(box, other) for other in boxes):
                boxes.append(box)
                free.add((x, y, text))
    return free


def span(axis: Axis, values: list[tuple[float, ...]]) -> tuple[float, float]:
    """The ends of an axis in the units of its scale."""
    known = [scaled(value, axis) for column in values for value in column if isfinite(value)]
    return min(known), max(known)


def place(value: float, axis: Axis, low: float, high: float) -> float:
    """Where a value is on an axis, 0 to 1."""
    return (scaled(value, axis) - low) / ((high - low) or 1)


def scaled(value: float, axis: Axis) -> float:
    return value if axis.log is None else log2(value)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
