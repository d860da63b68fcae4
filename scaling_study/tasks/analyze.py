"""task=analyze: the analysis of a study's tables as tables, figures and text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.errors import ConfigError, StudyError
from scaling_study.records.costs import load_table, require_readable
from scaling_study.records.store import require_writable, run_folders, write_text
from scaling_study.records.tables import has_tables, rebuild
from scaling_study.report.drawing import Asked, draw_analysis, with_cost
from scaling_study.report.presets import presets_of
from scaling_study.tasks.shape_preset import write_shape_presets

if TYPE_CHECKING:
    from scaling_study.analysis.study import Analysis
    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job


RECOMMENDATIONS, PREDICTIONS = "recommendations", "predictions"


def run(jobs: Sequence[Job]) -> int:
    """Write the analysis as tables, summary.md, what it found as presets, and figures; print the summary."""
    config = jobs[0].config
    folder = config.study_dir
    require_readable(folder, "costs", "latencies", RECOMMENDATIONS, PREDICTIONS)
    runs, analysis = analyze(config, load(config))
    require_writable(folder)
    texts = {**typeset(analysis.runs), "summary.md": summary_of(config, analysis)}
    for name in (*(f"{name}.csv" for name in analysis.tables), *texts):
        if (folder / name).is_dir():
            raise StudyError(f"{folder / name} is a folder, where a file is to be written; move it away")
    for name, table in analysis.tables.items():
        write_text(folder / f"{name}.csv", table.to_csv(index=False))
    presets = {folder / "conf" / name: text for name, text in presets_of(config.study, analysis.tables).items()}
    for path, lines in presets.items():
        write_text(path, lines)
    shapes = write_shape_presets(folder, analysis.tables.get("shape"), runs)
    for name, text in texts.items():
        write_text(folder / name, text)
    print(texts["summary.md"])
    runs = with_cost(runs, folder, config.cost, config.analysis.runtime)
    drawn = draw_analysis(
        analysis.tables, runs, folder, config.study_plots_dir, config.cost, asked=Asked(formats=config.formats)
    )
    print(f"Tables: {folder}/ {', '.join(f'{name}.csv' for name in analysis.tables)}, {', '.join(texts)}")
    for preset in presets:
        print(f"Preset: {preset}; use it with --config-dir {folder / 'conf'} {preset.parent.name}={preset.stem}")
    for model, preset in shapes:
        use = f"--config-dir {folder / 'conf'} model={model} +shape={preset.stem} study=NAME"
        print(f"Preset: {preset}; a baseline of that shape, for a study of its own, with {use}")
    print(f"Figures: {', '.join(str(file) for file in drawn.files if file.suffix == '.png') or 'none'}")
    for line in analysis.failed:
        print(f"warning: {line}", file=sys.stderr)
    return 1 if analysis.failed else drawn.status


def summary_of(config: Config, analysis: Analysis) -> str:
    from scaling_study.report.summary import summary

    recommended, predicted = (load_table(config.study_dir, name) for name in (RECOMMENDATIONS, PREDICTIONS))
    return summary(config.study, analysis, recommended, config.cost, predicted)


def typeset(runs: pd.DataFrame) -> dict[str, str]:
    """{file: content} of the table of accuracies; empty where no run is done."""
    from scaling_study.analysis.accuracies import accuracies
    from scaling_study.report.typeset import as_latex, as_markdown

    if not len(runs):
        return {}
    table = accuracies(runs)
    return {"accuracies.md": as_markdown(table), "accuracies.tex": as_latex(table)}


def analyze(config: Config, tried: pd.DataFrame) -> tuple[pd.DataFrame, Analysis]:
    """(rows that are compared, Analysis) of the study that ``config`` names, ``tried`` its run table. Raises StudyError
    when there is nothing to analyze."""
    from scaling_study.analysis.study import analyze
    from scaling_study.literature import published

    runs, notes = chosen(config, tried)
    folder = config.study_dir
    costs, latencies = load_table(folder, "costs"), load_table(folder, "latencies")
    if not (len(runs) and (runs.status == "done").any()) and latencies.empty:
        raise StudyError(f"study={config.study}: there is no finished run and no latency table, so nothing to analyze")
    settings: dict[str, Any] = {"threshold": config.analysis.threshold, "draws": config.analysis.draws}
    settings["runtime"] = config.analysis.runtime
    tolerance = config.search.tolerance
    paper = published(torchvision=False)
    analysis = analyze(runs, costs, latencies, paper, tolerance=tolerance, tried=tried, **settings)
    return runs, replace(analysis, notes=(*notes, *analysis.notes))


def chosen(config: Config, runs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """(rows of the run table that ``analysis.settings`` or ``analysis.envelope`` asks for, notes). Raises ConfigError
    where no run has the settings."""
    from scaling_study.analysis.trials import to_compare

    wanted, best = config.analysis.settings, config.analysis.envelope
    if best and wanted is not None:
        raise ConfigError("analysis.envelope", True, f"takes the best of all, and analysis.settings={wanted} one")
    try:
        return to_compare(runs, "" if wanted == "recipe" else wanted, best)
    except ValueError as error:
        raise ConfigError("analysis.settings", wanted, str(error).partition(": ")[2]) from None


def load(config: Config) -> pd.DataFrame:
    """The study's run table, made anew where its run folders are here; empty for a study of costs alone."""
    folder = config.study_dir
    if not folder.is_dir() or has_tables(folder) or run_folders(folder):
        return rebuild(folder)
    return pd.DataFrame()
