"""ResNet-50 (He et al. 2016, Table 1), the stride in the 3x3 convolution.

Depth multiplies the blocks of each stage, width the channels of the stages. The stem, one 7x7 convolution, keeps
its 64 channels at every width; ``small_stem`` makes it a 3x3 convolution without stride and without the pooling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scaling_study.models.layers import Layer, classifier, pool
from scaling_study.scaling.rounding import scaled_channels, scaled_stages

if TYPE_CHECKING:
    import torch


BLOCKS = (3, 4, 6, 3)
CHANNELS = (64, 128, 256, 512)
STEM = 64
EXPANSION = 4


def layers(
    *, depths: Sequence[float], width: float, classes: int, channels: int, small_stem: bool = False
) -> Iterator[Layer]:
    """The convolutions of the network, as ``models.layers.Layer``."""
    yield Layer(channels, STEM, 3) if small_stem else Layer(channels, STEM, 7, stride=2)
    if not small_stem:
        yield pool(2)
    sizes = stage_sizes(depths, width)
    yield from bottlenecks(STEM, *sizes)
    yield classifier(sizes[1][-1] * EXPANSION, classes)


def bottlenecks(into: int, blocks: Sequence[int], planes: Sequence[int], squeeze: float = 0.0) -> Iterator[Layer]:
    """The convolutions of all stages, ``into`` channels coming in. planes: channels of the 3x3 convolutions; squeeze:
    channels of squeeze-excitation relative to the block's output, 0 for none."""
    for stage, (repeats, middle) in enumerate(zip(blocks, planes, strict=True)):
        out = middle * EXPANSION
        squeezed = scaled_channels(out, squeeze, round_limit=0)
        for block in range(repeats):
            stride = 2 if block == 0 and stage > 0 else 1
            yield Layer(into, middle)
            yield Layer(middle, middle, 3, stride)
            yield Layer(middle, out)
            if squeeze:
                yield Layer(out, squeezed, bias=True, pooled=True)
                yield Layer(squeezed, out, bias=True, pooled=True)
            if block == 0 and (stride > 1 or into != out):
                yield Layer(into, out)
            into = out


def stage_sizes(depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(blocks, channels of the 3x3 convolutions) of each stage."""
    return scaled_stages(BLOCKS, CHANNELS, depths, width)


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
    """The network, on timm's ResNet class."""
    from timm.models.resnet import Bottleneck, ResNet
    from torch import nn

    blocks, planes = stage_sizes(depths, width)
    block: Any = Bottleneck
    network: Any = ResNet(
        block,
        layers=tuple(blocks),
        channels=tuple(planes),
        num_classes=classes,
        in_chans=channels,
        drop_rate=dropout,
        drop_path_rate=drop_path_rate,
    )
    if small_stem:
        network.conv1 = nn.Conv2d(channels, STEM, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
        network.maxpool = nn.Identity()
    return network
