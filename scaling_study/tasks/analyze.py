"""task=analyze: the analysis of a study's tables as tables, figures and text."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.errors import ConfigError, StudyError
from scaling_study.records.costs import load_table, require_readable
from scaling_study.records.store import require_writable, run_folders, write_text
from scaling_study.records.tables import has_tables, rebuild
from scaling_study.report.drawing import draw_analysis
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.study import Analysis
    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job


RECOMMENDATIONS = "recommendations"


def run(jobs: Sequence[Job]) -> int:
    """Write the analysis as tables, summary.md, a searched triple as a preset, and figures; print the summary."""
    config = jobs[0].config
    folder = config.study_dir
    require_readable(folder, "costs", "latencies", RECOMMENDATIONS)
    runs, notes = chosen(config, load(config))
    analysis = analyze(config, runs)
    analysis = replace(analysis, notes=(*notes, *analysis.notes))
    require_writable(folder)
    for name in (*(f"{name}.csv" for name in analysis.tables), "summary.md"):
        if (folder / name).is_dir():
            raise StudyError(f"{folder / name} is a folder, where a file is to be written; move it away")
    for name, table in analysis.tables.items():
        write_text(folder / f"{name}.csv", table.to_csv(index=False))
    from scaling_study.report.summary import summary

    text = summary(config.study, analysis, load_table(folder, RECOMMENDATIONS))
    best = best_triples(analysis.tables.get("search"))
    several = len({row.epochs for row in best}) > 1
    presets = [write_preset(folder, row, f"_{row.epochs}epochs" if several else "") for row in best]
    presets += write_law_presets(folder, analysis.tables.get("law"))
    write_text(folder / "summary.md", text)
    print(text)
    drawn = draw_analysis(analysis.tables, runs, folder, config.study_plots_dir)
    print(f"Tables: {folder}/ {', '.join(f'{name}.csv' for name in analysis.tables)}, summary.md")
    for preset in presets:
        print(f"Preset: {preset}; use it with --config-dir {folder / 'conf'} scaling={preset.stem}")
    print(f"Figures: {', '.join(str(file) for file in drawn.files if file.suffix == '.png') or 'none'}")
    for line in analysis.failed:
        print(f"warning: {line}", file=sys.stderr)
    return 1 if analysis.failed else drawn.status


def analyze(config: Config, runs: pd.DataFrame) -> Analysis:
    """The Analysis of the study that ``config`` names, ``runs`` its run table. Raises StudyError when there is nothing
    to analyze."""
    from scaling_study.analysis.study import analyze
    from scaling_study.literature import published

    folder = config.study_dir
    costs, latencies = load_table(folder, "costs"), load_table(folder, "latencies")
    if not (len(runs) and (runs.status == "done").any()) and latencies.empty:
        raise StudyError(f"study={config.study}: there is no finished run and no latency table, so nothing to analyze")
    settings: dict[str, Any] = {"threshold": config.analysis.threshold, "draws": config.analysis.draws}
    tolerance = config.search.tolerance
    return analyze(runs, costs, latencies, published(torchvision=False), tolerance=tolerance, **settings)


def chosen(config: Config, runs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """(rows of the run table that ``analysis.settings`` or ``analysis.envelope`` asks for, notes). Raises ConfigError
    where no run has the settings."""
    from scaling_study.analysis.settings import envelope, equal_settings

    wanted = config.analysis.settings
    if config.analysis.envelope:
        if wanted is not None:
            raise ConfigError("analysis.envelope", True, f"takes the best of all, and analysis.settings={wanted} one")
        return envelope(runs)
    if wanted is None:  # the analysis itself takes the most frequent
        return runs, []
    try:
        return equal_settings(runs, "" if wanted == "recipe" else wanted)
    except ValueError as error:
        raise ConfigError("analysis.settings", wanted, str(error).partition(": ")[2]) from None


def load(config: Config) -> pd.DataFrame:
    """The study's run table, made anew where its run folders are here; empty for a study of costs alone."""
    folder = config.study_dir
    if not folder.is_dir() or has_tables(folder) or run_folders(folder):
        return rebuild(folder)
    return pd.DataFrame()


def best_triples(search: pd.DataFrame | None) -> list:
    """The row of the best triple of each model; nothing without a search."""
    return [] if search is None else list(search[search.verdict == "best"].itertuples())


def write_law_presets(folder: Path, law: pd.DataFrame | None) -> list[Path]:
    """The law's best direction at twice the baseline's cost, of each part of a study, as options of the config group
    ``scaling``, scaled to alpha * beta**2 * gamma**2 = 2; nothing without a law."""
    from scaling_study.analysis.directions import NOMINAL  # loads scipy, which takes half a second

    if law is None:
        return []
    rows = law[(law.quantity == "best direction") & (law.budget == 2)]
    parts = rows.groupby(["model", "epochs"], dropna=False)
    paths = []
    for (model, epochs), part in parts:
        logs = {row.axis: NOMINAL[row.axis] * math.log(row.value) for row in part.itertuples()}
        shares = {axis: value / sum(logs.values()) for axis, value in logs.items()}
        triple = {axis: 2 ** (shares.get(axis, 0.0) / NOMINAL[axis]) for axis in AXES}
        ends = "; ".join(f"{row.axis} {row.value:.3g} ({row.low:.3g} to {row.high:.3g})" for row in part.itertuples())
        doubt = ", an extrapolation" if part.extrapolated.any() else ""
        lines = [
            f"# The best direction by the law of study {folder.name}, at twice the baseline's multiply-adds{doubt}:",
            f"# {ends}, 95% intervals.",
            *preset_lines(triple["depth"], triple["width"], triple["resolution"]),
        ]
        several = len(parts) > len({key[0] for key, _ in parts})
        paths.append(folder / "conf" / "scaling" / f"law_{model}{f'_{epochs:g}epochs' if several else ''}.yaml")
        write_text(paths[-1], "\n".join(lines) + "\n")
    return paths


def preset_lines(alpha: float, beta: float, gamma: float) -> list[str]:
    return [
        *("defaults:", "  - default", "  - _self_"),
        *(f"{name}: {value:.4g}" for name, value in (("alpha", alpha), ("beta", beta), ("gamma", gamma))),
    ]


def write_preset(folder: Path, best: Any, suffix: str = "") -> Path:
    """The searched triple as an option of the config group ``scaling``; returns its path."""
    path = folder / "conf" / "scaling" / f"searched_{best.model}{suffix}.yaml"
    seeds = f"{best.n} seed{'s' if best.n > 1 else ''}"
    lines = [
        f"# The best triple of the search in study {folder.name}: {best.accuracy:.2f}% validation top-1, {seeds}.",
        *preset_lines(best.alpha, best.beta, best.gamma),
    ]
    write_text(path, "\n".join(lines) + "\n")
    return path
