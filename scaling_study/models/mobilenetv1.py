"""MobileNetV1 (Howard et al. 2017, Table 1): depthwise separable convolutions, an activation after each."""

from scaling_study.models.mbconv import Architecture, Stage

ARCHITECTURE = Architecture(
    stages=(
        Stage("dsa", repeats=1, kernel=3, stride=1, expand=1, channels=64),
        Stage("dsa", repeats=2, kernel=3, stride=2, expand=1, channels=128),
        Stage("dsa", repeats=2, kernel=3, stride=2, expand=1, channels=256),
        Stage("dsa", repeats=6, kernel=3, stride=2, expand=1, channels=512),
        Stage("dsa", repeats=2, kernel=3, stride=2, expand=1, channels=1024),
    ),
    stem=32,
    head=0,
    activation="relu6",
)
