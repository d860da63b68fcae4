from itertools import pairwise

import pytest
import torch
from timm.models._efficientnet_blocks import InvertedResidual

from scaling_study.models import FAMILIES

FAMILY = FAMILIES["micro_mbconv"]


def micro(depth=1.0, width=1.0, classes=10, channels=1):
    return FAMILY.build(depths=[depth] * 4, width=width, classes=classes, channels=channels)


def stages(network):
    """(repeats, channels) per stage, the stem's channels first."""
    shapes = [(1, network.conv_stem.out_channels)]
    for stage in network.blocks:
        last = stage[-1]
        shapes.append(
            (len(stage), (last.conv_pwl if isinstance(last, InvertedResidual) else last.conv_pw).out_channels)
        )
    return shapes


@pytest.mark.parametrize("points", [[1, 1.4, 1.8, 2.6, 3.8, 5], [1.1**phi for phi in range(5)]])
def test_every_width_of_the_sweeps_changes_every_stage(points):
    widths = [[channels for _, channels in stages(micro(width=w))[1:]] for w in points]
    assert all(a < b for narrow, wide in pairwise(widths) for a, b in zip(narrow, wide, strict=True))


def test_every_depth_of_the_sweep_changes_every_stage():
    depths = [[repeats for repeats, _ in stages(micro(depth=d))[1:]] for d in (1, 2, 3, 4, 6, 8)]
    assert depths == [[2 * d] * 4 for d in (1, 2, 3, 4, 6, 8)]


@pytest.mark.parametrize("phi", [1, 2, 3, 4])
def test_every_compound_depth_deepens_every_stage_of_the_baseline(phi):
    assert all(repeats > 2 for repeats, _ in stages(micro(depth=1.2**phi))[1:])


@pytest.mark.parametrize("resolution", [8, 13, 96])
def test_micro_mbconv_takes_8_to_96_pixels(resolution):
    network = micro(channels=3).train()
    assert network(torch.randn(2, 3, resolution, resolution)).shape == (2, 10)
    assert FAMILY.resolution_min == 8


def test_residual_branches_start_at_zero():
    network = micro(depth=2)
    gammas = [block.bn3.weight for block in network.modules() if isinstance(block, InvertedResidual) and block.has_skip]
    assert len(gammas) == 9  # 3 stages of 4 blocks, less the first of each
    assert all(gamma.abs().sum() == 0 for gamma in gammas)
