"""The cost columns of a variant, the same in the run table and in the cost table."""

from scaling_study.measure.complexity import complexity, shapes_only
from scaling_study.measure.flops import count_flops, told_of_size
from scaling_study.models import build_network
from scaling_study.scaling.coefficients import Coefficients


def variant_complexity(model, variant, *, classes, channels):
    """Complexity of a variant of the config group ``model``, without allocating it."""
    size = {"classes": classes, "channels": channels, "resolution_px": variant.resolution_px}
    with told_of_size(model, variant.resolution_px):
        network = shapes_only(lambda: build_network(model, variant.coefficients, **size))
        return complexity(network, channels=channels, resolution=variant.resolution_px)


def cost_columns(cost, model, *, classes, channels, baseline_px):
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
