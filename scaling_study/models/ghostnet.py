"""GhostNet (Han et al. 2020, Table 1): half of the channels of a 1x1 convolution come from a cheap 3x3 depthwise one.

Width multiplies all channels, to multiples of 4, but those of the last convolution, which stay 1280. Depth multiplies
the blocks of each stage: further ones are as the last of the stage, fewer leave out the last ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from scaling_study.models.layers import Layer, classifier
from scaling_study.scaling.rounding import scaled_channels, scaled_repeats

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Stage:
    """channels: of the output; kernel, stride: of the first block's depthwise convolution; middle, squeeze: of each
    block, channels of the expansion and those of squeeze-excitation relative to them."""

    channels: int
    kernel: int
    stride: int
    middle: tuple[int, ...]
    squeeze: tuple[float, ...]

    def blocks(self, repeats: int) -> Iterator[tuple[int, float, int]]:
        """(middle, squeeze, stride) of each of ``repeats`` blocks."""
        for index in range(repeats):
            known = min(index, len(self.middle) - 1)
            yield self.middle[known], self.squeeze[known], self.stride if index == 0 else 1


STAGES = (
    Stage(16, 3, 1, (16,), (0,)),
    Stage(24, 3, 2, (48, 72), (0, 0)),
    Stage(40, 5, 2, (72, 120), (0.25, 0.25)),
    Stage(80, 3, 2, (240, 200, 184, 184), (0, 0, 0, 0)),
    Stage(112, 3, 1, (480, 672), (0.25, 0.25)),
    Stage(160, 5, 2, (672, 960, 960, 960, 960), (0.25, 0, 0.25, 0, 0.25)),
)
STEM = 16
HEAD = 1280
DIVISOR = 4


def layers(
    *, depths: Sequence[float], width: float, classes: int, channels: int, small_stem: bool = False
) -> Iterator[Layer]:
    """The convolutions of the network, as ``models.layers.Layer``."""
    into = scaled_channels(STEM, width, DIVISOR)
    yield Layer(channels, into, 3, stride=1 if small_stem else 2)
    middle = 0
    for stage, repeats, out in zip(STAGES, *stage_sizes(depths, width), strict=True):
        for wide, squeeze, stride in stage.blocks(repeats):
            middle = scaled_channels(wide, width, DIVISOR)
            yield from block_layers(into, middle, out, kernel=stage.kernel, stride=stride, squeeze=squeeze)
            into = out
    yield Layer(into, middle)
    yield Layer(middle, HEAD, bias=True, pooled=True)
    yield classifier(HEAD, classes)


def block_layers(into: int, middle: int, out: int, *, kernel: int, stride: int, squeeze: float) -> Iterator[Layer]:
    yield from module_layers(into, middle)
    if stride > 1:
        yield Layer(middle, middle, kernel, stride, groups=middle)
    if squeeze:
        squeezed = scaled_channels(middle, squeeze, DIVISOR)
        yield Layer(middle, squeezed, bias=True, pooled=True)
        yield Layer(squeezed, middle, bias=True, pooled=True)
    yield from module_layers(middle, out)
    if stride > 1 or into != out:  # the shortcut, whose first convolution has the stride that is counted above
        yield Layer(into, into, kernel, groups=into)
        yield Layer(into, out)


def module_layers(into: int, out: int) -> Iterator[Layer]:
    half = math.ceil(out / 2)
    yield Layer(into, half)
    yield Layer(half, half, 3, groups=half)


def stage_sizes(depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(blocks, output channels) of each stage."""
    blocks = [scaled_repeats(len(stage.middle), depth) for stage, depth in zip(STAGES, depths, strict=True)]
    return blocks, [scaled_channels(stage.channels, width, DIVISOR) for stage in STAGES]


def build(
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    dropout: float = 0.0,
    drop_path_rate: float = 0.0,
    small_stem: bool = False,
) -> torch.nn.Module:
    """The network, on timm's GhostNet class. ``drop_path_rate`` must be 0."""
    from timm.models.ghostnet import GhostNet

    blocks: list[list[Any]] = [
        [stage.kernel, middle, stage.channels, squeeze, stride]
        for stage, repeats in zip(STAGES, stage_sizes(depths, width)[0], strict=True)
        for middle, squeeze, stride in stage.blocks(repeats)
    ]
    grouped = [list(group) for _, group in groupby(blocks, key=lambda block: block[-1])]  # as timm names its weights
    network: Any = GhostNet(grouped, num_classes=classes, width=width, in_chans=channels, drop_rate=dropout)
    if small_stem:
        network.conv_stem.stride = (1, 1)
    return network
