"""MBConv networks of any depth and width: their arithmetic, and the network itself on timm's EfficientNet class.

The only file that uses timm's private builder; golden tests hold it to the published networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scaling_study.models.layers import Layer, classifier
from scaling_study.scaling.rounding import scaled_channels, scaled_repeats

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Stage:
    """block: timm's name of the block type, ``ir`` (inverted residual), ``ds`` (depthwise separable) or ``dsa`` (that
    with an activation at the end); repeats, channels: of the baseline; stride: of the first block; expand: ratio of
    the inverted residual; squeeze: channels of squeeze-excitation relative to the block's input, 0 for none."""

    block: str
    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int
    squeeze: float = 0.0

    def arch(self, repeats: int) -> str:
        """timm's string for ``repeats`` such blocks."""
        squeeze = f"_se{self.squeeze}" if self.squeeze else ""
        expand = f"_e{self.expand}" if self.block == "ir" else ""
        return f"{self.block}_r{repeats}_k{self.kernel}_s{self.stride}{expand}_c{self.channels}{squeeze}"


@dataclass(frozen=True)
class Architecture:
    """A baseline. stem, head: channels of the first and last convolution (head 0: none); head_min: the head never
    has fewer; divisor: of all channels; activation: of every block; zero_init: whether residual branches start at 0."""

    stages: tuple[Stage, ...]
    stem: int
    head: int
    head_min: int = 0
    divisor: int = 8
    activation: str = "silu"
    zero_init: bool = False

    def channels(self, width: float) -> Callable[[float], int]:
        """A function that scales a number of channels."""
        return lambda channels: scaled_channels(channels, width, self.divisor)

    def head_channels(self, width: float) -> int:
        return max(self.head_min, self.channels(width)(self.head)) if self.head else 0

    def repeats(self, depths: Sequence[float]) -> list[int]:
        """Blocks per stage for a depth coefficient per stage."""
        return [scaled_repeats(stage.repeats, depth) for stage, depth in zip(self.stages, depths, strict=True)]


def stage_sizes(architecture: Architecture, depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(blocks, output channels) of each stage."""
    return architecture.repeats(depths), [architecture.channels(width)(stage.channels) for stage in architecture.stages]


def layers(
    architecture: Architecture,
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    small_stem: bool = False,
) -> Iterator[Layer]:
    """The convolutions of the network, as ``models.layers.Layer``."""
    scaled = architecture.channels(width)
    into = scaled(architecture.stem)
    yield Layer(channels, into, kernel=3, stride=1 if small_stem else 2)
    for stage, repeats in zip(architecture.stages, architecture.repeats(depths), strict=True):
        for index in range(repeats):
            out = scaled(stage.channels)
            yield from block_layers(stage, into, out, stage.stride if index == 0 else 1)
            into = out
    if head := architecture.head_channels(width):
        yield Layer(into, head)
        into = head
    yield classifier(into, classes)


def block_layers(stage: Any, into: int, out: int, stride: int) -> Iterator[Layer]:
    middle = scaled_channels(into, stage.expand) if stage.block == "ir" else into
    if stage.block == "ir":
        yield Layer(into, middle)
    yield Layer(middle, middle, stage.kernel, stride, groups=middle)
    if stage.squeeze:
        squeezed = squeeze_channels(middle * (stage.squeeze / stage.expand))
        yield Layer(middle, squeezed, bias=True, pooled=True)
        yield Layer(squeezed, middle, bias=True, pooled=True)
    yield Layer(middle, out)


def squeeze_channels(exact: float) -> int:
    """Rounded as timm does, but never to none, as very narrow networks would be."""
    return max(1, round(exact))


def build(
    architecture: Architecture,
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    dropout: float = 0.0,
    drop_path_rate: float = 0.0,
    small_stem: bool = False,
) -> torch.nn.Module:
    """The network: repeats are ``ceil(depth * repeats)`` per stage, channels of stem, stages and head are rounded
    to the divisor but never below 0.9 of the exact value."""
    from timm.layers import get_act_layer
    from timm.models._efficientnet_blocks import SqueezeExcite
    from timm.models._efficientnet_builder import decode_arch_def
    from timm.models.efficientnet import EfficientNet

    repeats = architecture.repeats(depths)
    network = EfficientNet(
        decode_arch_def([[stage.arch(n)] for stage, n in zip(architecture.stages, repeats, strict=True)]),
        num_classes=classes,
        in_chans=channels,
        stem_size=architecture.stem,
        num_features=architecture.head_channels(width),
        round_chs_fn=architecture.channels(width),
        act_layer=get_act_layer(architecture.activation),
        se_layer=partial(SqueezeExcite, rd_round_fn=squeeze_channels),
        drop_rate=dropout,
        drop_path_rate=drop_path_rate,
    )
    if small_stem:
        network.conv_stem.stride = (1, 1)
    return zero_init_residuals(network) if architecture.zero_init else network


def zero_init_residuals(network: torch.nn.Module) -> torch.nn.Module:
    """Start every residual block as the identity: the last batch norm of its branch gets weight 0.

    Without it deep variants start so far from trainable that a depth curve shows the initialisation
    instead of the depth (Goyal et al. 2017, section 5.1, do the same for ResNet).
    """
    from timm.models._efficientnet_blocks import DepthwiseSeparableConv, InvertedResidual
    from torch import nn

    for block in network.modules():
        if isinstance(block, InvertedResidual) and block.has_skip:
            nn.init.zeros_(block.bn3.weight)
        elif isinstance(block, DepthwiseSeparableConv) and block.has_skip:
            nn.init.zeros_(block.bn2.weight)
    return network
