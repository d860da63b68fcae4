"""A study's part of the page: the summary's sentences and parts, and figures."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_study.analysis.accuracies import accuracies
from scaling_study.figures.chart import Marks
from scaling_study.figures.interactive import specifications
from scaling_study.report.page.values import Picture, StudySection
from scaling_study.report.summary import summary_parts
from scaling_study.report.summary_opening import opening
from scaling_study.report.typeset import as_markdown

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.analysis.study import Analysis
    from scaling_study.figures.chart import Chart

# By the beginning of the figure's name; the first of them that a study has is its main figure.
SHOWS = {
    "regime": "How the lead of a method changes with the length of training",
    "fits": "Accuracy against cost with the fitted curves, their bands, ceilings and saturation points, by method",
    "methods": "Accuracy against cost, one curve for each method, mean and range over seeds",
    "shape": "Accuracy of networks of equal cost whose shape differs",
    "accuracy": "Published accuracy against the measured cost of each network",
    "isocompute": "Accuracy by size and length of training at equal training cost",
    "rates": "Accuracy against the learning rate or weight decay, with the best of each network",
    "search": "Accuracy of the triples of the grid search",
    "comparisons": "Differences from compound scaling at equal cost, with intervals",
    "frontier": "Networks that no cheaper one matches",
    "fig4": "Accuracy by width, for chosen depths and resolutions",
    "axes": "Accuracy along each axis alone, mean and range over seeds",
    "law_map": "The fitted law over two axes",
    "law": "The fitted law along each axis, and the best direction",
    "learning_curves": "Accuracy and loss at the end of each epoch",
    "times": "Measured times against the counts that may predict them",
    "latency": "Latency of one image against multiply-adds",
    "memory": "Memory that training keeps per image against multiply-adds",
    "speed": "Multiply-adds per second against multiply-adds per byte, under the limits of the device",
    "cost_curves": "How costs grow along each axis alone",
}


VARIANTS_MAX = 300  # that are listed: a browser lays out all cells of a table before it shows the page
POINTS_MAX = 2000  # of a figure that tells its values: it takes a page about 100 bytes for each


def section(
    study: str,
    analysis: Analysis,
    recommendations: pd.DataFrame,
    figures: Mapping[str, tuple[Path, Chart]],
    cost: str,
    *,
    predictions: pd.DataFrame | None = None,
) -> StudySection:
    """figures: by name, each as an SVG file and its chart."""
    said = opening(analysis, cost)
    parts = [(title, "\n".join(lines)) for title, lines in summary_parts(analysis, recommendations, cost, predictions)]
    if len(analysis.runs):
        parts.insert(1, ("All variants", listed(accuracies(analysis.runs))))
    return StudySection(study, said.answers, [*said.limits, *analysis.failed], parts, pictures(figures))


def listed(variants: pd.DataFrame) -> str:
    """A table of the variants; of more than VARIANTS_MAX the first alone, which it says."""
    table = as_markdown(variants.head(VARIANTS_MAX))
    if len(variants) <= VARIANTS_MAX:
        return table
    order = "by budget and multiply-adds; the table of runs holds them all"
    return f"The first {VARIANTS_MAX} of {len(variants):,} variants, {order}.\n\n{table}"


def pictures(figures: Mapping[str, tuple[Path, Chart]]) -> Sequence[Picture]:
    """The figures as they are to be shown, the main one first."""
    order = {start: n for n, start in enumerate(SHOWS)}
    kinds = {name: kind(name) for name in figures}
    names = sorted(figures, key=lambda name: order.get(kinds[name], len(order)))
    return [
        Picture(name, as_url(figures[name][0]), text_of(name, kinds[name]), panels(figures[name][1])) for name in names
    ]


def panels(chart: Chart) -> list[dict[str, Any]]:
    """The chart for a page, panel by panel; none of one with more than POINTS_MAX points, which stays a picture."""
    points = sum(len(mark.x) for panel in chart.flat for mark in panel.marks if isinstance(mark, Marks))
    return specifications(chart) if points <= POINTS_MAX else []


def kind(name: str) -> str:
    """The longest key of SHOWS that a figure's name begins with."""
    return max((start for start in SHOWS if name.startswith(start)), key=len, default="")


def text_of(name: str, start: str) -> str:
    rest = name.removeprefix(start).strip("-_").replace("_", " ")
    return f"{SHOWS.get(start, name)}{f' ({rest})' if rest else ''}."


def as_url(svg: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.read_bytes()).decode()}"
