"""MBConv networks of any depth and width: their arithmetic, and the network itself on timm's EfficientNet class.

This file and ``mobilenetv3`` alone use timm's private builder; golden tests hold them to the published networks.
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
    """block: timm's name of the block type, ``ir`` (inverted residual), ``er`` (that with one convolution in place of
    the first two), ``ds`` (depthwise separable), ``dsa`` (that with an activation at the end) or ``cn`` (a
    convolution); repeats, channels: of the baseline; stride: of the first block; expand: ratio of the inverted
    residual, or the ratios of its blocks, the last for all that follow; squeeze: channels of squeeze-excitation
    relative to the block's input, 0 for none; squeeze_divisor: of those channels, which then are relative to the
    expanded ones; activation: timm's short name of one that only this stage has."""

    block: str
    repeats: int
    kernel: int
    stride: int
    expand: float | tuple[float, ...]
    channels: int
    squeeze: float = 0.0
    squeeze_divisor: int = 0
    activation: str = ""

    def ratio(self, block: int) -> float:
        """The expansion of a block by its place in the stage."""
        return self.expand[min(block, len(self.expand) - 1)] if isinstance(self.expand, tuple) else self.expand

    def squeezed(self, middle: int, ratio: float) -> int:
        """Channels of squeeze-excitation in a block with ``middle`` channels after the expansion."""
        if self.squeeze_divisor:
            return scaled_channels(middle, self.squeeze, self.squeeze_divisor)
        return squeeze_channels(middle * (self.squeeze / ratio))

    def arch(self, repeats: int) -> list[str]:
        """timm's strings for ``repeats`` such blocks, one for each."""
        squeeze = f"_se{self.squeeze}" if self.squeeze else ""
        end = squeeze + (f"_n{self.activation}" if self.activation else "") + ("_skip" if self.block == "cn" else "")
        strings = []
        for index in range(repeats):
            expand = f"_e{self.ratio(index):g}" if self.block in ("ir", "er") else ""
            strings.append(f"{self.block}_r1_k{self.kernel}_s{self.stride}{expand}_c{self.channels}{end}")
        return strings


@dataclass(frozen=True)
class Architecture:
    """A baseline. stem, head: channels of the first and last convolution (head 0: none); head_min: the head never
    has fewer; divisor: of all channels; round_limit: least share of the exact channels that rounding keeps; activation:
    of every block; zero_init: whether residual branches start at 0; scaled_stem: whether the width scales the stem;
    nearest_repeats: whether repeats are rounded to the nearest whole number instead of up."""

    stages: tuple[Stage, ...]
    stem: int
    head: int
    head_min: int = 0
    divisor: int = 8
    round_limit: float = 0.9
    activation: str = "silu"
    zero_init: bool = False
    scaled_stem: bool = True
    nearest_repeats: bool = False

    def channels(self, width: float) -> Callable[[float], int]:
        """A function that scales a number of channels."""
        return lambda channels: scaled_channels(channels, width, self.divisor, self.round_limit)

    def head_channels(self, width: float) -> int:
        return max(self.head_min, self.channels(width)(self.head)) if self.head else 0

    def repeats(self, depths: Sequence[float]) -> list[int]:
        """Blocks per stage for a depth coefficient per stage."""
        return [
            scaled_repeats(stage.repeats, depth, self.nearest_repeats)
            for stage, depth in zip(self.stages, depths, strict=True)
        ]


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
    yield from trunk_layers(architecture, depths, width, channels, small_stem)
    into = architecture.channels(width)(architecture.stages[-1].channels)
    if head := architecture.head_channels(width):
        yield Layer(into, head)
        into = head
    yield classifier(into, classes)


def trunk_layers(
    architecture: Architecture, depths: Sequence[float], width: float, channels: int, small_stem: bool
) -> Iterator[Layer]:
    """The convolutions of stem and stages."""
    scaled = architecture.channels(width)
    into = scaled(architecture.stem) if architecture.scaled_stem else architecture.stem
    yield Layer(channels, into, kernel=3, stride=1 if small_stem else 2)
    for stage, repeats in zip(architecture.stages, architecture.repeats(depths), strict=True):
        for index in range(repeats):
            out = scaled(stage.channels)
            yield from block_layers(stage, index, into, out)
            into = out


def block_layers(stage: Stage, index: int, into: int, out: int) -> Iterator[Layer]:
    """The convolutions of the block at place ``index`` of a stage."""
    stride = stage.stride if index == 0 else 1
    if stage.block == "cn":
        yield Layer(into, out, stage.kernel, stride)
        return
    expanded = stage.block in ("ir", "er")
    ratio = stage.ratio(index) if expanded else 1
    middle = scaled_channels(into, ratio) if expanded else into
    if stage.block == "er":
        yield Layer(into, middle, stage.kernel, stride)
    else:
        if expanded:
            yield Layer(into, middle)
        yield Layer(middle, middle, stage.kernel, stride, groups=middle)
    if stage.squeeze:
        squeezed = stage.squeezed(middle, ratio)
        yield Layer(middle, squeezed, bias=True, pooled=True)
        yield Layer(squeezed, middle, bias=True, pooled=True)
    yield Layer(middle, out)


def squeeze_channels(exact: float) -> int:
    """Rounded as timm does, but never to none, as very narrow networks would be."""
    return max(1, round(exact))


def build(architecture: Architecture, *, small_stem: bool = False, **options: Any) -> torch.nn.Module:
    """The network: repeats are ``ceil(depth * repeats)`` per stage, channels of stem, stages and head are rounded
    to the divisor but never below ``round_limit`` of the exact value. ``options`` as of ``arguments``."""
    from timm.models._efficientnet_blocks import SqueezeExcite
    from timm.models.efficientnet import EfficientNet

    squeeze = partial(SqueezeExcite, rd_round_fn=squeeze_channels)
    network = EfficientNet(se_layer=squeeze, **arguments(architecture, **options))
    if small_stem:
        network.conv_stem.stride = (1, 1)
    return zero_init_residuals(network) if architecture.zero_init else network


def arguments(
    architecture: Architecture,
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    dropout: float = 0.0,
    drop_path_rate: float = 0.0,
) -> dict[str, Any]:
    """What timm's classes take to build the network."""
    from timm.layers import get_act_layer
    from timm.models._efficientnet_builder import decode_arch_def

    repeats = architecture.repeats(depths)
    return {
        "block_args": decode_arch_def([stage.arch(n) for stage, n in zip(architecture.stages, repeats, strict=True)]),
        "num_classes": classes,
        "in_chans": channels,
        "stem_size": architecture.stem,
        "fix_stem": not architecture.scaled_stem,
        "num_features": architecture.head_channels(width),
        "round_chs_fn": architecture.channels(width),
        "act_layer": get_act_layer(architecture.activation),
        "drop_rate": dropout,
        "drop_path_rate": drop_path_rate,
    }


def zero_init_residuals(network: torch.nn.Module) -> torch.nn.Module:
    """Start every residual block as the identity: the last batch norm of its branch gets weight 0.

    Without it deep variants start so far from trainable that a depth curve shows the initialization
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
