"""Coefficients of networks as built: against values by hand, and against the blocks and channels of the modules."""

from itertools import groupby

import pytest
from timm.models._efficientnet_blocks import DepthwiseSeparableConv
from timm.models.convnext import ConvNeXt
from timm.models.densenet import DenseLayer
from timm.models.ghostnet import GhostNet
from timm.models.mobilenetv3 import MobileNetV3
from timm.models.regnet import RegNet

from scaling_study.measure.complexity import shapes_only
from scaling_study.models import build_network, built_coefficients
from scaling_study.scaling.coefficients import Coefficients

# Blocks and channels by hand, from the tables of the papers and the rules of rounding.
BY_HAND = [
    # 2, 3, 3, 4, 4, 5, 2 blocks instead of 1, 2, 2, 3, 3, 4, 1
    ("efficientnet_b0", Coefficients(depth=1.2), 23 / 16, 1),
    # 16, 24, 48, 88, 120, 208, 352 channels instead of 16, 24, 40, 80, 112, 192, 320
    ("efficientnet_b0", Coefficients(width=1.1), 1, (48 / 40 * 88 / 80 * 120 / 112 * 208 / 192 * 352 / 320) ** (1 / 7)),
    # 1, 2, 2, 6, 6, 12, 1
    ("efficientnet_b0", Coefficients(stage_depth=(1, 1, 1, 2, 2, 3, 1)), 30 / 16, 1),
    # 3, 5, 5, 7, 7, 9, 3 instead of B2's 2, 3, 3, 4, 4, 5, 2
    ("efficientnet_b2", Coefficients(depth=1.8), 39 / 23, 1),
    # 3 instead of 2 blocks in each stage; 20, 28, 48, 76 channels instead of 16, 24, 40, 64
    ("micro_mbconv", Coefficients(depth=1.2), 1.5, 1),
    ("micro_mbconv", Coefficients(width=1.2), 1, (20 / 16 * 28 / 24 * 48 / 40 * 76 / 64) ** (1 / 4)),
    # 4, 5, 8, 4 blocks instead of 3, 4, 6, 3; 72, 144, 280, 560 channels instead of 64, 128, 256, 512
    ("resnet50", Coefficients(depth=1.2), 21 / 16, 1),
    ("resnet50", Coefficients(width=1.1), 1, (72 / 64 * 144 / 128 * 280 / 256 * 560 / 512) ** (1 / 4)),
    # 7, 14, 36, 36 layers instead of 6, 12, 32, 32; growth rate 35 (exactly 35.2) instead of 32
    ("densenet169", Coefficients(depth=1.1, width=1.1), 93 / 82, 35 / 32),
    # 1, 2, 2, 4, 2 blocks instead of 1, 2, 2, 6, 2
    ("mobilenetv1", Coefficients(depth=0.6), 11 / 13, 1),
    # 3, 5, 5, 8, 11, 18 blocks instead of 2, 4, 4, 6, 9, 15
    ("efficientnetv2_s", Coefficients(depth=1.2), 50 / 40, 1),
    # 40, 88, 176, 376 channels instead of 48, 104, 208, 440
    ("regnety_004", Coefficients(width=0.85), 1, (40 / 48 * 88 / 104 * 176 / 208 * 376 / 440) ** (1 / 4)),
    # a depth of 0.85 * 1.2 leaves 1, 2, 2, 3, 3, 4, 1 blocks, as 0.85 itself does
    ("tinynet_c", Coefficients(depth=1.2), 16 / 15, 1),
    # 2, 3, 3, 5, 3, 6 blocks instead of 1, 2, 2, 4, 2, 5
    ("ghostnet_100", Coefficients(depth=1.2), 22 / 16, 1),
    # B0 of V2: 16 channels at 1.2 times 16, which a limit of 0.9 would make 24
    ("efficientnetv2_b0", Coefficients(width=1.2), 1, (1.25 * 56 / 48 * 112 / 96 * 136 / 112 * 232 / 192) ** (1 / 6)),
]


