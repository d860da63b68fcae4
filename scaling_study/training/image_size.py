"""Training images that grow: their resolution in each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from scaling_study.errors import ConfigError

if TYPE_CHECKING:
    from scaling_study.config.schema import Recipe


def training_resolutions(recipe: Recipe, resolution_px: int) -> list[int]:
    """Pixels of each epoch's training images: from ``recipe.resolution_start`` times ``resolution_px`` in the first to
    ``resolution_px`` in the last, linearly (progressive learning, Tan & Le 2021, arXiv 2104.00298, section 4). A single
    epoch has them at full size."""
    start, last = recipe.resolution_start, recipe.epochs - 1
    shares = [start + (1 - start) * epoch / last for epoch in range(last)] + [1.0]
    return [round(resolution_px * share) for share in shares]


def mean_flops(recipe: Recipe, resolution_px: int, flops: int, count: Callable[[int], int]) -> float:
    """Multiply-adds of a forward pass of one training image, mean over the epochs.

    flops: at ``resolution_px``; count: from the resolution in pixels to multiply-adds, for the others.
    """
    resolutions = Counter(training_resolutions(recipe, resolution_px))
    return sum(n * (flops if px == resolution_px else count(px)) for px, n in resolutions.items()) / recipe.epochs


def check_resolutions(recipe: Recipe, resolution_px: int, least: int) -> None:
    """Raise ConfigError where the first epoch's images are smaller than the ``least`` that the network takes."""
    if (first := training_resolutions(recipe, resolution_px)[0]) < least:
        message = f"gives images of {first} pixels in the first epoch; the network needs at least {least}"
        raise ConfigError("recipe.resolution_start", recipe.resolution_start, message)
