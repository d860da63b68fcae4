"""Figures: tables in, a matplotlib Figure out."""

from functools import partial

import pandas as pd

from scaling_study.analysis.rules import one_rule
from scaling_study.figures import family
from scaling_study.figures.comparisons import compared, regimes, searched
from scaling_study.figures.curves import fitted, frontiers, width_by_depth_and_resolution
from scaling_study.figures.saturation import methods_together, one_panel_per_axis, studies
from scaling_study.figures.times import time_against_counts

RUN_FIGURES = {"axes": one_panel_per_axis, "methods": methods_together}
FAMILY_FIGURES = {
    "accuracy_flops": partial(family.accuracy, column="flops"),
    "accuracy_params": partial(family.accuracy, column="params"),
}


def of_runs(runs):
    """{name: Figure} of a run table, a set per model that was scaled and length of training; empty when no run is
    done."""
    parts = studies(one_rule(runs))
    figures = {}
    for (model, epochs), rows in parts.items():
        for name, draw in RUN_FIGURES.items():
            figures[suffixed(name, parts, model, epochs)] = draw(rows, model)
    return figures


def suffixed(name, parts, model, epochs):
    """A figure's name, with the model and the length of training where a study has several."""
    models, lengths = ({part[n] for part in parts} for n in (0, 1))
    return name + f"-{model}" * (len(models) > 1) + f"-{epochs}epochs" * (len(lengths) > 1)


def of_analysis(tables, runs, costs, latencies):
    """{name: Figure} of what an analysis found; tables: its frames by name; runs: the run table, which may be empty."""
    figures = {}
    runs = one_rule(runs[runs.status == "done"]) if len(runs) else runs
    for key, rows in parts_of(tables.get("fit_curves")).items():
        own = runs[(runs.model == key[0]) & same(runs.epochs, key[1])]
        figures[suffixed("fits", parts_of(tables["fit_curves"]), *key)] = fitted(rows, own)
    flops = {name: table[table.cost == "flops"] for name, table in tables.items() if "cost" in table}
    for name, draw in (("comparisons", compared), ("frontier", frontiers), ("search", searched)):
        table = flops.get(name, tables.get(name))
        for key, rows in parts_of(table).items():
            if name != "comparisons" or rows.difference.notna().any():
                figures[suffixed(name, parts_of(table), *key)] = draw(rows)
    if "regime" in tables:
        figures["regime"] = regimes(tables["regime"])
    if len(runs) and (grid := width_by_depth_and_resolution(runs)):
        figures["fig4"] = grid
    if "time_fits" in tables and (tables["time_fits"].status == "estimated").any():
        figures["times"] = time_against_counts(tables["time_fits"], costs, latencies)
    return figures


def parts_of(table):
    """{(model, epochs): rows}; empty without a table."""
    return {} if table is None else dict(iter(table.groupby(["model", "epochs"], dropna=False)))


def same(column, value):
    return column.isna() if pd.isna(value) else column == value


def of_costs(costs, latencies, published):
    """{name: Figure} of what the cost and latency tables allow: those of the family need two published models."""
    figures = {}
    known = set(published.built_as.dropna()) & set(family.baselines(costs).model)
    if len(known) > 1:
        figures |= {name: draw(costs, published) for name, draw in FAMILY_FIGURES.items()}
        figures["memory"] = family.memory(costs, published)
        if latencies.variant_id.isin(family.baselines(costs).variant_id).any():
            figures["latency"] = family.latency(costs, latencies, published)
    if len(family.along_axes(costs)):
        figures["cost_curves"] = family.cost_curves(costs)
    return figures


def save(figure, stem, formats):
    """Write ``figure`` as ``<stem>.<format>`` for each format; returns the paths. SVG output is reproducible."""
    import matplotlib

    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [stem.with_name(f"{stem.name}.{kind}") for kind in formats]
    with matplotlib.rc_context({"svg.hashsalt": "scaling_study", "svg.fonttype": "none"}):
        for file in files:
            figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files