@pytest.mark.parametrize(("name", "coefficients", "depth", "width"), BY_HAND)
def test_built_coefficients_are_those_by_hand(config, name, coefficients, depth, width):
    model = config(f"model={name}", "data=imagenet_size").model
    assert built_coefficients(model, coefficients) == (depth, pytest.approx(width, rel=1e-12))


WIDEST = ("conv_pwl", "conv_dw", "conv")  # of a block whose width is that of its output, by timm's name


def channels_of(block):
    """Output channels of a block, before ResNet's fourfold expansion."""
    if hasattr(block, "ghost2"):
        return block.ghost2.out_chs
    if isinstance(block, DepthwiseSeparableConv):
        return block.conv_pw.out_channels
    if hasattr(block, "conv2"):
        return getattr(block.conv2, "conv", block.conv2).out_channels
    return next(getattr(block, name).out_channels for name in WIDEST if hasattr(block, name))


def stages_of(network):
    """The blocks of each stage."""
    if isinstance(network, GhostNet):  # which are not those of timm's containers
        blocks = [block for container in network.blocks[:-1] for block in container]
        return [list(group) for _, group in groupby(blocks, key=channels_of)]
    if isinstance(network, MobileNetV3):
        return list(network.blocks)[:-1]
    if isinstance(network, ConvNeXt):
        return [stage.blocks for stage in network.stages]
    if isinstance(network, RegNet):
        return [list(getattr(network, f"s{n}").children()) for n in range(1, 5)]
    return network.blocks if hasattr(network, "blocks") else [getattr(network, f"layer{n}") for n in range(1, 5)]


def counted(network):
    """(blocks, channels of each stage) of a torch module; the growth rate in place of a dense network's channels."""
    dense = [module for module in network.modules() if isinstance(module, DenseLayer)]
    if dense:
        return len(dense), [dense[0].conv2.out_channels]
    stages = stages_of(network)
    return sum(len(stage) for stage in stages), [channels_of(stage[-1]) for stage in stages]


@pytest.mark.parametrize(
    "name",
    [
        *("micro_mbconv", "efficientnet_b0", "efficientnet_b3", "mobilenetv1", "mobilenetv2", "resnet50"),
        *("densenet169", "efficientnetv2_b1", "efficientnetv2_s", "tinynet_a", "mobilenetv3_large", "ghostnet_100"),
        *("resnetrs50", "regnety_016", "convnext_tiny"),
    ],
)
@pytest.mark.parametrize(
    "coefficients",
    [
        Coefficients(1.3, 1.17),
        *(pytest.param(given, marks=pytest.mark.slow) for given in (Coefficients(0.45, 0.6), Coefficients(2.0, 1.0))),
    ],
)
def test_arithmetic_agrees_with_the_modules(config, name, coefficients):
    model = config(f"model={name}", "data=imagenet_size").model
    size = {"classes": 7, "channels": 3, "resolution_px": 64}
    blocks, channels = counted(shapes_only(lambda: build_network(model, coefficients, **size)))
    baseline_blocks, baseline_channels = counted(shapes_only(lambda: build_network(model, Coefficients(), **size)))
    depth, width = built_coefficients(model, coefficients)
    assert depth == blocks / baseline_blocks
    product = 1.0
    for built, baseline in zip(channels, baseline_channels, strict=True):
        product *= built / baseline
    assert width == pytest.approx(product ** (1 / len(channels)), rel=1e-12)


def test_multipliers_of_the_model_are_part_of_its_baseline(config):
    """1.5 times two blocks are three, and 1.2 times 1.5 times two are four."""
    model = config("model.depth_multiplier=1.5", "model.width_multiplier=2").model
    assert built_coefficients(model, Coefficients()) == (1, 1)
    assert built_coefficients(model, Coefficients(depth=1.2)) == (4 / 3, 1)


def test_families_without_arithmetic_have_none(config):
    assert built_coefficients(config("model=timm", "model.name=resnet18").model, Coefficients()) is None
    model = config("model=custom", "model.builder=tests.plugins:build").model
    assert built_coefficients(model, Coefficients(depth=2.0)) is None
