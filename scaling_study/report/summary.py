"""The analysis of a study in words: Markdown from its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaling_study.report.summary_convergence import convergence_part
from scaling_study.report.summary_data import data_part
from scaling_study.report.summary_isocompute import isocompute_part
from scaling_study.report.summary_law import law_part
from scaling_study.report.summary_methods import comparison_part, frontier_part, leader_part, saturation_part
from scaling_study.report.summary_models import (
    published_part,
    regime_part,
    search_part,
    surface_part,
    time_part,
)
from scaling_study.report.summary_opening import opening_part
from scaling_study.report.summary_predictions import prediction_part, recommendation_part
from scaling_study.report.summary_rates import rates_part
from scaling_study.report.summary_robustness import robustness_part
from scaling_study.report.summary_shape import shape_part
from scaling_study.report.summary_trials import trials_part

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.analysis.study import Analysis

HEADING = "## "  # of a part


def summary(
    study: str,
    analysis: Analysis,
    recommendations: pd.DataFrame,
    cost: str = "flops",
    predictions: pd.DataFrame | None = None,
) -> str:
    """Markdown of an Analysis; ``recommendations``, ``predictions``: the study's tables of task=recommend and
    task=predict, empty if there are none; cost: what saturation, comparisons and frontier are by."""
    lines = [
        f"# {study}",
        "",
        *opening_part(analysis, cost),
        "",
        *lines_of(analysis, recommendations, cost, predictions),
    ]
    return "\n".join(lines) + "\n"


def summary_parts(
    analysis: Analysis, recommendations: pd.DataFrame, cost: str = "flops", predictions: pd.DataFrame | None = None
) -> Iterator[tuple[str, list[str]]]:
    """(heading, lines of Markdown) of each part of the ``summary`` after its opening."""
    heading, part = "", list[str]()
    for line in lines_of(analysis, recommendations, cost, predictions):
        if line.startswith(HEADING):
            if heading:
                yield heading, part
            heading, part = line.removeprefix(HEADING), []
        else:
            part.append(line)
    yield heading, part


def lines_of(
    analysis: Analysis, recommendations: pd.DataFrame, cost: str, predictions: pd.DataFrame | None
) -> Iterator[str]:
    """The lines of the ``summary`` after its opening."""
    tables = analysis.tables
    writers = {
        "convergence": convergence_part,
        "trials": lambda trials: trials_part(trials, analysis.runs, tables.get("rates")),
        "fits": lambda fits: saturation_part(fits, analysis.runs, cost),
        "comparisons": lambda comparisons: comparison_part(comparisons, cost),
        "leaders": leader_part,
        "frontier": lambda frontier: frontier_part(frontier, cost),
        "search": search_part,
        "law": law_part,
        "surface": surface_part,
        "rates": rates_part,
        "shape": shape_part,
        "isocompute": isocompute_part,
        "regime": regime_part,
        "robustness": robustness_part,
        "time_fits": time_part,
        "published_comparisons": published_part,
    }
    yield from (f"{HEADING}Data", "", *data_part(analysis))
    for name, write in writers.items():
        if name in tables:
            yield from ("", *write(tables[name]))
    if len(recommendations):
        yield from ("", *recommendation_part(recommendations, analysis.runs))
    if predictions is not None and len(predictions):
        yield from ("", *prediction_part(predictions, analysis.runs))
