"""How coefficients become whole layers and channels."""

import math
from collections.abc import Sequence


def scaled_repeats(repeats: int, depth: float, nearest: bool = False) -> int:
    """Layers of a stage: ``ceil(depth * repeats)``, at least 1 (EfficientNet's rule, from its released code).

    nearest: to the nearest whole number instead of up, halves to the even one (TinyNet's rule, from its released code).
    """
    if nearest:
        return max(1, round(round(depth, 6) * repeats))
    return max(1, math.ceil(round(depth, 6) * repeats - 1e-9))  # 1.1 * 10 is 11, not the 12 that binary fractions make


def scaled_channels(channels: float, width: float, divisor: int = 8, round_limit: float = 0.9) -> int:
    """Channels of a layer: ``width * channels`` to the nearest multiple of ``divisor``, but at least one multiple
    and never below ``round_limit`` of the exact value (the rule of MobileNet and EfficientNet, from their released
    code; EfficientNetV2 has no such limit)."""
    exact = width * channels
    rounded = max(divisor, int(exact + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < round_limit * exact else rounded


def scaled_stages(
    blocks: Sequence[int], channels: Sequence[int], depths: Sequence[float], width: float, divisor: int = 8
) -> tuple[list[int], list[int]]:
    """(blocks, channels) of each stage, by ``scaled_repeats`` and ``scaled_channels``, for a depth coefficient each."""
    repeats = [scaled_repeats(n, depth) for n, depth in zip(blocks, depths, strict=True)]
    return repeats, [scaled_channels(c, width, divisor) for c in channels]
