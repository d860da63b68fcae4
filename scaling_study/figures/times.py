"""Time against what can be counted without running."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from scaling_study.figures.metrics import METRICS

COUNTS = ("flops", "params", "activations")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX"


def time_against_counts(time_fits, costs, latencies):
    """Latency of one image against each count, log-log, with the pooled regression line; a marker per family, or per
    method where there is one family."""
    fits = time_fits[(time_fits.family == "all") & (time_fits.time == "inference") & (time_fits.status == "estimated")]
    setting = fits.iloc[0] if len(fits) else time_fits.iloc[0]
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    single = single[(single.device == setting.device) & (single.threads == setting.threads)]
    single = single[single.precision == setting.precision].drop_duplicates("variant_id", keep="last")
    points = costs.drop_duplicates("variant_id", keep="last").merge(
        single[["variant_id", "seconds_median"]], on="variant_id"
    )
    group = "family" if points.family.nunique() > 1 else "method"
    y = METRICS["seconds_median"].for_values(points.seconds_median)
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    panels = figure.subplots(1, len(COUNTS), sharey=True)
    for axes, column in zip(panels, COUNTS, strict=True):
        x = METRICS[column].for_values(points[column])
        for n, (name, rows) in enumerate(points.groupby(group)):
            axes.plot(rows[column] / x.scale, rows.seconds_median / y.scale, linestyle="none", label=name,
                      color=COLOURS[n % len(COLOURS)], marker=MARKERS[n % len(MARKERS)], markersize=6)  # fmt: skip
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
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(f"{y.title}, log scale")
    panels[0].legend(frameon=False, fontsize=8)
    n = len(points)
    figure.suptitle(f"{setting.device}, CPU threads: {setting.threads}, {setting.precision}; {n} networks", fontsize=10)
    return figure


def draw_line(axes, x, y, exponent):
    """The regression line through the means of the logarithms."""
    ends = np.array([x.min(), x.max()])
    values = np.exp(np.log(y).mean()) * (ends / np.exp(np.log(x).mean())) ** exponent
    axes.plot(ends, values, color="grey", linewidth=1.2, zorder=1)
