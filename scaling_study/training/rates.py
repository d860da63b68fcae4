"""Rules of scale: learning rate and weight decay as powers of the variant's coefficients.

The rule: a rate is the recipe's times depth**a * width**b * resolution**c, the exponents being ``recipe.*_depth``,
``*_width`` and ``*_resolution``. Exponents to start from: muP (Yang et al. 2022, arXiv 2203.03466); +sweep=rate
measures them. Multipliers per stage are not in it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scaling_study.config.ranges import RULES
from scaling_study.errors import ConfigError
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.config.schema import Recipe
    from scaling_study.scaling.coefficients import Coefficients


RATES = ("learning_rate", "weight_decay")


def learning_rate(recipe: Recipe) -> float:
    """The rate that training starts from: ``recipe.learning_rate``, scaled linearly from ``learning_rate_batch`` images
    to the batch (Goyal et al. 2017, section 2.1) where that is given."""
    if recipe.learning_rate_batch is None:
        return recipe.learning_rate
    return recipe.learning_rate * recipe.batch_size / recipe.learning_rate_batch


def scaled(recipe: Recipe, coefficients: Coefficients) -> Recipe:
    """The recipe with the learning rate and the weight decay of a variant, and no exponents left to apply."""
    changed: dict[str, Any] = {}
    for rate in RATES:
        factor = math.prod(getattr(coefficients, axis) ** getattr(recipe, f"{rate}_{axis}") for axis in AXES)
        changed |= {rate: getattr(recipe, rate) * factor} | {f"{rate}_{axis}": 0.0 for axis in AXES}
    return replace(recipe, **changed)


def check_rates(recipe: Recipe, variant: Any) -> None:
    """Raise ConfigError where a rule gives a variant a rate outside the range of the recipe's key."""
    used = scaled(recipe, variant.coefficients)
    for rate in RATES:
        allowed, came_to = RULES[f"recipe.{rate}"], getattr(used, rate)
        if came_to not in allowed:
            key = max((f"{rate}_{axis}" for axis in AXES), key=lambda key: abs(getattr(recipe, key)))
            message = f"makes {rate} {came_to:.3g} for {variant.label}; it {allowed.message}"
            raise ConfigError(f"recipe.{key}", getattr(recipe, key), message)
