"""Figures of costs and latencies, as functions of tables that give a Chart.

``plot`` and ``interactive`` draw them: in examples, ``ss.plot`` stands for either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study import figures
from scaling_study.api.choosing import no_latencies, of_runtime, only

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.chart import Chart


def times(time_fits: pd.DataFrame, costs: pd.DataFrame, latencies: pd.DataFrame) -> Chart:
    """Latency against counts, with regression lines. time_fits: table of task=analyze.

    >>> import pandas as pd
    >>> import scaling_study as ss
    >>> study = "results/imagenet-family"
    >>> time_fits = pd.read_csv(f"{study}/time_fits.csv")
    >>> figure = ss.plot.times(time_fits, ss.load_costs(study), ss.load_latencies(study))
    """
    return only(
        "times", figures.of_analysis({"time_fits": time_fits}, time_fits[:0].assign(status=""), costs, latencies)
    )


def accuracy(
    costs: pd.DataFrame,
    published: pd.DataFrame,
    *,
    cost: str = "flops",
    latencies: pd.DataFrame | None = None,
    runtime: str = "eager",
) -> Chart:
    """Published accuracy against the measured cost, flops or params (Figures 1 and 5), or latency.

    costs: as from ``load_costs``; published: as from ``published``; latencies: as from ``load_latencies``, for
    cost="latency"; runtime: of these.

    >>> import scaling_study as ss
    >>> costs = ss.load_costs("results/imagenet-family")
    >>> figure = ss.plot.accuracy(costs, ss.published(torchvision=False), cost="params")
    """
    if latencies is None:
        latencies = no_latencies()
    return only(f"accuracy_{cost}", figures.of_costs(costs, of_runtime(latencies, runtime), published))


def memory(costs: pd.DataFrame, published: pd.DataFrame) -> Chart:
    """Memory that training keeps per image against multiply-adds.

    >>> import scaling_study as ss
    >>> costs = ss.load_costs("results/imagenet-family")
    >>> figure = ss.plot.memory(costs, ss.published(torchvision=False))
    """
    return only("memory", figures.of_costs(costs, no_latencies(), published))


def latency(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, *, runtime: str = "eager") -> Chart:
    """Latency of one image on a runtime against multiply-adds.

    >>> import scaling_study as ss
    >>> study = "results/imagenet-family"
    >>> figure = ss.plot.latency(ss.load_costs(study), ss.load_latencies(study), ss.published(torchvision=False))
    """
    return only("latency", figures.of_costs(costs, of_runtime(latencies, runtime), published))


def speed(
    costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame, devices: pd.DataFrame | None = None
) -> Chart:
    """Multiply-adds per second against multiply-adds per byte, and against the share of depthwise convolutions.

    devices: as from ``load_devices``, whose limits are drawn; None: none are.

    >>> import scaling_study as ss
    >>> study = "results/imagenet-family"
    >>> figure = ss.plot.speed(ss.load_costs(study), ss.load_latencies(study), ss.published(torchvision=False))
    """
    return only("speed", figures.of_costs(costs, latencies, published, devices))


def cost_curves(costs: pd.DataFrame) -> Chart:
    """How costs grow along each axis alone.

    >>> import scaling_study as ss
    >>> figure = ss.plot.cost_curves(ss.load_costs("results/imagenet-family"))
    """
    from scaling_study.literature import published

    return only("cost_curves", figures.of_costs(costs, no_latencies(), published(torchvision=False)))
