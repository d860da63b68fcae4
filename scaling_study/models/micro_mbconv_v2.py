"""The baseline for small images, second version: an EfficientNet of 32 thousand parameters for 8 to 96 pixels.

Half as wide as the first, for larger images at fewer multiply-adds: docs/explanation/embedded_data.md has the search.
"""

from scaling_study.models.mbconv import Architecture, Stage

# EfficientNet's block types (MBConv 3x3, squeeze-excitation 0.25, SiLU) in four stages of two blocks. Two, because with
# one a depth coefficient of 1.2 would already double a stage. Channels are whole numbers, not multiples of 8, where
# 1.1 times 8 would round back to 8.
ARCHITECTURE = Architecture(
    stages=(
        Stage("ds", repeats=2, kernel=3, stride=1, expand=1, channels=8, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=2, expand=3, channels=12, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=2, expand=3, channels=20, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=1, expand=3, channels=32, squeeze=0.25),
    ),
    stem=8,
    head=64,
    divisor=1,
    zero_init=True,
)
