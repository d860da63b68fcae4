"""Networks and their costs by name, without a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scaling_study.config.presets import model_preset, settings_of
from scaling_study.config.schema import Model
from scaling_study.models import FAMILIES, build_network, timm_reference
from scaling_study.scaling.coefficients import Coefficients

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Cost:
    """Cost of one image.

    flops: multiply-adds; params: trainable parameters; activations: output elements of convolutions and linear layers;
    activation_bytes: what autograd keeps for the backward pass; resolution_px: side of the input.
    """

    flops: int
    params: int
    activations: int
    activation_bytes: int
    resolution_px: int


def build(
    name: str,
    *,
    depth: float = 1.0,
    width: float = 1.0,
    resolution_px: int | None = None,
    classes: int = 1000,
    channels: int = 3,
) -> torch.nn.Module:
    """The network of a variant, with weights drawn from torch's global generator.

    name: of a choice of ``model=`` or of a timm classifier; depth, width: coefficients relative to that network;
    resolution_px: side of the input, which only networks of fixed input size depend on, None for the network's own;
    classes: outputs; channels: of the input.
    Raises ConfigError for a name that there is none of, and for a coefficient that the network cannot be scaled by.

    >>> import scaling_study as ss
    >>> network = ss.build("efficientnet_b0", depth=1.2, width=1.1)
    >>> sum(weight.numel() for weight in network.parameters())
    9109994
    """
    return build_network(*variant_of(name, depth, width), **size_of(name, resolution_px, classes, channels))


def cost(
    name: str,
    *,
    depth: float = 1.0,
    width: float = 1.0,
    resolution_px: int | None = None,
    classes: int = 1000,
    channels: int = 3,
) -> Cost:
    """The Cost of a variant, counted on the built network without memory for weights. Arguments as for ``build``.

    >>> import scaling_study as ss
    >>> ss.cost("resnet50", resolution_px=224).params
    25557032
    """
    from scaling_study.measure.complexity import complexity, shapes_only

    model, coefficients = variant_of(name, depth, width)
    size = size_of(name, resolution_px, classes, channels)
    network = shapes_only(lambda: build_network(model, coefficients, **size))
    counted = complexity(network, channels=channels, resolution=size["resolution_px"])
    counts = {key: getattr(counted, key) for key in ("flops", "params", "activations", "activation_bytes")}
    return Cost(**counts, resolution_px=size["resolution_px"])


def variant_of(name: str, depth: float, width: float) -> tuple[Model, Coefficients]:
    """(config group ``model``, coefficients). Raises ConfigError as ``build`` does."""
    from scaling_study.config.ranges import COEFFICIENT
    from scaling_study.errors import ConfigError

    model = model_named(name)
    axes = FAMILIES[model.family].axes
    for axis, value in (("depth", depth), ("width", width)):
        if value not in COEFFICIENT:
            raise ConfigError(axis, value, COEFFICIENT.message)
        if value != 1 and axis not in axes:
            raise ConfigError(axis, value, f"must be 1: {name} has no {axis} to scale")
    return model, Coefficients(depth, width, 1.0)


def model_named(name: str) -> Model:
    """The config group of ``model=name``, else of the timm classifier ``name``."""
    if preset := model_preset(name):
        return preset
    timm_reference.check_name(name)
    return Model(**settings_of("timm") | {"name": name})


def size_of(name: str, resolution_px: int | None, classes: int, channels: int) -> dict[str, Any]:
    """Keywords of ``build_network``."""
    return {"classes": classes, "channels": channels, "resolution_px": resolution_px or model_named(name).resolution}
