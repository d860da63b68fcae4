"""Figures: tables in, Charts out, which ``printed`` and ``interactive`` draw.

``of_runs``, ``of_analysis`` and ``of_costs`` give {name: function that gives the Chart, or None where its points do
not make one}, so that one that cannot be drawn keeps no other from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from scaling_study.analysis.rules import one_rule
from scaling_study.analysis.settings import equal_settings
from scaling_study.analysis.trials import to_compare
from scaling_study.figures import family
from scaling_study.figures.aggregation import studies
from scaling_study.figures.axes import one_panel_per_axis
from scaling_study.figures.comparisons import compared, regimes, searched
from scaling_study.figures.curves import fitted, frontiers, width_by_depth_and_resolution
from scaling_study.figures.isocompute import equal_compute
from scaling_study.figures.law import directions, shapes
from scaling_study.figures.learning import learning_curves
from scaling_study.figures.methods import methods_together
from scaling_study.figures.rates import tried_rates
from scaling_study.figures.shape import traded
from scaling_study.figures.speed import speed, speeds
from scaling_study.figures.times import time_against_counts

if TYPE_CHECKING:
    from scaling_study.figures.chart import Chart


RUN_FIGURES = {"axes": one_panel_per_axis, "methods": methods_together}
# Of an analysis, by model and length of training: of a table and the runs, and of the table of that name.
WITH_RUNS: dict[str, tuple[str, Callable]] = {
    "fits": ("fit_curves", fitted),
    "law": ("law_curves", directions),
    "law_map": ("law_map", shapes),
}
WITHOUT_RUNS: dict[str, Callable] = {"comparisons": compared, "frontier": frontiers, "search": searched}
FAMILY_FIGURES = {
    "accuracy_flops": partial(family.accuracy, column="flops"),
    "accuracy_params": partial(family.accuracy, column="params"),
}


def of_runs(
    runs: pd.DataFrame, history: pd.DataFrame | None = None, cost: str = "flops"
) -> dict[str, Callable[[], Chart | None]]:
    """{name: drawing} of a run table, a set per model that was scaled and length of training; empty when no run is
    done. history: its epoch table, for learning curves; cost: a column, which names its figures if it is not flops."""
    parts = studies(one_rule(equal_settings(to_compare(runs)[0])[0]))
    figures: dict[str, Callable[[], Chart | None]] = {}
    for (model, epochs), rows in parts.items():
        shapes_alone = set(rows.method) == {"baseline", "custom"}  # which follow no axis
        for name, draw in RUN_FIGURES.items():
            if name == "axes" and shapes_alone:
                continue
            figures[suffixed(by_cost(name, cost), parts, model, epochs)] = partial(draw, rows, model, cost)
        if history is not None and len(history):
            name = suffixed("learning_curves", parts, model, epochs)
            figures[name] = partial(learning_curves, rows, history, model)
    return figures


def by_cost(name: str, cost: str) -> str:
    """A figure's name, with the cost that it is by where that is not flops."""
    return name if cost == "flops" else f"{name}-{cost}"


def suffixed(name: str, parts: Any, model: str, epochs: float) -> str:
    """A figure's name, with the model and the length of training where a study has several."""
    models, lengths = ({part[n] for part in parts} for n in (0, 1))
    return name + f"-{model}" * (len(models) > 1) + f"-{epochs}epochs" * (len(lengths) > 1)


def of_analysis(
    tables: dict[str, pd.DataFrame],
    runs: pd.DataFrame,
    costs: pd.DataFrame,
    latencies: pd.DataFrame,
    cost: str = "flops",
) -> dict[str, Callable[[], Chart | None]]:
    """{name: drawing} of what an analysis found; tables: its frames by name; runs: the run table, which may be empty;
    cost: what figures of tables by cost are by.

    A table that is not as expected gives a drawing, of the table's name, that raises what is wrong with it.
    """
    if len(runs):
        runs = to_compare(runs)[0]
        runs = one_rule(equal_settings(runs[runs.status == "done"])[0])
    drawings: dict[str, Callable[[], Chart | None]] = {}
    for name, (table, draw) in WITH_RUNS.items():
        own = cost if name == "fits" else "flops"  # the law is of axes, which it compares by what they cost in flops
        drawings |= planned(name, partial(of_parts, name, draw, tables.get(table), runs, cost=own))
    for name, draw in WITHOUT_RUNS.items():
        drawings |= planned(name, partial(of_parts, name, draw, tables.get(name), cost=cost))
    if {"shape", "shape_curves"} <= set(tables):
        drawings |= planned("shape", partial(of_two, "shape", traded, tables["shape"], tables["shape_curves"]))
    if {"rates", "rate_curves"} <= set(tables):
        drawings |= planned("rates", partial(of_two, "rates", tried_rates, tables["rates"], tables["rate_curves"]))
    if "isocompute" in tables:
        drawings |= planned("isocompute", partial(of_isocompute, tables["isocompute"], runs))
    if "regime" in tables:
        drawings["regime"] = partial(regimes, tables["regime"])
    if len(runs):
        drawings[by_cost("fig4", cost)] = partial(width_by_depth_and_resolution, runs, cost)
    if "time_fits" in tables:
        drawings |= planned("times", partial(of_times, tables["time_fits"], costs, latencies))
    return drawings


