"""The baseline for small images, second version: half as wide as the first, for larger images at fewer multiply-adds.

32 thousand parameters for 100 classes; docs/explanation/embedded_data.md has how the shape was chosen.
"""

from dataclasses import replace

from scaling_study.models import micro_mbconv

FIRST = micro_mbconv.ARCHITECTURE
ARCHITECTURE = replace(
    FIRST,
    stages=tuple(replace(stage, channels=stage.channels // 2) for stage in FIRST.stages),
    stem=FIRST.stem // 2,
    head=FIRST.head // 2,
    divisor=1,  # with 2, 1.1 times 8 channels would round back to 8
)
