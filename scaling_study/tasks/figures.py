"""task=figures: draw a study's figures from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.errors import StudyError
from scaling_study.records.store import run_folders
from scaling_study.records.tables import has_tables, load_history, rebuild
from scaling_study.report.drawing import Asked, Drawn, draw_analysis, draw_costs, draw_runs, load_analysis, with_cost

if TYPE_CHECKING:
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Draw what the study's tables allow, and print the files. Raises StudyError when there is nothing to draw."""
    config = jobs[0].config
    places = config.study_dir, config.study_plots_dir
    asked = Asked(config.figures, config.formats, config.venue, config.columns)
    has_runs = not config.study_dir.is_dir() or has_tables(config.study_dir) or run_folders(config.study_dir)
    runs = rebuild(config.study_dir) if has_runs else pd.DataFrame()
    drawn = Drawn()
    if has_runs:
        runs = with_cost(runs, config.study_dir, config.cost, config.analysis.runtime)
        drawn = draw_runs(runs, config.study_plots_dir, load_history(config.study_dir), config.cost, asked=asked)
    drawn += draw_costs(*places, asked=asked)
    analyzed, unreadable = load_analysis(config.study_dir)
    drawn += Drawn(failed=unreadable)
    if analyzed:
        drawn += draw_analysis(analyzed, runs, *places, config.cost, asked=asked)
    if not drawn.files and not drawn.failed:
        none = "there is no finished run, and no cost table with something to draw"
        if config.figures:
            none = (
                f"its tables hold nothing to draw for figures={config.figures}; task=analyze may have to be run first"
            )
        raise StudyError(f"study={config.study}: {none}")
    print("\n".join(map(str, drawn.files)))
    return drawn.status
