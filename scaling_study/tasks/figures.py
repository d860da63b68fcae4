"""task=figures: draw a study's figures from its tables."""

import os
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from scaling_study.errors import StudyError, one_line
from scaling_study.records.costs import TABLES, load_table
from scaling_study.records.reading import ANALYSED, UnreadableTable, read_analysed
from scaling_study.records.store import run_folders
from scaling_study.records.tables import has_tables
from scaling_study.tasks import tables

FORMATS = ("png", "svg")


@dataclass(frozen=True)
class Drawn:
    """Files that were written, and a line for each figure or table of which none came."""

    files: list = field(default_factory=list)
    failed: list = field(default_factory=list)

    def __add__(self, other):
        return Drawn(self.files + other.files, self.failed + other.failed)

    @property
    def status(self):
        """A command's exit status."""
        return 1 if self.failed else 0


def draw(config, runs):
    """Draw every figure of the run table ``runs``. Returns Drawn, which is empty when no run is done."""
    if not (runs.status == "done").any():
        return Drawn()
    return write(config, "runs", partial(plan, "of_runs", runs))


def draw_costs(config):
    """Draw every figure that the study's cost and latency tables allow. Returns Drawn."""
    from scaling_study.literature import published

    costs, latencies, unreadable = load_costs(config)
    failed = [told(*reason) for reason in unreadable]
    if costs.empty:
        return Drawn(failed=failed)
    paper = published(torchvision=False)
    return Drawn(failed=failed) + write(config, "costs", partial(plan, "of_costs", costs, latencies, paper))


def draw_analysis(config, analysed, runs):
    """Draw every figure of an analysis, {name: frame}, of the run table ``runs``. Returns Drawn.

    Of cost tables that cannot be read who calls has told already.
    """
    costs, latencies, _ = load_costs(config)
    return write(config, "the analysis", partial(plan, "of_analysis", analysed, runs, costs, latencies))


def load_costs(config):
    """(cost table, latency table, (problem, error) of those that cannot be read, which are empty)."""
    folder, tables, unreadable = Path(config.results_dir) / config.study, [], []
    for name in ("costs", "latencies"):
        try:
            tables.append(load_table(folder, name))
        except Exception as error:  # of whatever kind pandas raises for a damaged table
            tables.append(pd.DataFrame(columns=list(TABLES[name])).astype(TABLES[name]))
            unreadable.append((f"{folder / name}.csv cannot be read, and its figures are left out", error))
    return *tables, unreadable


def load_analysis(folder):
    """({name: frame} of the tables that task=analyze left in a study folder, a line for each that cannot be read)."""
    tables, failed = {}, []
    for name in ANALYSED:
        file = folder / f"{name}.csv"
        try:
            if file.exists():
                tables[name] = read_analysed(file)
        except UnreadableTable as error:
            failed.append(told(f"{file} cannot be read, and its figures are left out", error))
    return tables, failed


def plan(name, *tables):
    """What the function ``name`` of the package ``figures`` gives. Matplotlib, which it loads, looks at MPLBACKEND."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook's own may be of a module that is not installed here
    from scaling_study import figures

    return getattr(figures, name)(*tables)


def write(config, what, plans):
    """Draw and write {name: drawing}, as ``plans()`` gives it. One that fails, for whatever reason, is named."""
    folder, files, failed = Path(config.plots_dir) / config.study, [], []
    try:
        drawings = plans()
    except Exception as error:
        return Drawn(failed=[told(f"figures of {what} could not be drawn", error)])
    from scaling_study.figures import save

    for name, drawing in drawings.items():
        try:
            files += save(drawing, folder / name, FORMATS)
        except Exception as error:
            failed.append(told(f"figure {name} could not be drawn", error))
    return Drawn(files, failed)


def told(problem, error):
    """Say on standard error, in one line, what is wrong; returns it. A warning would go into Hydra's log file where a
    run was trained in this process."""
    line = f"{problem} ({type(error).__name__}: {one_line(error)})"
    print(f"warning: {line}", file=sys.stderr)
    return line


def run(jobs):
    config = jobs[0].config
    folder = Path(config.results_dir) / config.study
    has_runs = not folder.is_dir() or has_tables(folder) or run_folders(folder)
    runs = tables.rebuild(config) if has_runs else pd.DataFrame()
    drawn = draw(config, runs) if has_runs else Drawn()
    drawn += draw_costs(config)
    analysed, unreadable = load_analysis(folder)
    drawn += Drawn(failed=unreadable)
    if analysed:
        drawn += draw_analysis(config, analysed, runs)
    if not drawn.files and not drawn.failed:
        raise StudyError(f"study={config.study}: there is no finished run, and no cost table with something to draw")
    print("\n".join(map(str, drawn.files)))
    return drawn.status
