"""ResNet-RS (Bello et al. 2021): ResNet with a deep stem, average pooling in its shortcuts and squeeze-excitation.

The paper scales depth first and resolution slowly; its networks, with stages of their own, are the baselines. Depth
multiplies the blocks of each stage, width the channels of the stages. The stem keeps its channels; ``small_stem`` makes
it one without strides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from scaling_study.models.layers import Layer, classifier
from scaling_study.models.resnet50 import CHANNELS, EXPANSION, bottlenecks
from scaling_study.scaling.rounding import scaled_stages

if TYPE_CHECKING:
    import torch


BASELINES = {  # blocks of each stage
    "resnetrs50": (3, 4, 6, 3),
    "resnetrs101": (3, 4, 23, 3),
    "resnetrs152": (3, 8, 36, 3),
    "resnetrs200": (3, 24, 36, 3),
    "resnetrs270": (4, 29, 53, 4),
    "resnetrs350": (4, 36, 72, 4),
    "resnetrs420": (4, 44, 87, 4),
}
STEM = (32, 32, 64, 64)  # of its four convolutions, the last in place of a pooling
SQUEEZE = 0.25  # channels of squeeze-excitation relative to the block's output


def layers(
    blocks: Sequence[int],
    *,
    depths: Sequence[float],
    width: float,
    classes: int,
    channels: int,
    small_stem: bool = False,
) -> Iterator[Layer]:
    """The convolutions of the network, as ``models.layers.Layer``."""
    into = channels
    for index, out in enumerate(STEM):
        yield Layer(into, out, 3, stride=2 if index in (0, 3) and not small_stem else 1)
        into = out
    sizes = stage_sizes(blocks, depths, width)
    yield from bottlenecks(into, *sizes, squeeze=SQUEEZE)
    yield classifier(sizes[1][-1] * EXPANSION, classes)


def stage_sizes(blocks: Sequence[int], depths: Sequence[float], width: float) -> tuple[list[int], list[int]]:
    """(blocks, channels of the 3x3 convolutions) of each stage."""
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
    """The network, on timm's ResNet class."""
    from timm.layers import get_attn
    from timm.models.resnet import Bottleneck, ResNet

    repeats, planes = stage_sizes(blocks, depths, width)
    block: Any = Bottleneck
    attention: Any = get_attn("se")
    network: Any = ResNet(
        block,
        layers=tuple(repeats),
        channels=tuple(planes),
        num_classes=classes,
        in_chans=channels,
        stem_width=STEM[0],
        stem_type="deep",
        replace_stem_pool=True,
        avg_down=True,
        block_args={"attn_layer": partial(attention, rd_ratio=SQUEEZE)},
        drop_rate=dropout,
        drop_path_rate=drop_path_rate,
    )
    if small_stem:
        network.conv1[0].stride = network.maxpool[0].stride = (1, 1)
    return network
