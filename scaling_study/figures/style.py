"""The one place for colors, markers and sizes: a method looks the same in every figure.

Okabe-Ito colors, chosen to differ in lightness too, and a marker each, so that all stay apart in greyscale.
"""

from itertools import cycle, islice
from typing import Any

Style = dict[str, Any]  # keywords of matplotlib's plot and errorbar

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
BASELINE_STAR: Style = {"color": "white", "marker": "*", "markersize": 14, "markeredgecolor": "black", "zorder": 5}
REFERENCE: Style = {"color": "#56B4E9", "marker": "X", "markersize": 8, "markeredgecolor": "black"}

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
LINES = ("-", "--", "-.", ":")
DASHES = (0, (4, 2))  # of what is beyond the trained costs or coefficients
VERDICTS: dict[str, Style] = {
    "best": {"color": "#000000", "marker": "D"},
    "not distinguishable": {"color": "#0072B2", "marker": "o"},
    "worse": {"color": "#D55E00", "marker": "s"},
    "over budget": {"color": "#888888", "marker": "x"},
    "no interval": {"color": "#0072B2", "marker": "o"},
}
HOLLOW: Style = {"markerfacecolor": "white"}
POINTS: Style = {"linestyle": "none"}  # markers without a line
MARKER_SIZE, CAP_SIZE = 5, 3  # points
TITLE_SIZE, LABEL_SIZE = 10, 8  # points
ONE_PANEL = (7.0, 4.8)  # inches
GRID: Style = {"alpha": 0.3}


def categories(count: int) -> list[Style]:
    """The looks of ``count`` categories, repeated where there are more than CATEGORIES."""
    return list(islice(cycle(CATEGORIES), count))


def sequence(count: int) -> list[Style]:
    """The looks of ``count`` ordered things, the darkest last, each also with a marker of its own."""
    from matplotlib import colormaps

    shades = [0.85 * (1 - n / max(count - 1, 1)) for n in range(count)]
    return [
        look | {"color": colormaps["viridis"](shade)} for look, shade in zip(categories(count), shades, strict=True)
    ]


def method_label(method: str) -> str:
    """The method with the symbol of its coefficient, as in ``width (w)``."""
    return f"{method} ({SYMBOLS[method]})" if method in SYMBOLS else method
