"""Augmentation of whole batches on the device: random erasing, mixup and cutmix, all timm's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from scaling_study.config.schema import Recipe


def make_mixing(recipe: Recipe, classes: int, device: torch.device) -> Callable:
    """A function from (inputs, labels) to the same, mixed and erased; labels become (n, classes) probabilities, already
    smoothed, where images are mixed."""
    from timm.data import Mixup
    from timm.data.random_erasing import RandomErasing

    erase = mix = None
    if recipe.random_erasing:
        erase = RandomErasing(recipe.random_erasing, mode="pixel", device=device)
    if recipe.mixup or recipe.cutmix:
        smoothing = recipe.label_smoothing
        mix = Mixup(recipe.mixup, recipe.cutmix, label_smoothing=smoothing, num_classes=classes)

    def mixed(inputs: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if erase:
            inputs = erase(inputs)
        return mix(inputs, labels) if mix else (inputs, labels)

    return mixed