def planned(
    name: str, select: Callable[[], dict[str, Callable[[], Chart | None]]]
) -> dict[str, Callable[[], Chart | None]]:
    """What ``select()`` gives, or, where it raises, one drawing that raises the same."""
    try:
        return select()
    except Exception as error:  # of whatever kind pandas raises for a table that is not as expected
        return {name: partial(fail, error)}


def fail(error: Exception) -> NoReturn:
    raise error


def of_parts(
    name: str, draw: Callable, table: pd.DataFrame | None, runs: pd.DataFrame | None = None, *, cost: str = "flops"
) -> dict[str, Callable[[], Chart | None]]:
    """Of one table, its rows by ``cost`` if it has several; with ``runs``, the drawing also takes those of its part."""
    if table is not None and "cost" in table:
        table, name = table[table.cost == cost], by_cost(name, cost)
    parts = parts_of(table)
    shown = {key: rows for key, rows in parts.items() if "difference" not in rows or rows.difference.notna().any()}
    own = {key: () if runs is None else (runs_of(runs, *key),) for key in shown}
    return {suffixed(name, parts, *key): partial(draw, rows, *own[key]) for key, rows in shown.items()}


def of_two(
    name: str, draw: Callable, statements: pd.DataFrame, curves: pd.DataFrame
) -> dict[str, Callable[[], Chart | None]]:
    """Of a table of statements and one of curves."""
    parts, lines = parts_of(statements), {str(key): rows for key, rows in parts_of(curves).items()}  # a key may be NaN
    return {
        suffixed(name, parts, *key): partial(draw, rows, lines[str(key)])
        for key, rows in parts.items()
        if str(key) in lines
    }


def of_isocompute(table: pd.DataFrame, runs: pd.DataFrame) -> dict[str, Callable[[], Chart | None]]:
    """Of each model and method by which its networks were scaled."""
    parts = dict(iter(table.groupby(["model", "method"])))
    several = [len({key[n] for key in parts}) > 1 for n in (0, 1)]
    return {
        "-".join(["isocompute", *(word for word, shown in zip(key, several, strict=True) if shown)]): partial(
            equal_compute, rows, runs[runs.model == key[0]]
        )
        for key, rows in parts.items()
    }


def runs_of(runs: pd.DataFrame, model: str, epochs: float) -> pd.DataFrame:
    return runs[(runs.model == model) & same(runs.epochs, epochs)]


def of_times(
    time_fits: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame
) -> dict[str, Callable[[], Chart | None]]:
    if not (time_fits.status == "estimated").any():
        return {}
    return {"times": partial(time_against_counts, time_fits, costs, latencies)}


def parts_of(table: pd.DataFrame | None) -> dict[Any, pd.DataFrame]:
    """{(model, epochs): rows}; empty without a table."""
    return {} if table is None else dict(iter(table.groupby(["model", "epochs"], dropna=False)))


def same(column: pd.Series, value: Any) -> pd.Series:
    return column.isna() if pd.isna(value) else column == value


def of_costs(
    costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, devices: pd.DataFrame | None = None
) -> dict[str, Callable[[], Chart | None]]:
    """{name: drawing} of what the cost and latency tables and that of devices allow: those of the family need two
    published models."""
    figures: dict[str, Callable[[], Chart | None]] = {}
    known = set(published.built_as.dropna()) & set(family.baselines(costs).model)
    if len(known) > 1:
        figures |= {name: partial(draw, costs, published) for name, draw in FAMILY_FIGURES.items()}
        figures["memory"] = partial(family.memory, costs, published)
        for ending, rows in by_runtime(latencies):
            if known & set(family.timed(costs, rows).model):
                figures[f"latency{ending}"] = partial(family.latency, costs, rows, published)
                figures[f"accuracy_latency{ending}"] = partial(family.accuracy_by_latency, costs, rows, published)
    if len(speeds(costs, latencies)) > 1:
        known = devices if devices is not None else pd.DataFrame(columns=["device", "threads", "precision"])
        figures["speed"] = partial(speed, costs, latencies, published, known)
    if len(family.along_axes(costs)):
        figures["cost_curves"] = partial(family.cost_curves, costs)
    return figures


def by_runtime(latencies: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """(ending of the figures' names, rows) of each runtime, and of each precision where it was timed in several: none
    of eager torch and of fp32."""
    for runtime, rows in latencies.groupby("runtime") if len(latencies) else ():
        of_runtime = "" if runtime == "eager" else f"-{runtime}"
        several = rows.precision.nunique() > 1
        for precision, alike in rows.groupby("precision", dropna=False):
            yield of_runtime + (f"-{precision}" if several and precision != "fp32" else ""), alike
