"""DenseNet-169 (Huang et al. 2017, Table 1).

Depth multiplies the layers of each dense block, width the growth rate, on which every number of channels depends.
The pools between blocks round an odd size up, which changes nothing at multiples of 32 pixels and lets the network
take images of 28; ``small_stem`` makes the stem a 3x3 convolution without stride and without the pooling. There is
no stochastic depth, since a dense layer has no residual branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scaling_study.models.layers import Layer, classifier, pool
from scaling_study.scaling.rounding import scaled_channels, scaled_repeats

if TYPE_CHECKING:
    import torch


BLOCKS = (6, 12, 32, 32)
GROWTH_RATE = 32
BOTTLENECK = 4  # channels of a layer's 1x1 convolution relative to the growth rate


def layers(
    *, depths: Sequence[float], width: float, classes: int, channels: int, small_stem: bool = False
) -> Iterator[Layer]:
    """The convolutions of the network, as ``models.layers.Layer``."""
    growth = growth_rate(width)
    features = 2 * growth
    yield Layer(channels, features, 3) if small_stem else Layer(channels, features, 7, stride=2)
    if not small_stem:
        yield pool(2)
    for stage, repeats in enumerate(blocks(depths)):
        if stage > 0:
            yield Layer(features, features // 2)
            yield pool(2)
            features //= 2
        for _ in range(repeats):
            yield Layer(features, BOTTLENECK * growth)
            yield Layer(BOTTLENECK * growth, growth, 3)
            features += growth
    yield classifier(features, classes)


def growth_rate(width: float) -> int:
    return scaled_channels(GROWTH_RATE, width, divisor=1)


def blocks(depths: Sequence[float]) -> list[int]:
    return [scaled_repeats(n, depth) for n, depth in zip(BLOCKS, depths, strict=True)]


def stage_sizes(depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(layers of each dense block, the one growth rate of all)."""
    return blocks(depths), [growth_rate(width)]


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
    """The network, on timm's DenseNet class. ``drop_path_rate`` must be 0."""
    from timm.models.densenet import DenseNet
    from torch import nn

    growth = growth_rate(width)
    network = DenseNet(
        growth_rate=growth,
        block_config=tuple(blocks(depths)),
        bn_size=BOTTLENECK,
        num_classes=classes,
        in_chans=channels,
        drop_rate=dropout,
    )
    if small_stem:
        network.features.conv0 = nn.Conv2d(channels, 2 * growth, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(network.features.conv0.weight)
        network.features.pool0 = nn.Identity()
    for module in network.features.modules():
        if isinstance(module, nn.AvgPool2d):
            module.ceil_mode = True
    return network
