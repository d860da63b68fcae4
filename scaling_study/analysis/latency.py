"""Settings in which latencies were measured (device, threads, precision, runtime), and latencies of runs."""

from typing import Any

import pandas as pd

from scaling_study.errors import ConfigError
from scaling_study.records.columns import NETWORK
from scaling_study.records.costs import SETTING


def with_latency(
    runs: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame, runtime: str | None = None
) -> pd.DataFrame:
    """The run table with ``latency_seconds``: the median time of one image of the same network in the latency table, in
    the setting (device, threads, precision, runtime) with the most networks; missing where it was not timed.

    runtime: of which alone settings are looked at; None: of all. Raises ConfigError for one that nothing was timed on.
    """
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    if runtime:
        known = ", ".join(sorted(set(single.runtime))) or "none, task=latency measures them"
        single = single[single.runtime == runtime]
        if single.empty:
            raise ConfigError("analysis.runtime", runtime, f"must be a runtime of the study's latencies: {known}")
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


def most_timed(latencies: pd.DataFrame) -> pd.DataFrame:
    """The rows of the setting with the most networks, among several of eager torch and of fp32 if it can be."""
    counts = latencies.groupby(SETTING, dropna=False).variant_id.nunique().reset_index()
    most = counts[counts.variant_id == counts.variant_id.max()]
    usual = pd.DataFrame({"runtime": most.runtime != "eager", "precision": most.precision != "fp32"})
    best = most.loc[usual.sort_values(["runtime", "precision"], kind="stable").index[0]]
    return in_setting(latencies, best[SETTING])


def in_setting(latencies: pd.DataFrame, setting: pd.Series | dict[str, Any]) -> pd.DataFrame:
    """The rows that hold the values of ``setting``, a missing one being equal to another: times from elsewhere may lack
    the threads and the precision."""
    wanted = pd.Series(dict(setting))
    cells = latencies[list(wanted.index)]
    return latencies[((cells == wanted).fillna(False) | (cells.isna() & wanted.isna())).all(axis=1)]


def setting_words(setting: pd.Series | dict[str, Any]) -> str:
    """The values of SETTING that are known as words: ``AMD EPYC, 1 CPU thread, fp32, eager``."""
    known = {column: setting[column] for column in SETTING if pd.notna(setting[column])}
    if "threads" in known:
        known["threads"] = f"{known['threads']} CPU thread{'s' if known['threads'] > 1 else ''}"
    return ", ".join(known.values())
