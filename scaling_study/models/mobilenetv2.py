"""MobileNetV2 (Sandler et al. 2018, Table 2): inverted residuals. The head is scaled up with the width, never down."""

from scaling_study.models.mbconv import Architecture, Stage

ARCHITECTURE = Architecture(
    stages=(
        Stage("ds", repeats=1, kernel=3, stride=1, expand=1, channels=16),
        Stage("ir", repeats=2, kernel=3, stride=2, expand=6, channels=24),
        Stage("ir", repeats=3, kernel=3, stride=2, expand=6, channels=32),
        Stage("ir", repeats=4, kernel=3, stride=2, expand=6, channels=64),
        Stage("ir", repeats=3, kernel=3, stride=1, expand=6, channels=96),
        Stage("ir", repeats=3, kernel=3, stride=2, expand=6, channels=160),
        Stage("ir", repeats=1, kernel=3, stride=1, expand=6, channels=320),
    ),
    stem=32,
    head=1280,
    head_min=1280,
    activation="relu6",
)
