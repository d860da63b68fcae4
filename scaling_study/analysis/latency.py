"""Latencies of the networks of runs."""

import pandas as pd

from scaling_study.records.columns import NETWORK
from scaling_study.records.costs import most_timed


def with_latency(
    runs: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame, runtime: str | None = None
) -> pd.DataFrame:
    """The run table with ``latency_seconds``: the median time of one image of the same network in the latency table, in
    the setting (device, threads, precision, runtime) with the most networks; missing where it was not timed.

    runtime: of which alone settings are looked at; None: of all.
    """
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    single = single[single.runtime == runtime] if runtime else single
    if single.empty:
        return runs.assign(latency_seconds=float("nan"))
    single = most_timed(single).drop_duplicates("variant_id", keep="last")
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
