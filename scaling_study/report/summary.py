"""The analysis of a study in words: Markdown from its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaling_study.report.summary_convergence import convergence_part
from scaling_study.report.summary_law import law_part
from scaling_study.report.summary_methods import comparison_part, frontier_part, leader_part, saturation_part
from scaling_study.report.summary_models import (
    published_part,
    recommendation_part,
    regime_part,
    search_part,
    surface_part,
    time_part,
)
from scaling_study.report.summary_opening import opening_part
from scaling_study.report.summary_rates import rates_part
from scaling_study.report.summary_robustness import robustness_part
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.analysis.study import Analysis


def summary(study: str, analysis: Analysis, recommendations: pd.DataFrame) -> str:
    """Markdown of an Analysis; ``recommendations``: the study's table of task=recommend, empty if there is none."""
    tables = analysis.tables
    writers = {
        "convergence": convergence_part,
        "fits": saturation_part,
        "comparisons": comparison_part,
        "leaders": leader_part,
        "frontier": frontier_part,
        "search": search_part,
        "law": law_part,
        "surface": surface_part,
        "rates": rates_part,
        "regime": regime_part,
        "robustness": robustness_part,
        "time_fits": time_part,
        "published_comparisons": published_part,
    }
    lines = [f"# {study}", "", *opening_part(analysis), "", "## Data", "", *data_part(analysis)]
    for name, write in writers.items():
        if name in tables:
            lines += ["", *write(tables[name])]
    if len(recommendations):
        lines += ["", *recommendation_part(recommendations, analysis.runs)]
    return "\n".join(lines) + "\n"


def data_part(analysis: Analysis) -> Iterator[str]:
    runs = analysis.runs
    if len(runs):
        seeds = runs.groupby(["model", "epochs", "method", *AXES], dropna=False).seed.nunique()
        models = ", ".join(dict.fromkeys(runs.model))
        lengths = sorted(set(runs.epochs.dropna().astype(float)))
        epochs = ", ".join(f"{count:g}" for count in lengths) + f" epoch{'' if lengths == [1] else 's'}"
        yield f"{len(runs)} finished runs of {len(seeds)} variants of {models}, {epochs}, {spread(seeds)} each."
    else:
        yield "No finished runs."
    yield "Intervals are 95%; accuracies are top-1 on the test split in percent."
    if analysis.notes:
        yield ""
        yield from (f"- {note}" for note in analysis.notes)


def spread(counts: pd.Series) -> str:
    low, high = counts.min(), counts.max()
    return f"{low} seed{'s' if low > 1 else ''}" if low == high else f"{low} to {high} seeds"
