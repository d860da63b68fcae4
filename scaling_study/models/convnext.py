"""ConvNeXt (Liu et al. 2022, section 2 and Table 9). Depth multiplies the blocks of each stage, width all channels.

Small has more blocks than tiny in one stage only; base and large are small with 4/3 and 2 times its channels. Patches
that the input does not fill are padded with zeros, where timm's network drops what is left over. That changes nothing
at multiples of 32 pixels, keeps every pixel in use and lets the network take images of 28; ``small_stem`` makes the
stem a 3x3 convolution without stride.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scaling_study.models.layers import Layer, classifier
from scaling_study.scaling.rounding import scaled_stages

if TYPE_CHECKING:
    import torch


TINY, SMALL = (3, 3, 9, 3), (3, 3, 27, 3)  # blocks of each stage
CHANNELS = (96, 192, 384, 768)
EXPANSION = 4


def layers(
    blocks: Sequence[int],
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    small_stem: bool = False,
) -> Iterator[Layer]:
    """The convolutions and linear layers of the network, as ``models.layers.Layer``."""
    into = 0
    for repeats, out in zip(*stage_sizes(blocks, depths, width), strict=True):
        if into:
            yield Layer(into, out, 2, stride=2, bias=True)
        else:
            yield Layer(channels, out, 3, bias=True) if small_stem else Layer(channels, out, 4, stride=4, bias=True)
        for _ in range(repeats):
            yield Layer(out, out, 7, groups=out, bias=True)
            yield Layer(out, EXPANSION * out, bias=True)
            yield Layer(EXPANSION * out, out, bias=True)
        into = out
    yield classifier(into, classes)


def stage_sizes(blocks: Sequence[int], depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(blocks, channels) of each stage."""
    return scaled_stages(blocks, CHANNELS, depths, width)


def build(
    blocks: Sequence[int],
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    dropout: float = 0.0,
    drop_path_rate: float = 0.0,
    small_stem: bool = False,
) -> torch.nn.Module:
    """The network, on timm's ConvNeXt class."""
    from timm.layers import Conv2dSame, trunc_normal_
    from timm.models.convnext import ConvNeXt
    from torch import nn

    repeats, dims = stage_sizes(blocks, depths, width)
    network: Any = ConvNeXt(
        in_chans=channels,
        num_classes=classes,
        depths=tuple(repeats),
        dims=tuple(dims),
        drop_rate=dropout,
        drop_path_rate=drop_path_rate,
    )
    strided = [(network.stem, 0), *((stage.downsample, 1) for stage in network.stages[1:])]
    for container, place in strided:
        plain = container[place]
        new: Any = Conv2dSame(plain.in_channels, plain.out_channels, plain.kernel_size, stride=plain.stride)
        if container is network.stem and small_stem:
            new = nn.Conv2d(channels, dims[0], 3, padding=1)
        trunc_normal_(new.weight, std=0.02)  # as in the class
        nn.init.zeros_(new.bias)
        container[place] = new
    return network
