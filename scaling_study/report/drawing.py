"""The figures of a study as files; one that cannot be drawn is named, and the others are drawn."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from scaling_study.analysis.latency import with_latency
from scaling_study.errors import one_line
from scaling_study.records.costs import TABLES, load_table
from scaling_study.records.reading import ANALYZED, UnreadableTable, analyzed


@dataclass(frozen=True)
class Asked:
    """Figures that are wanted. only: their names without what follows a dash, as model and epochs; None for all.
    venue: of a paper, for its sizes; columns: of the paper, that a figure is wide."""

    only: Sequence[str] | None = None
    formats: Sequence[str] = ("png", "svg")
    venue: str | None = None
    columns: int = 1

    def has(self, name: str) -> bool:
        return self.only is None or any(name == wanted or name.startswith(f"{wanted}-") for wanted in self.only)

    def sizes(self) -> dict[str, Any]:
        """``style`` and ``width`` of ``save`` for the venue; none for the figures' own sizes."""
        if self.venue is None:
            return {}
        from scaling_study.figures.venues import venue_style

        return dict(zip(("style", "width"), venue_style(self.venue, self.columns), strict=True))

    @property
    def folder(self) -> str:
        """Where the files are in the study's folder of figures."""
        return "" if self.venue is None else f"{self.venue}-{self.columns}column{'s' * (self.columns > 1)}"


ALL = Asked()


@dataclass(frozen=True)
class Drawn:
    """Files that were written, a line for each figure or table of which none came, and {name: Chart} of the figures."""

    files: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    charts: dict = field(default_factory=dict)

    def __add__(self, other: "Drawn") -> "Drawn":
        return Drawn(self.files + other.files, self.failed + other.failed, self.charts | other.charts)

    @property
    def status(self) -> int:
        """A command's exit status."""
        return 1 if self.failed else 0


def draw_runs(
    runs: pd.DataFrame,
    plots_dir: Path,
    history: pd.DataFrame | None = None,
    cost: str = "flops",
    *,
    asked: Asked = ALL,
) -> Drawn:
    """Draw every figure of the run table ``runs`` and its epoch table, by ``cost``. Returns Drawn, which is empty when
    no run is done."""
    if not (runs.status == "done").any():
        return Drawn()
    return write(plots_dir, "runs", partial(plan, "of_runs", runs, history, cost), asked)


def with_cost(runs: pd.DataFrame, study_dir: Path, cost: str, runtime: str | None = None) -> pd.DataFrame:
    """The run table with the column ``cost``, which comes from the study's latency table if it is latency, of the
    ``runtime``, as ``with_latency`` takes it. Says so on standard error where no run has it."""
    if runs.empty:
        return runs
    if cost not in runs:
        runs = with_latency(runs, *load_costs(study_dir)[:2], runtime)
    if not runs[cost].notna().any():
        hint = ", which task=latency measures" if cost == "latency_seconds" else ""
        print(f"warning: cost={cost}: no run of the study has it{hint}; figures by it are left out", file=sys.stderr)
    return runs


def draw_costs(study_dir: Path, plots_dir: Path, *, asked: Asked = ALL) -> Drawn:
    """Draw every figure that the study's cost and latency tables allow. Returns Drawn."""
    from scaling_study.literature import published

    costs, latencies, devices, unreadable = load_costs(study_dir)
    failed = [report_failure(*reason) for reason in unreadable]
    if costs.empty:
        return Drawn(failed=failed)
    tables = (costs, latencies, published(torchvision=False), devices)
    return Drawn(failed=failed) + write(plots_dir, "costs", partial(plan, "of_costs", *tables), asked)


def draw_analysis(
    analyzed: dict[str, pd.DataFrame],
    runs: pd.DataFrame,
    study_dir: Path,
    plots_dir: Path,
    cost: str = "flops",
    *,
    asked: Asked = ALL,
) -> Drawn:
    """Draw every figure of an analysis, {name: frame}, of the run table ``runs``, by ``cost``. Returns Drawn.

    Cost tables that cannot be read have been reported by the caller.
    """
    costs, latencies, *_ = load_costs(study_dir)
    return write(plots_dir, "the analysis", partial(plan, "of_analysis", analyzed, runs, costs, latencies, cost), asked)


def load_costs(study_dir: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list]:
    """(cost table, latency table, table of devices, (problem, error) of those that cannot be read, which are empty)."""
    tables, unreadable = [], []
    for name in ("costs", "latencies", "devices"):
        try:
            tables.append(load_table(study_dir, name))
        except Exception as error:  # of whatever kind pandas raises for a damaged table
            tables.append(pd.DataFrame(columns=list(TABLES[name])).astype(TABLES[name]))
            unreadable.append((f"{study_dir / name}.csv cannot be read, and its figures are left out", error))
    costs, latencies, devices = tables
    return costs, latencies, devices, unreadable


def load_analysis(study_dir: Path) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """({name: frame} of the tables that task=analyze left in a study folder, a line for each that cannot be read)."""
    tables, failed = {}, []
    for name in ANALYZED:
        file = study_dir / f"{name}.csv"
        try:
            if file.exists():
                tables[name] = analyzed(file)
        except UnreadableTable as error:
            failed.append(report_failure(f"{file} cannot be read, and its figures are left out", error))
    return tables, failed


def plan(name: str, *tables: Any) -> dict[str, Callable]:
    """What the function ``name`` of the package ``figures`` gives."""
    from scaling_study import figures

    return getattr(figures, name)(*tables)


def write(
    plots_dir: Path,
    what: str,
    plans: Callable[[], dict[str, Callable]],
    asked: Asked = ALL,
) -> Drawn:
    """Draw and write what is asked for of {name: drawing}, as ``plans()`` gives it. One that fails is named."""
    drawn = Drawn()
    try:
        drawings = plans()
    except Exception as error:
        return Drawn(failed=[report_failure(f"figures of {what} could not be drawn", error)])
    os.environ["MPLBACKEND"] = "agg"  # a notebook's own may be of a module that is not installed here
    from scaling_study.figures.printed import save

    folder, sizes = plots_dir / asked.folder, asked.sizes()
    for name, drawing in drawings.items():
        if not asked.has(name):
            continue
        try:
            if (chart := drawing()) is not None:
                drawn += Drawn(save(chart, folder / name, asked.formats, **sizes), charts={name: chart})
        except Exception as error:
            drawn += Drawn(failed=[report_failure(f"figure {name} could not be drawn", error)])
    return drawn


def draw_maps(plots_dir: Path, formats: Sequence[str], *values: Any) -> Drawn:
    """Draw class activation maps; values: as ``activation_maps`` takes them. Returns Drawn."""
    os.environ["MPLBACKEND"] = "agg"
    from scaling_study.figures.activation_maps import activation_maps
    from scaling_study.figures.printed import write_figure

    try:
        return Drawn(write_figure(partial(activation_maps, *values), plots_dir / "cam", formats))
    except Exception as error:
        return Drawn(failed=[report_failure("figure cam could not be drawn", error)])


def report_failure(problem: str, error: BaseException) -> str:
    """Say on standard error, in one line, what is wrong; returns it. A warning would go into Hydra's log file where a
    run was trained in this process."""
    line = f"{problem} ({type(error).__name__}: {one_line(error)})"
    print(f"warning: {line}", file=sys.stderr)
    return line
