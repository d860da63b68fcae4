"""What can stand on an axis: one row drives every label."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """column: of the run table; label and unit: as printed; scale: what values are divided by for it."""

    column: str
    label: str
    unit: str
    scale: float = 1.0

    @property
    def title(self):
        return f"{self.label} ({self.unit})" if self.unit else self.label


METRICS = {
    metric.column: metric
    for metric in (
        Metric("flops", "multiply-adds per image", "millions", 1e6),
        Metric("params", "parameters", "thousands", 1e3),
        Metric("top1", "test top-1 accuracy", "%"),
        Metric("val_top1", "validation top-1 accuracy", "%"),
    )
}
