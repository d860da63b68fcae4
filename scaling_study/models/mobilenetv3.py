"""MobileNetV3-Large (Howard et al. 2019, Table 1): inverted residuals, some with squeeze-excitation, and a head that
comes after the pooling. The head is scaled up with the width, never down.

Depth multiplies the blocks of each stage: further ones are as the last of the stage, fewer leave out the last ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from scaling_study.models import mbconv
from scaling_study.models.layers import Layer, classifier
from scaling_study.models.mbconv import Architecture, Stage
from scaling_study.scaling.rounding import scaled_channels

if TYPE_CHECKING:
    import torch


ARCHITECTURE = Architecture(
    stages=(
        Stage("ds", 1, kernel=3, stride=1, expand=1, channels=16, activation="re"),
        Stage("ir", 2, kernel=3, stride=2, expand=(4, 3), channels=24, activation="re"),
        Stage("ir", 3, kernel=5, stride=2, expand=3, channels=40, squeeze=0.25, squeeze_divisor=8, activation="re"),
        Stage("ir", 4, kernel=3, stride=2, expand=(6, 2.5, 2.3), channels=80),
        Stage("ir", 2, kernel=3, stride=1, expand=6, channels=112, squeeze=0.25, squeeze_divisor=8),
        Stage("ir", 3, kernel=5, stride=2, expand=6, channels=160, squeeze=0.25, squeeze_divisor=8),
    ),
    stem=16,
    head=1280,
    head_min=1280,
    activation="hard_swish",
)
LAST = 960  # channels of the convolution before the pooling


def layers(
    *, depths: Sequence[float], width: float, classes: int, channels: int, small_stem: bool = False
) -> Iterator[Layer]:
    """The convolutions of the network, as ``models.layers.Layer``."""
    scaled = ARCHITECTURE.channels(width)
    yield from mbconv.trunk_layers(ARCHITECTURE, depths, width, channels, small_stem)
    yield Layer(scaled(ARCHITECTURE.stages[-1].channels), scaled(LAST))
    head = ARCHITECTURE.head_channels(width)
    yield Layer(scaled(LAST), head, bias=True, pooled=True)
    yield classifier(head, classes)


def build(*, depths: Sequence[float], width: float, small_stem: bool = False, **options: Any) -> torch.nn.Module:
    """The network, on timm's MobileNetV3 class. ``options`` as of ``mbconv.build``."""
    from timm.models._efficientnet_blocks import SqueezeExcite
    from timm.models._efficientnet_builder import decode_arch_def
    from timm.models.mobilenetv3 import MobileNetV3
    from torch import nn

    squeeze = partial(
        SqueezeExcite,
        gate_layer="hard_sigmoid",
        force_act_layer=nn.ReLU,
        rd_round_fn=partial(scaled_channels, width=1.0),
    )
    arguments = mbconv.arguments(ARCHITECTURE, depths=depths, width=width, **options)
    arguments["block_args"] += decode_arch_def([[f"cn_r1_k1_s1_c{LAST}"]])
    network: Any = MobileNetV3(se_layer=squeeze, **arguments)
    if small_stem:
        network.conv_stem.stride = (1, 1)
    return network
