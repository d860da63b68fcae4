"""The one place for colors, markers and sizes: a method looks the same in every figure.

Okabe-Ito colors, chosen to differ in lightness too, and a marker each, so that all stay apart in greyscale.
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_study.figures.chart import Line

Style = dict[str, Any]  # fields of Marks

METHODS: dict[str, Style] = {
    "width": {"color": "#0072B2", "marker": "o"},
    "depth": {"color": "#D55E00", "marker": "s"},
    "resolution": {"color": "#009E73", "marker": "^"},
    "compound": {"color": "#000000", "marker": "D"},
    "fast": {"color": "#E69F00", "marker": "P"},
    "custom": {"color": "#CC79A7", "marker": "v"},
}
SYMBOLS = {"depth": "d", "width": "w", "resolution": "r", "compound": "φ"}
BASELINE: Style = {"color": "#888888", "marker": "*"}
BASELINE_STAR: Style = {"color": "white", "marker": "*", "size": 14, "edge": "black"}
REFERENCE: Style = {"color": "#56B4E9", "marker": "X", "size": 8, "edge": "black"}

# Of categories that are no methods: models, costs, pairs of coefficients.
CATEGORIES: list[Style] = [
    {"color": "#0072B2", "marker": "o"},
    {"color": "#D55E00", "marker": "s"},
    {"color": "#009E73", "marker": "D"},
    {"color": "#000000", "marker": "^"},
    {"color": "#CC79A7", "marker": "v"},
    {"color": "#E69F00", "marker": "P"},
    {"color": "#56B4E9", "marker": "X"},
]
LINES: tuple[Line, ...] = ("solid", "dashed", "dashdot", "dotted")
VERDICTS: dict[str, Style] = {
    "best": {"color": "#000000", "marker": "D"},
    "not distinguishable": {"color": "#0072B2", "marker": "o"},
    "worse": {"color": "#D55E00", "marker": "s"},
    "over budget": {"color": "#888888", "marker": "x"},
    "no interval": {"color": "#0072B2", "marker": "o"},
}
ONE_PANEL = (7.0, 4.8)  # inches
# Viridis from dark to light, as far as lines are seen on white.
SHADES = ("#440154", "#482677", "#3f4788", "#32648e", "#277e8e", "#1f988b", "#2cb17e", "#5ac864", "#9bd93c")


def categories(count: int) -> list[Style]:
    """The looks of ``count`` categories, repeated where there are more than CATEGORIES."""
    return list(islice(cycle(CATEGORIES), count))


def sequence(count: int) -> list[Style]:
    """The looks of ``count`` ordered things, the darkest last, each also with a marker of its own."""
    last = len(SHADES) - 1
    places = [round(last * (1 - n / max(count - 1, 1))) for n in range(count)]
    return [look | {"color": SHADES[place]} for look, place in zip(categories(count), places, strict=True)]


def method_label(method: str) -> str:
    """The method with the symbol of its coefficient, as in ``width (w)``."""
    return f"{method} ({SYMBOLS[method]})" if method in SYMBOLS else method
