"""EfficientNet (Tan & Le 2019, Table 1). B1 to B7 are this baseline with the paper's multipliers."""

from scaling_study.models.mbconv import Architecture, Stage

ARCHITECTURE = Architecture(
    stages=(
        Stage("ds", repeats=1, kernel=3, stride=1, expand=1, channels=16, squeeze=0.25),
        Stage("ir", repeats=2, kernel=3, stride=2, expand=6, channels=24, squeeze=0.25),
        Stage("ir", repeats=2, kernel=5, stride=2, expand=6, channels=40, squeeze=0.25),
        Stage("ir", repeats=3, kernel=3, stride=2, expand=6, channels=80, squeeze=0.25),
        Stage("ir", repeats=3, kernel=5, stride=1, expand=6, channels=112, squeeze=0.25),
        Stage("ir", repeats=4, kernel=5, stride=2, expand=6, channels=192, squeeze=0.25),
        Stage("ir", repeats=1, kernel=3, stride=1, expand=6, channels=320, squeeze=0.25),
    ),
    stem=32,
    head=1280,
)
