"""How coefficients become whole layers and channels."""

import math


def scaled_repeats(repeats: int, depth: float) -> int:
    """Layers of a stage: ``ceil(depth * repeats)``, at least 1 (EfficientNet's rule, from its released code)."""
    return max(1, math.ceil(round(depth, 6) * repeats - 1e-9))  # 1.1 * 10 is 11, not the 12 that binary fractions make


def scaled_channels(channels: float, width: float, divisor: int = 8) -> int:
    """Channels of a layer: ``width * channels`` to the nearest multiple of ``divisor``, but at least one multiple
    and never below 0.9 of the exact value (the rule of MobileNet and EfficientNet, from their released code)."""
    exact = width * channels
    rounded = max(divisor, int(exact + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * exact else rounded
