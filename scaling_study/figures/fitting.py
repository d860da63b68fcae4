"""Titles and labels in lines that fit into a Figure."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from matplotlib import rcParams

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

LETTER = 0.57  # mean width of a letter of a title, in its size
LETTERS_MIN = 8  # in a line of a label
FILLED = 0.95  # of what a label stands beside, at most


def put_title(figure: Figure, words: str) -> None:
    """Write the title in lines that fit into the figure, whatever letters it is of."""
    size = rcParams["figure.titlesize"]
    most = letters(figure.get_figwidth(), size)
    title = figure.suptitle(wrapped(words, most), fontsize=size)
    while title.get_window_extent().width > figure.bbox.width and most > LETTERS_MIN:
        most -= 2
        title.set_text(wrapped(words, most))


def fit_labels(figure: Figure) -> None:
    """Break labels and titles that are longer than what they stand beside."""
    broken = True
    while broken:  # which leaves the panels less room
        figure.draw_without_rendering()
        broken = [fit_label(text, room) for axes in figure.axes for text, room in beside(axes)].count(True) > 0


def beside(axes: Axes) -> list[tuple[Text, float]]:
    """Labels and title, each with the pixels of the panel beside it."""
    box = axes.get_window_extent()
    return [(axes.xaxis.label, box.width), (axes.yaxis.label, box.height), (axes.title, box.width)]


def fit_label(text: Text, room: float) -> bool:
    """Break ``text`` into lines of at most ``room`` pixels, of LETTERS_MIN at least; whether it was broken anew."""
    before = text.get_text()
    whole = before.replace("\n", " ")
    for most in range(len(whole), LETTERS_MIN, -2):
        if length_of(text) <= FILLED * room:
            break
        text.set_text(wrapped(whole, most))
    return text.get_text() != before


def length_of(text: Text) -> float:
    """Pixels along the text."""
    box = text.get_window_extent()
    return box.height if text.get_rotation() == 90 else box.width


def letters(inches: float, size: float) -> int:
    """How many letters of a size in points fit into a width."""
    return max(12, int(inches * 72 / (LETTER * size)))


def wrapped(title: str, most: int) -> str:
    """A title in lines of at most ``most`` letters, broken between its parts where that is enough."""
    broken = []
    for line in title.split("\n"):
        first, mark, rest = line.rpartition("; ")
        parts = [f"{first};", rest] if mark and len(line) > most else [line]
        broken += [fill(part, most, break_on_hyphens=False) for part in parts]
    return "\n".join(broken)
