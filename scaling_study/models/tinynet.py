"""TinyNet (Han et al. 2020): EfficientNet-B0 made smaller, with multipliers for less depth, width and resolution.

As in the released code repeats go to the nearest whole number, the stem keeps its channels and the head never shrinks.
"""

from dataclasses import replace

from scaling_study.models import efficientnet

ARCHITECTURE = replace(efficientnet.ARCHITECTURE, head_min=1280, scaled_stem=False, nearest_repeats=True)
