"""The length of training that a recipe asks for as compute, in whole epochs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.training.image_size import mean_flops

if TYPE_CHECKING:
    from scaling_study.config.schema import Config, Recipe
    from scaling_study.planning.identity import Run
    from scaling_study.planning.variant import Variant

MISS_MAX = 0.1  # of the compute asked for, by which whole epochs may miss it


def with_epochs(config: Config, variant: Variant) -> Recipe:
    """The recipe with ``baseline_epochs`` as epochs of the variant: divided by its measured flops as a multiple of the
    baseline's, and rounded. So a run is the same whichever of the two keys asked for it.

    Raises ConfigError where images grow while training, and where whole epochs miss the compute by more than MISS_MAX,
    as they do below one epoch.
    """
    recipe, asked = config.recipe, config.recipe.baseline_epochs
    if asked is None:
        return recipe
    if recipe.resolution_start != 1:
        message = "must be 1 with recipe.baseline_epochs, which counts images of one size"
        raise ConfigError("recipe.resolution_start", recipe.resolution_start, message)
    ratio = flops_ratio(config, variant)
    epochs = round(asked / ratio)
    if abs(epochs * ratio / asked - 1) > MISS_MAX:
        message = (
            f"makes {asked / ratio:.3g} epochs of {variant.label}, which has {ratio:.3g} times the baseline's flops; "
            f"whole epochs must come within {100 * MISS_MAX:g}% of it, as {max(epochs, 1) * ratio:.3g} does"
        )
        raise ConfigError("recipe.baseline_epochs", f"{asked:g}", message)
    return replace(recipe, epochs=epochs, baseline_epochs=None)


def training_flops(run: Run, flops: int, *, classes: int, channels: int) -> float:
    """Multiply-adds of a forward pass of one training image, mean over the epochs; flops: at the run's resolution."""
    model, coefficients = run.model, run.variant.coefficients
    size = {"classes": classes, "channels": channels}
    return mean_flops(
        run.recipe,
        run.variant.resolution_px,
        flops,
        lambda px: count_flops(model, coefficients, resolution_px=px, **size),
    )


def flops_ratio(config: Config, variant: Variant) -> float:
    """Flops of the variant as built, as a multiple of the baseline's."""
    if variant.method == "baseline":
        return 1.0
    size = size_of(config.data)
    baseline = count_flops(config.model, Coefficients(), resolution_px=config.data.resolution, **size)
    return count_flops(config.model, variant.coefficients, resolution_px=variant.resolution_px, **size) / baseline
