"""The whole analysis of a study, from its tables to tables."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scaling_study.analysis import (
    comparisons,
    convergence,
    fits,
    frontier,
    isocompute,
    law_tables,
    rate_curves,
    rates,
    regime,
    robustness,
    search,
    shape_tables,
    surface,
    times,
    training_axes,
    trials,
)
from scaling_study.analysis.latency import with_latency
from scaling_study.analysis.observations import usable
from scaling_study.errors import one_line
from scaling_study.scaling.coefficients import AXES

PRINTED = 0.2  # how far the paper's own flops of one budget lie apart: printed to two digits, and not quite equal


@dataclass(frozen=True)
class Analysis:
    """tables: {name of the CSV: frame}, without empty ones; notes: what was left out, and why something is missing;
    runs: the rows that were analyzed; failed: a line for each part that could not be."""

    tables: dict
    notes: tuple
    runs: pd.DataFrame
    failed: tuple = ()


def analyze(
    runs: pd.DataFrame,
    costs: pd.DataFrame,
    latencies: pd.DataFrame,
    published: pd.DataFrame,
    *,
    threshold: float = 0.5,
    draws: int = 1000,
    tolerance: float = 0.1,
    tried: pd.DataFrame | None = None,
    runtime: str | None = None,
) -> Analysis:
    """Analyze the run table of a study, and its cost and latency tables where it has them.

    tried: the run table with all settings of training, where ``runs`` holds those that are compared; None: ``runs``;
    runtime: as ``with_latency`` takes it.

    published: what scaling_study.published() gives; the paper's single-seed Tables 3 and 7 are compared too where the
    study has costs of published models. Empty frames are allowed everywhere.
    """
    parts = Parts()
    every = runs if tried is None else tried
    if len(runs):
        runs = with_latency(runs, costs, latencies, runtime)
        parts.add("convergence", lambda: {"convergence": convergence.convergence(runs)})
        parts.add("comparisons", lambda: compared(runs, parts.notes))
        parts.add("leaders", lambda: {"leaders": comparisons.leaders(runs)})
        parts.add("fits", lambda: fitted(runs, threshold, draws))
        parts.add("frontier", lambda: {"frontier": frontier.frontier(runs, draws=draws)})
        parts.add("search", lambda: {"search": search.search(runs, tolerance)})
        parts.add("law", lambda: lawful(runs, draws, parts.notes))
        parts.add(
            "robustness", lambda: {"robustness": robustness.robustness(runs, threshold=threshold, tables=parts.tables)}
        )
        parts.add("surface", lambda: surfaced(runs, parts.notes))
        parts.add("rates", lambda: {"rates": rates.rates(every, draws=draws)})
        parts.add("rate_curves", lambda: {"rate_curves": rate_curves.rate_curves(every)})
        parts.add("trials", lambda: {"trials": trials.trials(every)})
        parts.add("shape", lambda: shaped(runs, draws, parts.notes))
        parts.add("isocompute", lambda: {"isocompute": isocompute.isocompute(runs, draws=draws)})
        parts.add("regime", lambda: {"regime": regime.regime(runs)})
    parts.add("time_fits", lambda: {"time_fits": times.time_fits(costs, latencies)})
    paper = scaled_in_the_paper(published) if published.built_as.isin(costs.model).any() else published[:0]
    if len(paper):
        parts.add("published_comparisons", lambda: published_tables(paper))
    tables = {name: table for name, table in parts.tables.items() if len(table)}
    used = usable(runs)[0] if len(runs) else runs
    return Analysis(tables, tuple(dict.fromkeys(parts.notes)), used, tuple(parts.failed))


@dataclass
class Parts:
    """The parts of an analysis as they are done; one that fails is named, and the others are done."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(self, name: str, analyze_part: Callable[[], dict[str, pd.DataFrame]]) -> None:
        try:
            self.tables |= analyze_part()
        except Exception as error:  # an odd table may fail anywhere in pandas, numpy or scipy
            self.failed.append(f"{name} could not be analyzed ({type(error).__name__}: {one_line(error, 200)})")
            self.notes.append(self.failed[-1])


def compared(runs: pd.DataFrame, notes: list[str]) -> dict[str, pd.DataFrame]:
    """The comparisons; a note states what outliers would change in them."""
    table, lines = comparisons.compare(runs)
    notes += lines
    if any(line.startswith("left out as an outlier") for line in lines):
        notes.append(change(table, comparisons.compare(runs, outliers=True)[0]))
    return {"comparisons": table}


def change(without: pd.DataFrame, with_outliers: pd.DataFrame) -> str:
    """How outliers would change comparisons by multiply-adds, in words."""
    keys = ["model", "epochs", "cost", "other", "cost_value"]
    tables = [table[table.cost == "flops"] for table in (without, with_outliers)]
    both = tables[0].merge(tables[1], on=keys, suffixes=("", "_with"))
    verdicts = (both.verdict != both.verdict_with).sum()
    widths = [((table.high - table.low) / 2).mean() for table in tables]
    line = f"with the outliers {verdicts} of {len(both)} verdicts by multiply-adds would differ"
    if np.isnan(widths).any():
        return line
    return f"{line}, and half-widths would be {widths[1]:.2f} points on average instead of {widths[0]:.2f}"


def fitted(runs: pd.DataFrame, threshold: float, draws: int) -> dict[str, pd.DataFrame]:
    table, gains, curves = fits.fits(runs, threshold=threshold, draws=draws)
    return {"fits": table, "gains": gains, "fit_curves": curves}


def lawful(runs: pd.DataFrame, draws: int, notes: list[str]) -> dict[str, pd.DataFrame]:
    *tables, lines = law_tables.law_tables(runs, draws)
    notes += lines
    joint = training_axes.training_axes(runs, draws=draws)
    tables[0] = pd.concat([tables[0], joint], ignore_index=True) if len(joint) else tables[0]
    return dict(zip(("law", "law_curves", "law_map"), tables, strict=True))


def shaped(runs: pd.DataFrame, draws: int, notes: list[str]) -> dict[str, pd.DataFrame]:
    statements, curves, lines = shape_tables.shapes(runs, draws=draws)
    notes += lines
    return {"shape": statements, "shape_curves": curves}


def surfaced(runs: pd.DataFrame, notes: list[str]) -> dict[str, pd.DataFrame]:
    found, refused = surface.surfaces(runs)
    notes += [f"{model}: no response surface, {reason}" for (model, _), reason in refused.items()]
    for (model, _), one in found.items():
        if fixed := [axis for axis in AXES if axis not in one.axes]:
            notes.append(f"{model}: the response surface does not depend on {' and '.join(fixed)}, which never varied")
    return {"surface": surface.exponent_table(found)}


def published_tables(paper: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"published_comparisons": comparisons.compare(paper, costs=("flops",), matched=PRINTED)[0]}


def scaled_in_the_paper(published: pd.DataFrame) -> pd.DataFrame:
    """The paper's Tables 3 and 7 as a run table with a single unnamed seed."""
    rows = published[published.table.isin(["Table 3", "Table 7"])]
    rows = rows.assign(model=rows.model + ", " + rows.table, status="done", flops_target=float("nan"))
    budget = rows.method != "baseline"
    rows.loc[budget, "flops_target"] = 1.0  # one budget per model and table: the printed rows are meant to be equal
    axes = {axis: rows[axis].fillna(1.0) for axis in ("depth", "width", "resolution")}  # not printed for every row
    return rows.assign(**axes)
