"""The whole analysis of a study, from its tables to tables."""

from dataclasses import dataclass

import pandas as pd

from scaling_study.analysis import comparisons, fits, frontier, regime, search, surface, times
from scaling_study.analysis.observations import usable
from scaling_study.records.columns import NETWORK

PRINTED = 0.2  # how far the paper's own flops of one budget lie apart: printed to two digits, and not quite equal
BANDS = ("flops",)  # costs whose fitted curves are kept for the figures


@dataclass(frozen=True)
class Analysis:
    """tables: {name of the CSV: frame}, without empty ones; notes: what was left out, and why something is missing;
    runs: the rows that were analyzed."""

    tables: dict
    notes: tuple
    runs: pd.DataFrame


def analyze(
    runs: pd.DataFrame,
    costs: pd.DataFrame,
    latencies: pd.DataFrame,
    published: pd.DataFrame,
    *,
    threshold: float = 0.5,
    draws: int = 1000,
    tolerance: float = 0.1,
) -> Analysis:
    """Analyze the run table of a study, and its cost and latency tables where it has them.

    published: what scaling_study.published() gives; the paper's single-seed Tables 3 and 7 are compared too where the
    study has costs of published models. Empty frames are allowed everywhere.
    """
    tables: dict[str, pd.DataFrame] = {}
    notes: list[str] = []
    if len(runs):
        runs = with_latency(runs, costs, latencies)
        tables["comparisons"], notes = comparisons.compare(runs)
        tables["leaders"] = comparisons.leaders(runs)
        tables["fits"], tables["gains"], curves = fits.fits(runs, threshold=threshold, draws=draws)
        tables["fit_curves"] = curves[curves.cost.isin(BANDS)]
        tables["frontier"] = frontier.frontier(runs, draws=draws)
        tables["search"] = search.search(runs, tolerance)
        made, refused = surface.surfaces(runs)
        tables["surface"] = surface.exponent_table(made)
        notes += [f"{model}: no response surface, {reason}" for (model, _), reason in refused.items()]
        tables["regime"] = regime.regime(runs)
        runs, _ = usable(runs)
    tables["time_fits"] = times.time_fits(costs, latencies)
    paper = scaled_in_the_paper(published) if published.built_as.isin(costs.model).any() else published[:0]
    if len(paper):
        tables["published_comparisons"], _ = comparisons.compare(paper, costs=("flops",), matched=PRINTED)
    return Analysis({name: table for name, table in tables.items() if len(table)}, tuple(dict.fromkeys(notes)), runs)


def with_latency(runs: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame) -> pd.DataFrame:
    """The run table with ``latency_seconds``: the median time of one image of the same network in the latency table, in
    the setting (device, threads, precision) with the most networks; missing where it was not timed."""
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    if single.empty:
        return runs.assign(latency_seconds=float("nan"))
    settings = single.groupby(["device", "threads", "precision"], dropna=False).variant_id.nunique()
    best = dict(zip(settings.index.names, settings.idxmax(), strict=True))
    single = single[(single[list(best)] == best).all(axis=1)].drop_duplicates("variant_id", keep="last")
    timed = costs.merge(single[["variant_id", "seconds_median"]], on="variant_id")
    timed = comparable(timed.rename(columns={"seconds_median": "latency_seconds"})).drop_duplicates(
        NETWORK, keep="last"
    )
    return comparable(runs).merge(timed[[*NETWORK, "latency_seconds"]], on=NETWORK, how="left")


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of NETWORK in a form in which they are equal for equal networks."""
    stem = table.small_stem if "small_stem" in table else pd.Series(False, index=table.index)
    stem = stem.astype("boolean").fillna(False).astype(bool)  # tables of earlier versions do not have it
    return table.round(dict.fromkeys(("depth", "width", "resolution"), 6)).assign(small_stem=stem)


def scaled_in_the_paper(published: pd.DataFrame) -> pd.DataFrame:
    """The paper's Tables 3 and 7 as a run table with a single unnamed seed."""
    rows = published[published.table.isin(["Table 3", "Table 7"])]
    rows = rows.assign(model=rows.model + ", " + rows.table, status="done", flops_target=float("nan"))
    budget = rows.method != "baseline"
    rows.loc[budget, "flops_target"] = 1.0  # one budget per model and table: the printed rows are meant to be equal
    axes = {axis: rows[axis].fillna(1.0) for axis in ("depth", "width", "resolution")}  # not printed for every row
    return rows.assign(**axes)
