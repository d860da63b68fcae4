"""The variant nearest to a budget of multiply-adds, found on networks as they are built."""

import math
import warnings
from collections.abc import Callable
from dataclasses import replace

from scaling_study.config.schema import Config
from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES
from scaling_study.planning.requirements import cannot_scale, layers_exceed, pixels
from scaling_study.scaling.budget import Unreachable, solve
from scaling_study.scaling.coefficients import AXES, Coefficients, compound, fast

UNKNOWN_MIN = 64  # pixels below which budgets are not looked for in networks whose least input is not known
NOMINAL_MAX = 4 * 4096  # a budget is not looked for beyond this multiple of the baseline's flops


def solved(config: Config) -> tuple[float | None, Coefficients]:
    """(phi, coefficients) of the variant nearest to ``scaling.flops``: of ``scaling.method``, or, where
    ``scaling.solve`` names an axis, with the other two coefficients as given."""
    model, scaling = config.model, config.scaling
    coefficients_at, low = rule(config)
    axes = [axis for axis in AXES if getattr(coefficients_at(2.0), axis) != 1]
    key, value = ("solve", scaling.solve) if scaling.solve else ("method", scaling.method)
    if missing := [axis for axis in axes if axis not in FAMILIES[model.family].axes]:
        raise cannot_scale(model, f"scaling.{key}", value, missing[0])
    known: dict[tuple[float, float, int], float] = {}

    def cost_of(coefficients: Coefficients) -> float:
        px = pixels(config.data, coefficients)
        key = (coefficients.depth, coefficients.width, px)
        if key not in known:
            try:
                with warnings.catch_warnings(action="ignore"):  # of layers without channels
                    known[key] = count_flops(model, coefficients, resolution_px=px, **size_of(config.data))
            except ConfigError:
                if px >= config.data.resolution and coefficients.nominal_flops >= 1:
                    raise
                known[key] = 1  # too small for a network whose limits are not known: as good as free
        return known[key]

    def cost(position: float) -> float:
        return cost_of(coefficients_at(position))

    budget, baseline = scaling.flops or 1.0, cost_of(Coefficients())
    high, most = 1.0, config.limits.layers
    while cost(high) < budget * baseline and coefficients_at(high).nominal_flops < NOMINAL_MAX:
        if layers_exceed(model, coefficients_at(high), most):
            break
        high *= 2
    try:
        position = solve(cost, budget * baseline, low, high).position
    except Unreachable as error:
        nearest = f"{error.nearest / baseline:.3g}"
        message = f"no network that near; scaling.{key}={value} comes to {nearest} with model={model.name}"
        if layers_exceed(model, coefficients_at(high), most):
            message += f" and limits.layers={most}"
        raise ConfigError("scaling.flops", scaling.flops, message) from error
    return position if scaling.method == "compound" else None, coefficients_at(position)


def rule(config: Config) -> tuple[Callable[[float], Coefficients], float]:
    """(function from a position to Coefficients, lowest position) of a method; the cost rises with the position.

    The position is the coefficient itself, phi for compound, the multiple of the nominal flops for fast.
    """
    scaling = config.scaling
    family = FAMILIES[config.model.family]
    resolution_min = (family.resolution_min if family.layers else UNKNOWN_MIN) / config.data.resolution
    resolution_min = min(resolution_min, 1.0)
    if scaling.method == "compound":
        low = math.log(resolution_min) / math.log(scaling.gamma) if scaling.gamma > 1 else -64.0
        return lambda phi: compound(phi, scaling.alpha, scaling.beta, scaling.gamma), max(low, -64.0)
    if scaling.method == "fast":
        a = scaling.fast_a
        low = resolution_min ** (4 / (1 - a)) if a < 1 else 0.0
        return lambda flops: fast(flops, a), max(low, 1e-4)
    axis = scaling.solve or scaling.method
    given = Coefficients(scaling.depth, scaling.width, scaling.resolution)
    return lambda coefficient: replace(given, **{axis: coefficient}), resolution_min if axis == "resolution" else 0.01
