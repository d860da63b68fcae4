"""timm's transforms of images from files, and the normalization of colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from timm.data import create_transform
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

if TYPE_CHECKING:
    from scaling_study.config.schema import Recipe
    from scaling_study.data.dataset import Loading


MARGIN_PX = 32  # EfficientNet was evaluated on the centre of an image that is so much larger than the input


def transform_size(loading: Loading, resolution: int) -> dict[str, Any]:
    """Options of timm's transforms to the input's size; ``use_prefetcher`` is its word for uint8 tensors, which are
    normalized on the device."""
    size = (loading.channels, resolution, resolution)
    return {"input_size": size, "interpolation": loading.interpolation, "use_prefetcher": True}


def training_transform(loading: Loading, recipe: Recipe, resolution: int, auto_augment: str | None) -> Any:
    options = augmentation(recipe, auto_augment)
    return create_transform(is_training=True, **transform_size(loading, resolution), **options)


def crop_fraction(resolution: int) -> float:
    """Share of the scaled image's side that evaluation sees, as of the released EfficientNets: 0.875 at 224 pixels,
    0.949 at 600."""
    return resolution / (resolution + MARGIN_PX)


def as_normalization(mean: Sequence[float], std: Sequence[float], channels: int) -> tuple[torch.Tensor, ...]:
    """(mean, standard deviation) of colors in 0 to 1, as (1, channels, 1, 1) tensors in 0 to 255; grey: mean."""
    pair = [255 * torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std)]
    return tuple(pair if channels == 3 else (values.mean(dim=1, keepdim=True) for values in pair))


def imagenet_normalization(channels: int) -> tuple[torch.Tensor, ...]:
    return as_normalization(IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD, channels)


def augmentation(recipe: Recipe, auto_augment: str | None) -> dict[str, Any]:
    """timm's options for random transforms; ``no_aug`` when the recipe asks for none."""
    if not (recipe.flip or recipe.color_jitter or auto_augment or recipe.crop_scale_min < 1):
        return {"no_aug": True}
    return {
        "scale": (recipe.crop_scale_min, 1.0),
        "hflip": 0.5 if recipe.flip else 0.0,
        "color_jitter": recipe.color_jitter or None,
        "auto_augment": auto_augment,
    }
