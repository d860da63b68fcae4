"""Time against what can be counted without running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scaling_study.analysis.latency import in_setting, setting_words
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, floats
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.speed import looks_of
from scaling_study.records.costs import SETTING

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.metrics import Metric

COUNTS = ("flops", "params", "activations")
STEPS = (1, 2, 5)


def time_against_counts(time_fits: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame) -> Chart:
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
    y = METRICS["seconds_median"].for_values(points.seconds_median)
    panels = tuple(panel(column, points, fits[fits.predictor == column], y) for column in COUNTS)
    return Chart(f"{setting_words(setting)}; {len(points)} networks", (panels,), (11.0, 4.2), share_y="all")


def panel(column: str, points: pd.DataFrame, fits: pd.DataFrame, y: Metric) -> Panel:
    """Time against one count, with its line where ``fits`` has one."""
    x, (group, looks) = METRICS[column].for_values(points[column]), looks_of(points)
    marks = [
        Marks(
            floats(rows[column] / x.scale),
            floats(rows.seconds_median / y.scale),
            name=name,
            **looks[name],
        )
        for name, rows in points.groupby(group)
    ]
    title = ""
    for row in fits.head(1).itertuples():
        marks.append(line(points[column].astype(float) / x.scale, points.seconds_median / y.scale, row.exponent))
        title = f"correlation {row.correlation:.2f} ({row.correlation_low:.2f} to {row.correlation_high:.2f})"
    return Panel(
        Axis(f"{x.title}, log scale", log=10, steps=STEPS),
        Axis(f"{y.title}, log scale", log=10, steps=STEPS),
        tuple(marks),
        title=title,
        legend="best" if column == COUNTS[0] else None,
    )


def line(x: pd.Series, y: pd.Series, exponent: float) -> Marks:
    """The regression line through the means of the logarithms."""
    ends = np.array([x.min(), x.max()])
    values = np.exp(np.log(y).mean()) * (ends / np.exp(np.log(x).mean())) ** exponent
    return Marks(floats(ends), floats(values), "grey", line="solid", width=1.2, behind=True)
