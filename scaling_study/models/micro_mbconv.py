"""The baseline for small images: an EfficientNet of 115 thousand parameters for 8 to 96 pixels."""

from scaling_study.models.mbconv import mbconv_network, zero_init_residuals

# EfficientNet's block types (MBConv 3x3, squeeze-excitation 0.25, SiLU) in four stages of two blocks.
# Two, because with one a depth coefficient of 1.2 would already double a stage.
ARCH_DEF = [
    ["ds_r2_k3_s1_e1_c16_se0.25"],
    ["ir_r2_k3_s2_e3_c24_se0.25"],
    ["ir_r2_k3_s2_e3_c40_se0.25"],
    ["ir_r2_k3_s1_e3_c64_se0.25"],
]
# EfficientNet rounds channels to multiples of 8; here stages are so narrow that 1.1 times 16 would round
# back to 16 even with 4. With 2, every coefficient of the default sweeps changes every stage.
DIVISOR = 2


def build(*, depth, width, classes, channels, dropout=0.0, drop_path_rate=0.0):
    """The network at coefficients ``depth`` and ``width``; input (n, channels, r, r) with r >= 8."""
    network = mbconv_network(
        ARCH_DEF,
        depth=depth,
        width=width,
        divisor=DIVISOR,
        stem=16,
        head=128,
        classes=classes,
        channels=channels,
        dropout=dropout,
        drop_path_rate=drop_path_rate,
    )
    return zero_init_residuals(network)
