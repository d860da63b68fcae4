"""MBConv networks of any depth and width, on timm's EfficientNet class.

The only file that uses timm's private builder; golden tests hold it to the published networks.
"""

from functools import partial

from timm.models._efficientnet_blocks import DepthwiseSeparableConv, InvertedResidual
from timm.models._efficientnet_builder import decode_arch_def, round_channels
from timm.models.efficientnet import EfficientNet
from torch import nn


def mbconv_network(arch_def, *, depth, width, divisor, stem, head, classes, channels, dropout=0.0, drop_path_rate=0.0):
    """Build a scaled network by EfficientNet's rules.

    arch_def: timm architecture strings, one list of blocks per stage.
    depth, width: coefficients; repeats are ``ceil(depth * repeats)`` per stage, channels of stem, stages
        and head are rounded to ``divisor`` but never below 0.9 of the exact value.
    stem, head: channels of the first and last convolution of the baseline.
    classes, channels: outputs and input channels.
    """
    round_to = partial(round_channels, multiplier=width, divisor=divisor, round_limit=0.9)
    return EfficientNet(
        decode_arch_def(arch_def, depth_multiplier=depth),
        num_classes=classes,
        in_chans=channels,
        stem_size=stem,
        num_features=round_to(head),
        round_chs_fn=round_to,
        act_layer=nn.SiLU,
        drop_rate=dropout,
        drop_path_rate=drop_path_rate,
    )


def zero_init_residuals(network):
    """Start every residual block as the identity: the last batch norm of its branch gets weight 0.

    Without it deep variants start so far from trainable that a depth curve shows the initialisation
    instead of the depth (Goyal et al. 2017, section 5.1, do the same for ResNet).
    """
    for block in network.modules():
        if isinstance(block, InvertedResidual) and block.has_skip:
            nn.init.zeros_(block.bn3.weight)
        elif isinstance(block, DepthwiseSeparableConv) and block.has_skip:
            nn.init.zeros_(block.bn2.weight)
    return network
