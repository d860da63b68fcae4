"""task=figures: draw a study's figures from its tables."""

from pathlib import Path

import pandas as pd

from scaling_study.errors import StudyError
from scaling_study.records.costs import load_table, require_readable
from scaling_study.records.reading import ANALYSED, read_analysed
from scaling_study.records.store import run_folders
from scaling_study.records.tables import has_tables
from scaling_study.tasks import tables

FORMATS = ("png", "svg")


def draw(config, runs):
    """Draw every figure of the run table ``runs``; returns the files written, none when no run is done."""
    if not (runs.status == "done").any():
        return []
    from scaling_study.figures import of_runs

    return write(config, of_runs(runs))


def draw_costs(config):
    """Draw every figure that the study's cost and latency tables allow; returns the files written."""
    folder = Path(config.results_dir) / config.study
    costs = load_table(folder, "costs")
    if costs.empty:
        return []
    from scaling_study.figures import of_costs
    from scaling_study.literature import published

    return write(config, of_costs(costs, load_table(folder, "latencies"), published(torchvision=False)))


def draw_analysis(config, analysed, runs):
    """Draw every figure of an analysis, {name: frame}, of the run table ``runs``; returns the files written."""
    from scaling_study.figures import of_analysis

    folder = Path(config.results_dir) / config.study
    return write(config, of_analysis(analysed, runs, load_table(folder, "costs"), load_table(folder, "latencies")))


def load_analysis(folder):
    """{name: frame} of the tables that task=analyze left in a study folder."""
    files = {name: folder / f"{name}.csv" for name in ANALYSED}
    return {name: read_analysed(file) for name, file in files.items() if file.exists()}


def write(config, figures):
    from scaling_study.figures import save

    folder = Path(config.plots_dir) / config.study
    return [file for name, figure in figures.items() for file in save(figure, folder / name, FORMATS)]


def run(jobs):
    config = jobs[0].config
    folder = Path(config.results_dir) / config.study
    require_readable(folder, "costs", "latencies")
    analysed = load_analysis(folder)
    has_runs = not folder.is_dir() or has_tables(folder) or run_folders(folder)
    runs = tables.rebuild(config) if has_runs else pd.DataFrame()
    files = draw(config, runs) if has_runs else []
    files += draw_costs(config)
    if analysed:
        files += draw_analysis(config, analysed, runs)
    if not files:
        raise StudyError(f"study={config.study}: there is no finished run, and no cost table with something to draw")
    print("\n".join(map(str, files)))
    return 0
