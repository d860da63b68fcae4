"""The baseline for small images: an EfficientNet of 115 thousand parameters for 8 to 96 pixels."""

from scaling_study.models.mbconv import Architecture, Stage

# EfficientNet's block types (MBConv 3x3, squeeze-excitation 0.25, SiLU) in four stages of two blocks.
# Two, because with one a depth coefficient of 1.2 would already double a stage.
# EfficientNet rounds channels to multiples of 8; here stages are so narrow that 1.1 times 16 would round
# back to 16 even with 4. With 2, every coefficient of the default sweeps changes every stage.
ARCHITECTURE = Architecture(
    stages=(
        Stage("ds", repeats=2, kernel=3, stride=1, expand=1, channels=16, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=2, expand=3, channels=24, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=2, expand=3, channels=40, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=1, expand=3, channels=64, squeeze=0.25),
    ),
    stem=16,
    head=128,
    divisor=2,
    zero_init=True,
)
