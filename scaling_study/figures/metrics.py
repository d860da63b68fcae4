"""What can stand on an axis: one row drives every label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


UNITS = {
    "count": (
        (1e18, "10^18"),
        (1e15, "10^15"),
        (1e12, "trillions"),
        (1e9, "billions"),
        (1e6, "millions"),
        (1e3, "thousands"),
        (1.0, ""),
    ),
    "bytes": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")),
    "seconds": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")),
    "percent": ((1.0, "%"),),
}


@dataclass(frozen=True)
class Metric:
    """column: of a table; label: as printed; kind: which of UNITS; scale, unit: what values are divided by."""

    column: str
    label: str
    kind: str
    scale: float = 1.0
    unit: str = ""

    @property
    def title(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def for_values(self, values: pd.Series) -> Metric:
        """The same metric in the greatest unit of which the median of ``values`` is at least a fifth."""
        units = UNITS[self.kind]
        scale, unit = next((unit for unit in units if values.median() >= unit[0] / 5), units[-1])
        return replace(self, scale=scale, unit=unit)


METRICS = {
    metric.column: metric
    for metric in (
        Metric("flops", "multiply-adds per image", "count"),
        Metric("train_flops", "training multiply-adds", "count"),
        Metric("params", "parameters", "count"),
        Metric("activations", "activations per image", "count"),
        Metric("activation_bytes", "memory autograd keeps per image", "bytes"),
        Metric("train_seconds", "training time", "seconds"),
        Metric("latency_seconds", "latency of one image", "seconds"),
        Metric("seconds_median", "latency of one image", "seconds"),
        Metric("top1", "test top-1 accuracy", "percent", unit="%"),
        Metric("val_top1", "validation top-1 accuracy", "percent", unit="%"),
    )
}
