"""task=report: a study as one HTML file."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.analysis.latency import with_latency
from scaling_study.errors import ConfigError, StudyError
from scaling_study.records.columns import EPOCH_COLUMNS, RUN_COLUMNS
from scaling_study.records.costs import load_table, require_readable
from scaling_study.records.store import require_writable, run_folders, write_text
from scaling_study.records.tables import has_tables, load_history
from scaling_study.report.drawing import Asked, draw_analysis, draw_costs, draw_runs, with_cost
from scaling_study.tasks import analyze

if TYPE_CHECKING:
    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job
    from scaling_study.report.page.values import StudySection

NAME = "report.html"
LOOK_SECONDS = 5.0  # between two looks at a study that is under way
IDLE_SECONDS = 60.0  # without a run under way, after which watching ends
REFRESH_SECONDS = 30  # after which the page of a study that is watched reloads


def run(jobs: Sequence[Job]) -> int:
    """Write the page; with ``report.watch`` again whenever a run gets further, until none has been under way for
    IDLE_SECONDS."""
    config = jobs[0].config
    configs = [replace(config, study=name) for name in config.report.studies or [config.study]]
    for one in configs:
        if not one.study_dir.is_dir():
            key, given = ("report.studies", config.report.studies) if config.report.studies else ("study", config.study)
            raise ConfigError(key, given, f"there is no folder {one.study_dir}")
        require_readable(one.study_dir, "costs", "latencies", analyze.RECOMMENDATIONS, analyze.PREDICTIONS)
    path = (config.study_dir if len(configs) == 1 else Path(config.results_dir)) / NAME
    require_writable(path.parent)
    status, idle, seen = 0, 0.0, None
    while True:
        if (now := progress_of(configs)) != seen:
            status, seen = write(path, configs, config.report.watch), now
        idle = 0.0 if any(now.values()) else idle + LOOK_SECONDS
        if not config.report.watch or idle >= IDLE_SECONDS:
            return status
        time.sleep(LOOK_SECONDS)


def progress_of(configs: Sequence[Config]) -> dict[Path, float]:
    """{folder of a run: share of it that is trained}, above 0 where it is under way and 0 where it has ended."""
    folders = [folder for config in configs for folder in run_folders(config.study_dir)]
    return {folder.path: max(folder.progress(), 1e-9) if folder.started() else 0.0 for folder in folders}


def write(path: Path, configs: Sequence[Config], watched: bool) -> int:
    """Write the page of the studies and print where it is. Returns the exit status."""
    from scaling_study.report.page.html import render
    from scaling_study.report.page.rows import epochs_of, page_rows
    from scaling_study.report.page.values import Page

    sections, rows, epochs, failed = [], [], [], False
    for config in configs:
        section, runs, status = section_of(config)
        sections.append(section)
        failed |= bool(status)
        rows.append(page_rows(runs, config.study_dir))
        epochs.append(epochs_of(history_of(config), config.study_dir))
    table = pd.concat(rows, ignore_index=True)
    under_way = table.status.str.startswith("running").any()
    page = Page(
        title=" and ".join(config.study for config in configs),
        studies=sections,
        rows=table,
        epochs=pd.concat(epochs, ignore_index=True),
        refresh_seconds=REFRESH_SECONDS if watched and under_way else None,
    )
    write_text(path, render(page))
    print(f"Page: {path} ({path.stat().st_size / 1e6:.1f} MB, {len(table)} runs)", flush=True)
    return int(failed)


def section_of(config: Config) -> tuple[StudySection, pd.DataFrame, int]:
    """(a study's part of the page, its run table with latencies, exit status): what cannot be analyzed or drawn is
    named."""
    from scaling_study.report.page.sections import section
    from scaling_study.report.page.values import StudySection

    folder = config.study_dir
    tried = analyze.load(config)
    known = tried if len(tried) else pd.DataFrame(columns=list(RUN_COLUMNS)).astype(RUN_COLUMNS)
    known = with_latency(known, load_table(folder, "costs"), load_table(folder, "latencies"))
    try:
        runs, analysis = analyze.analyze(config, tried)
    except StudyError as error:
        return StudySection(config.study, [], [f"{error}."]), known, 0
    runs = with_cost(runs, folder, config.cost, config.analysis.runtime)
    with tempfile.TemporaryDirectory() as drawn:
        plots, svg = Path(drawn), Asked(formats=["svg"])
        done = draw_costs(folder, plots, asked=svg)
        if len(runs):
            done += draw_runs(runs, plots, history_of(config), config.cost, asked=svg)
            done += draw_analysis(analysis.tables, runs, folder, plots, config.cost, asked=svg)
        figures = {file.stem: (file, done.charts[file.stem]) for file in done.files}
        recommended, predicted = (load_table(folder, name) for name in (analyze.RECOMMENDATIONS, analyze.PREDICTIONS))
        made = section(config.study, analysis, recommended, figures, config.cost, predictions=predicted)
    for line in analysis.failed:
        print(f"warning: {line}", file=sys.stderr)
    return made, known, int(bool(analysis.failed) or done.status)


def history_of(config: Config) -> pd.DataFrame:
    """The epoch table of a study; empty where it has none."""
    if has_tables(config.study_dir):
        return load_history(config.study_dir)
    return pd.DataFrame(columns=list(EPOCH_COLUMNS)).astype(EPOCH_COLUMNS)
