"""Time against what can be counted without running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from scaling_study.analysis.latency import in_setting, setting_words
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import BASELINE_STAR, GRID, LABEL_SIZE, METHODS, POINTS, TITLE_SIZE, categories
from scaling_study.records.costs import SETTING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


COUNTS = ("flops", "params", "activations")


def time_against_counts(time_fits: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame) -> Figure:
    """Latency of one image against each count, log-log, with the pooled regression line; a marker per family, or per
    method where there is one family."""
    if "runtime" not in time_fits:  # of earlier versions
        time_fits = time_fits.assign(runtime="eager")
    fits = time_fits[(time_fits.family == "all") & (time_fits.time == "inference") & (time_fits.status == "estimated")]
    fits = fits.sort_values("runtime", key=lambda runtime: runtime != "eager", kind="stable")
    setting = fits.iloc[0] if len(fits) else time_fits.iloc[0]
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    single = in_setting(single, setting[SETTING]).drop_duplicates("variant_id", keep="last")
    points = costs.drop_duplicates("variant_id", keep="last").merge(
        single[["variant_id", "seconds_median"]], on="variant_id"
    )
    group = "family" if points.family.nunique() > 1 else "method"
    names = sorted(points[group].unique())
    looks = dict(zip(names, categories(len(names)), strict=True))
    if group == "method":
        looks = {"baseline": BASELINE_STAR | {"zorder": 1.5}} | METHODS  # points may lie upon it
    y = METRICS["seconds_median"].for_values(points.seconds_median)
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    panels = figure.subplots(1, len(COUNTS), sharey=True)
    for axes, column in zip(panels, COUNTS, strict=True):
        x = METRICS[column].for_values(points[column])
        for name, rows in points.groupby(group):
            look = {"markersize": 6} | looks[name] | POINTS | {"label": name}
            axes.plot(rows[column] / x.scale, rows.seconds_median / y.scale, **look)
        fit = fits[fits.predictor == column]
        if len(fit):
            row = fit.iloc[0]
            draw_line(axes, points[column].astype(float) / x.scale, points.seconds_median / y.scale, row.exponent)
            interval = f"({row.correlation_low:.2f} to {row.correlation_high:.2f})"
            axes.set_title(f"correlation {row.correlation:.2f} {interval}", fontsize=9)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for ticks in (axes.xaxis, axes.yaxis):
            ticks.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ticks.set_minor_formatter(lambda *_: "")
            ticks.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel(f"{x.title}, log scale")
        axes.grid(**GRID)
    panels[0].set_ylabel(f"{y.title}, log scale")
    panels[0].legend(frameon=False, fontsize=LABEL_SIZE)
    n = len(points)
    figure.suptitle(f"{setting_words(setting)}; {n} networks", fontsize=TITLE_SIZE)
    return figure


def draw_line(axes: Axes, x: pd.Series, y: pd.Series, exponent: float) -> None:
    """The regression line through the means of the logarithms."""
    ends = np.array([x.min(), x.max()])
    values = np.exp(np.log(y).mean()) * (ends / np.exp(np.log(x).mean())) ** exponent
    axes.plot(ends, values, color="grey", linewidth=1.2, zorder=1)
