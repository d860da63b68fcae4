"""The cost columns of a variant, the same in the run table and in the cost table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scaling_study.measure.complexity import complexity, shapes_only
from scaling_study.measure.flops import count_flops, size_reported
from scaling_study.models import build_network
from scaling_study.scaling.coefficients import Coefficients

if TYPE_CHECKING:
    from scaling_study.config.schema import Model
    from scaling_study.measure.complexity import Complexity


def variant_complexity(model: Model, variant: Any, *, classes: int, channels: int) -> Complexity:
    """Complexity of a variant of the config group ``model``, without allocating it."""
    size = {"classes": classes, "channels": channels, "resolution_px": variant.resolution_px}
    with size_reported(model, variant.resolution_px):
        network = shapes_only(lambda: build_network(model, variant.coefficients, **size))
        return complexity(network, channels=channels, resolution=variant.resolution_px)


def cost_columns(cost: Complexity, model: Model, *, classes: int, channels: int, baseline_px: int) -> dict[str, Any]:
    """The columns that a Complexity gives; flops_ratio is relative to the baseline of ``model`` at ``baseline_px``."""
    size = {"classes": classes, "channels": channels, "resolution_px": baseline_px}
    return {
        "flops_ratio": cost.flops / count_flops(model, Coefficients(), **size),
        "flops": cost.flops,
        "params": cost.params,
        "param_bytes": cost.param_bytes,
        "activations": cost.activations,
        "activation_bytes": cost.activation_bytes,
    }
