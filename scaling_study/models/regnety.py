"""RegNetY (Radosavovic et al. 2020): blocks of three convolutions, the middle one in groups, with squeeze-excitation.

Depth multiplies the blocks of each stage, width their channels, to multiples of the channels of a group, which stay.
The stem keeps its 32 channels; ``small_stem`` makes it one without stride.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from scaling_study.models.layers import Layer, classifier
from scaling_study.scaling.rounding import scaled_stages

if TYPE_CHECKING:
    import torch


STEM = 32
SQUEEZE = 0.25  # channels of squeeze-excitation relative to the block's input


@dataclass(frozen=True)
class Architecture:
    """blocks, channels: of each stage; group: channels of a group."""

    blocks: tuple[int, int, int, int]
    channels: tuple[int, int, int, int]
    group: int


# As the linear rule of the paper and its released configurations give them.
BASELINES = {
    "regnety_004": Architecture((1, 3, 6, 6), (48, 104, 208, 440), 8),
    "regnety_016": Architecture((2, 6, 17, 2), (48, 120, 336, 888), 24),
    "regnety_040": Architecture((2, 6, 12, 2), (128, 192, 512, 1088), 64),
}


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
    yield Layer(channels, STEM, 3, stride=1 if small_stem else 2)
    into = STEM
    for repeats, out in zip(*stage_sizes(architecture, depths, width), strict=True):
        for block in range(repeats):
            squeezed = round(SQUEEZE * into)
            yield Layer(into, out)
            yield Layer(out, out, 3, stride=2 if block == 0 else 1, groups=out // architecture.group)
            yield Layer(out, squeezed, bias=True, pooled=True)
            yield Layer(squeezed, out, bias=True, pooled=True)
            yield Layer(out, out)
            if block == 0:
                yield Layer(into, out)
            into = out
    yield classifier(into, classes)


def stage_sizes(architecture: Architecture, depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(blocks, channels) of each stage."""
    return scaled_stages(architecture.blocks, architecture.channels, depths, width, architecture.group)


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
    """The network, on timm's RegNet class."""
    from timm.models.regnet import RegNet, RegNetCfg

    blocks, widths = stage_sizes(architecture, depths, width)
    rates = iter([drop_path_rate * block / max(1, sum(blocks) - 1) for block in range(sum(blocks))])

    class Scaled(RegNet):
        """With the stages above instead of those of the linear rule, which can give only some."""

        def _get_stage_args(self, *_: Any, **__: Any) -> Any:
            shared = {"stride": 2, "dilation": 1, "bottle_ratio": 1.0, "group_size": architecture.group}
            return [
                {**shared, "out_chs": out, "depth": depth, "drop_path_rates": list(islice(rates, depth))}
                for out, depth in zip(widths, blocks, strict=True)
            ], {"downsample": "conv1x1", "se_ratio": SQUEEZE}

    network: Any = Scaled(
        RegNetCfg(stem_width=STEM),
        in_chans=channels,
        num_classes=classes,
        drop_rate=dropout,
        drop_path_rate=drop_path_rate,
    )
    if small_stem:
        network.stem.conv.stride = (1, 1)
    return network
