"""EfficientNetV2 (Tan & Le 2021, Table 4, and the released code): in the first stages one 3x3 convolution replaces the
expansion and the depthwise convolution of the block.

S, M and L have stages of their own. B1 to B3 are B0 with the multipliers of EfficientNet-B1 to B3, and their channels
go to the nearest multiple of 8 without a limit. Released weights fit, but were trained with TensorFlow's padding, which
differs from the symmetric one here at even sizes.
"""

from scaling_study.models.mbconv import Architecture, Stage


def stages(*rows: tuple[str, int, int, int, int]) -> tuple[Stage, ...]:
    """rows: block, repeats, stride, expansion and channels of each stage; ``ir`` comes with squeeze-excitation."""
    return tuple(
        Stage(block, repeats, 3, stride, expand, channels, squeeze=0.25 if block == "ir" else 0.0)
        for block, repeats, stride, expand, channels in rows
    )


B0 = Architecture(
    stages(
        ("cn", 1, 1, 1, 16),
        ("er", 2, 2, 4, 32),
        ("er", 2, 2, 4, 48),
        ("ir", 3, 2, 4, 96),
        ("ir", 5, 1, 6, 112),
        ("ir", 8, 2, 6, 192),
    ),
    stem=32,
    head=1280,
    round_limit=0.0,
)
S = Architecture(
    stages(
        ("cn", 2, 1, 1, 24),
        ("er", 4, 2, 4, 48),
        ("er", 4, 2, 4, 64),
        ("ir", 6, 2, 4, 128),
        ("ir", 9, 1, 6, 160),
        ("ir", 15, 2, 6, 256),
    ),
    stem=24,
    head=1280,
)
M = Architecture(
    stages(
        ("cn", 3, 1, 1, 24),
        ("er", 5, 2, 4, 48),
        ("er", 5, 2, 4, 80),
        ("ir", 7, 2, 4, 160),
        ("ir", 14, 1, 6, 176),
        ("ir", 18, 2, 6, 304),
        ("ir", 5, 1, 6, 512),
    ),
    stem=24,
    head=1280,
)
L = Architecture(
    stages(
        ("cn", 4, 1, 1, 32),
        ("er", 7, 2, 4, 64),
        ("er", 7, 2, 4, 96),
        ("ir", 10, 2, 4, 192),
        ("ir", 19, 1, 6, 224),
        ("ir", 25, 2, 6, 384),
        ("ir", 7, 1, 6, 640),
    ),
    stem=32,
    head=1280,
)
BASELINES = {"efficientnetv2_s": S, "efficientnetv2_m": M, "efficientnetv2_l": L}
