"""Why equal multiply-adds take unequal times: the speed of networks against what they move (Williams et al. 2009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scaling_study.analysis.latency import in_setting, most_timed, setting_words
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, floats
from scaling_study.figures.family import printed_names
from scaling_study.figures.style import BASELINE_STAR, METHODS, categories

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.style import Style

LIMITS = ["device", "threads", "precision"]
GIGA = 1e9
STEPS = (1, 1.5, 2, 3, 5, 7)
METHOD_LOOKS = {"baseline": BASELINE_STAR | {"behind": True}} | METHODS  # points may lie upon it


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


def looks_of(rows: pd.DataFrame) -> tuple[str, dict[str, Style]]:
    """(column, {its value: look}) by which networks are told apart: families, or methods where there is one family."""
    if rows.family.nunique() == 1:
        return "method", METHOD_LOOKS
    kinds = sorted(rows.family.unique())
    return "family", {kind: look | {"size": 6} for kind, look in zip(kinds, categories(len(kinds)), strict=True)}


def speed(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, devices: pd.DataFrame) -> Chart:
    """Multiply-adds per second against multiply-adds per byte, under the device's limits where ``devices`` has them,
    and against the share of depthwise convolutions."""
    rows = speeds(costs, latencies)
    group, looks = looks_of(rows)
    left, right = (
        [
            Marks(floats(mine[column]), floats(mine.speed / GIGA), name=kind, **looks[kind])
            for kind, mine in rows.groupby(group)
        ]
        for column in ("intensity", "depthwise_percent")
    )
    if group == "family":
        left = [with_names(marks, rows[rows.family == marks.name], published) for marks in left]
    limits = in_setting(devices, rows.iloc[0][LIMITS])
    if len(limits):
        left.append(roofline(rows.intensity, limits.iloc[-1]))
    y = Axis("billion multiply-adds per second, one image, log scale", log=10, steps=STEPS)
    bytes_ = Axis("multiply-adds per byte of inputs, weights and outputs, log scale", log=10, steps=STEPS)
    panels = (
        Panel(bytes_, y, tuple(left), legend="lower right"),
        Panel(Axis("share of multiply-adds in depthwise convolutions (%)"), y, tuple(right), legend=None),
    )
    title = f"{setting_words(rows.iloc[0])}; {len(rows)} networks"
    return Chart(title, (panels,), (12.0, 6.0), share_y="all", widths=(3.0, 2.0))


def with_names(marks: Marks, rows: pd.DataFrame, published: pd.DataFrame) -> Marks:
    """The marks of a family's networks with the names of those that are not scaled."""
    names = rows.model.map(lambda model: printed_names(published).get(model, model)).where(
        rows.method == "baseline", ""
    )
    return marks._replace(texts=tuple(names), place="above left" if marks.name == "efficientnet" else "below right")


def roofline(intensity: pd.Series, limits: pd.Series) -> Marks:
    """The limits of the device over the intensities shown."""
    x = np.geomspace(intensity.min() / 1.2, intensity.max() * 1.2, 100)
    y = np.minimum(limits.flops_per_second, limits.bytes_per_second * x) / GIGA
    memory, peak = limits.bytes_per_second / GIGA, limits.flops_per_second / GIGA
    name = f"limits of the device: {peak:.3g} billion/s, {memory:.3g} GB/s"
    return Marks(floats(x), floats(y), "grey", line="solid", name=name)
