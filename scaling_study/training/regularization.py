"""Regularization that grows with the network (EfficientNet, section 5.2: larger networks need more of it).

The rule: a rate is the baseline's and ``recipe.*_growth`` more for every doubling of the variant's nominal
multiply-adds, d * w**2 * r**2 of the baseline's. In compound scaling with alpha * beta**2 * gamma**2 near 2 that
count of doublings is phi; for every other method it regularizes variants of equal cost equally.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scaling_study.errors import ConfigError
from scaling_study.models import FAMILIES

if TYPE_CHECKING:
    from scaling_study.config.schema import Model, Recipe
    from scaling_study.scaling.coefficients import Coefficients


RATE_MAX = 0.8
MAGNITUDE_MAX = 10  # of timm's scale
MAGNITUDE = re.compile(r"(?<=-m)\d+(\.\d+)?")  # in timm's strings for RandAugment, as rand-m9-mstd0.5


def check_growth(model: Model, recipe: Recipe, variant: Any) -> None:
    """Raise ConfigError for growth of what there is none of, and for growth beyond what the rule can give."""
    drops, augment = FAMILIES[model.family].drop_path, recipe.auto_augment or ""
    if recipe.dropout_growth and not FAMILIES[model.family].dropout:
        message = f"must be 0: model={model.name} sets its own dropout"
        raise ConfigError("recipe.dropout_growth", recipe.dropout_growth, message)
    if recipe.drop_path_growth and not drops:
        message = f"must be 0: model={model.name} has no branches to drop"
        raise ConfigError("recipe.drop_path_growth", recipe.drop_path_growth, message)
    if recipe.auto_augment_growth and not MAGNITUDE.search(augment):
        message = "must be 0 without a recipe.auto_augment that has a magnitude, as rand-m9-mstd0.5"
        raise ConfigError("recipe.auto_augment_growth", recipe.auto_augment_growth, message)
    doublings = math.log2(variant.coefficients.nominal_flops)
    magnitude = float(found[0]) if (found := MAGNITUDE.search(augment)) else 0.0
    for key, start, most in (
        ("dropout", model.dropout, RATE_MAX),
        ("drop_path", model.drop_path_rate, RATE_MAX),
        ("auto_augment", magnitude, MAGNITUDE_MAX),
    ):
        growth = getattr(recipe, f"{key}_growth")
        if growth and (came_to := start + growth * doublings) > most:
            message = f"comes to {came_to:.3g} for {variant.label}; at most {most:g}"
            raise ConfigError(f"recipe.{key}_growth", growth, message)


def regularized(model: Model, recipe: Recipe, coefficients: Coefficients) -> Model:
    """The config group ``model`` with the variant's dropout and stochastic depth."""
    doublings = math.log2(coefficients.nominal_flops)
    dropout = grown(model.dropout, recipe.dropout_growth, doublings)
    growth = recipe.drop_path_growth if FAMILIES[model.family].drop_path else 0.0
    return replace(model, dropout=dropout, drop_path_rate=grown(model.drop_path_rate, growth, doublings))


def grown(rate: float, growth: float, doublings: float) -> float:
    return min(max(rate + growth * doublings, 0.0), RATE_MAX) if growth else rate


def augmentation_of(recipe: Recipe, coefficients: Coefficients) -> str | None:
    """The variant's ``auto_augment``: RandAugment's magnitude grows, within timm's scale of 0 to 10."""
    if not recipe.auto_augment or not recipe.auto_augment_growth:
        return recipe.auto_augment
    growth = recipe.auto_augment_growth * math.log2(coefficients.nominal_flops)
    return MAGNITUDE.sub(lambda m: str(min(max(round(float(m[0]) + growth), 0), MAGNITUDE_MAX)), recipe.auto_augment)
