"""Why equal multiply-adds take unequal times: the speed of networks against what they move (Williams et al. 2009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from scaling_study.analysis.latency import in_setting, most_timed, setting_words
from scaling_study.figures.family import printed_names
from scaling_study.figures.labels import ABOVE_LEFT, BELOW_RIGHT, name_points
from scaling_study.figures.style import BASELINE_STAR, GRID, LABEL_SIZE, METHODS, POINTS, TITLE_SIZE, categories

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LIMITS = ["device", "threads", "precision"]
GIGA = 1e9
METHOD_LOOKS = {"baseline": BASELINE_STAR} | METHODS


def speeds(costs: pd.DataFrame, latencies: pd.DataFrame) -> pd.DataFrame:
    """A row per network that was timed, in the setting with the most of them: columns of ``costs`` and the setting, and

    intensity: multiply-adds per byte; speed: multiply-adds per second of one image; depthwise_percent: share of the
    multiply-adds.
    """
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    known = costs[costs.traffic_bytes.notna()].drop_duplicates("variant_id", keep="last")
    single = single[single.variant_id.isin(known.variant_id)]
    if single.empty:
        return known.assign(intensity=0.0, speed=0.0, depthwise_percent=0.0)[:0]
    single = most_timed(single).drop_duplicates("variant_id", keep="last")
    setting = [*LIMITS, "runtime", "seconds_median", "variant_id"]
    rows = known.merge(single[setting], on="variant_id")
    return rows.assign(
        intensity=rows.flops.astype(float) / rows.traffic_bytes.astype(float),
        speed=rows.flops.astype(float) / rows.seconds_median,
        depthwise_percent=100 * rows.depthwise_flops.astype(float) / rows.flops.astype(float),
    )


def speed(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, devices: pd.DataFrame) -> Figure:
    """Multiply-adds per second against multiply-adds per byte, under the device's limits where ``devices`` has them,
    and against the share of depthwise convolutions."""
    rows = speeds(costs, latencies)
    group = "family" if rows.family.nunique() > 1 else "method"
    figure = Figure(figsize=(12.0, 6.0), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    kinds = sorted(rows[group].unique())
    looks = dict(zip(kinds, categories(len(kinds)), strict=True)) if group == "family" else METHOD_LOOKS
    for axes, column in ((left, "intensity"), (right, "depthwise_percent")):
        for kind, mine in rows.groupby(group):
            axes.plot(mine[column], mine.speed / GIGA, label=kind, **{"markersize": 6} | looks[kind] | POINTS)
        axes.grid(**GRID)
    limits = in_setting(devices, rows.iloc[0][LIMITS])
    if len(limits):
        draw_limits(left, rows.intensity, limits.iloc[-1])
    left.set_xscale("log")
    left.set_yscale("log")
    for ticks in (left.xaxis, left.yaxis):
        ticks.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        ticks.set_minor_formatter(lambda *_: "")
        ticks.set_major_formatter(lambda value, _: f"{value:g}")
    left.set_xlabel("multiply-adds per byte of inputs, weights and outputs, log scale")
    right.set_xlabel("share of multiply-adds in depthwise convolutions (%)")
    left.set_ylabel("billion multiply-adds per second, one image, log scale")
    left.legend(frameon=False, fontsize=LABEL_SIZE, loc="lower right")
    figure.suptitle(f"{setting_words(rows.iloc[0])}; {len(rows)} networks", fontsize=TITLE_SIZE)
    named = rows[rows.method == "baseline"] if group == "family" else rows[:0]
    names = named.model.map(lambda model: printed_names(published).get(model, model))
    places = [ABOVE_LEFT if family == "efficientnet" else BELOW_RIGHT for family in named.family]
    name_points(left, list(zip(named.intensity, named.speed / GIGA, names, places, strict=True)))
    return figure


def draw_limits(axes: Axes, intensity: pd.Series, limits: pd.Series) -> None:
    """The roofline over the intensities shown."""
    x = np.geomspace(intensity.min() / 1.2, intensity.max() * 1.2, 100)
    y = np.minimum(limits.flops_per_second, limits.bytes_per_second * x) / GIGA
    memory, peak = limits.bytes_per_second / GIGA, limits.flops_per_second / GIGA
    label = f"limits of the device: {peak:.3g} billion/s, {memory:.3g} GB/s"
    axes.plot(x, y, color="grey", linewidth=1.5, label=label)
