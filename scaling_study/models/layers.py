"""Arithmetic on networks that are not built: lists of convolutions, in the order of the forward pass."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """A convolution with padding ``kernel // 2``, or a pooling (``out`` 0) that only divides the size.

    into, out: channels; bias: whether an addition per output counts; pooled: works on the globally pooled 1x1 image,
    as squeeze-excitation and the classifier do, beside the main path.
    """

    into: int
    out: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    bias: bool = False
    pooled: bool = False


def pool(stride: int) -> Layer:
    return Layer(0, 0, stride=stride)


def classifier(into: int, classes: int) -> Layer:
    return Layer(into, classes, bias=True, pooled=True)


def counts(layers: Iterable[Layer], resolution_px: int) -> tuple[int, int, int]:
    """(multiply-adds, weights, activations) of one image of that side, as ``measure.complexity`` counts them on the
    built network, but for the parameters of batch norm, which are not in the weights."""
    size, flops, weights, activations = resolution_px, 0, 0, 0
    for layer in layers:
        if not layer.pooled:
            size = math.ceil(size / layer.stride)
        outputs = layer.out if layer.pooled else size**2 * layer.out
        per_output = layer.into // layer.groups * layer.kernel**2 + layer.bias
        flops += outputs * per_output
        weights += layer.out * per_output
        activations += outputs
    return flops, weights, activations
