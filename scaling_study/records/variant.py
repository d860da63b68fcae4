"""From the config groups ``model``, ``data`` and ``scaling`` to one variant, a budget solved for its coefficients."""

import math
import warnings
from dataclasses import dataclass

from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES, timm_reference
from scaling_study.records.limits import layers_exceed, require_buildable, require_coefficients
from scaling_study.scaling.budget import Unreachable, solve
from scaling_study.scaling.coefficients import AXES, Coefficients, along, compound, fast, method_of

UNKNOWN_MIN = 64  # pixels below which budgets are not looked for in networks whose least input is not known
NOMINAL_MAX = 4 * 4096  # a budget is not looked for beyond this multiple of the baseline's flops


@dataclass(frozen=True)
class Variant:
    """phi: of compound scaling, else None; resolution_px: side of the input in pixels; flops_target: the budget that
    was asked for, as a multiple of the baseline's flops, or None."""

    method: str
    phi: float | None
    coefficients: Coefficients
    resolution_px: int
    flops_target: float | None

    @property
    def label(self):
        """baseline, width-1.4, width-flops4, compound-phi2 or custom-d2-w1.4-r1."""
        if self.method == "baseline":
            return self.method
        if self.flops_target is not None:
            return f"{self.method}-flops{self.flops_target:g}"
        if self.method in AXES:
            return f"{self.method}-{getattr(self.coefficients, self.method):g}"
        if self.method == "compound":
            return f"compound-phi{self.phi:g}"
        c = self.coefficients
        return f"{self.method}-d{c.depth:g}-w{c.width:g}-r{c.resolution:g}"

    @property
    def columns(self):
        """What of the variant stands in tables."""
        c = self.coefficients
        return {
            "method": self.method,
            "phi": self.phi,
            **{axis: getattr(c, axis) for axis in AXES},
            "stage_depth": " ".join(f"{depth:g}" for depth in c.stage_depth) if c.stage_depth else None,
            "resolution_px": self.resolution_px,
            "flops_nominal": c.nominal_flops,
            "flops_target": self.flops_target,
        }

    @property
    def settings(self):
        """What of the variant determines the result of a run, for its identity."""
        settings = {
            "method": self.method,
            "coefficients": {axis: round(getattr(self.coefficients, axis), 6) for axis in AXES},
        }
        optional = {"stage_depth": self.coefficients.stage_depth, "flops_target": self.flops_target}
        return settings | {key: value for key, value in optional.items() if value is not None}


def variant_of(config):
    """The variant that a checked configuration describes.

    Raises ConfigError when the family cannot scale what is asked, when its input would be too small for the network
    and when no coefficient reaches the budget.
    """
    model, scaling = config.model, config.scaling
    if FAMILIES[model.family].names is None:
        timm_reference.check_name(model.name)
    budget = scaling.flops if scaling.flops not in (None, 1) else None
    if budget is not None:
        require_resolution(config, Coefficients(), config.data.resolution)
        require_buildable(config, Coefficients(), config.data.resolution)
        phi, coefficients = solved(config)
    else:
        phi, coefficients = scaling.phi, asked_for(scaling)
    require_coefficients(config, coefficients)
    method = method_of(coefficients, scaling.method)
    require_axes(model, coefficients, scaling)
    resolution_px = pixels(config.data, coefficients)
    require_resolution(config, coefficients, resolution_px)
    require_buildable(config, coefficients, resolution_px)
    if budget is not None and method == "baseline":
        off = f"the baseline itself is the nearest network that scaling.method={scaling.method} builds"
        warnings.warn(f"scaling.flops={budget:g}: {off}, {100 * (1 / budget - 1):+.0f}% off", stacklevel=2)
    phi = {"baseline": 0.0, "compound": phi}.get(method)
    return Variant(method, phi, coefficients, resolution_px, None if method == "baseline" else budget)


def asked_for(scaling):
    """The coefficients that the config group ``scaling`` holds, without a budget."""
    if scaling.method == "compound":
        return compound(scaling.phi, scaling.alpha, scaling.beta, scaling.gamma)
    stage_depth = tuple(scaling.stage_depth) if scaling.stage_depth else None
    return Coefficients(scaling.depth, scaling.width, scaling.resolution, stage_depth)


def pixels(data, coefficients):
    return round(data.resolution * coefficients.resolution)


def solved(config):
    """(phi, coefficients) of the variant of ``scaling.method`` nearest to ``scaling.flops``."""
    model, scaling = config.model, config.scaling
    coefficients_at, low = rule(config)
    axes = [axis for axis in AXES if getattr(coefficients_at(2.0), axis) != 1]
    if missing := [axis for axis in axes if axis not in FAMILIES[model.family].axes]:
        raise cannot_scale(model, "scaling.method", scaling.method, missing[0])
    known = {}

    def cost(position):
        coefficients = coefficients_at(position)
        px = pixels(config.data, coefficients)
        key = (coefficients.depth, coefficients.width, px)
        if key not in known:
            try:
                known[key] = count_flops(model, coefficients, resolution_px=px, **size_of(config.data))
            except ConfigError:
                if px >= config.data.resolution:
                    raise
                known[key] = 1  # too small an input for a network whose limits are not known: as good as free
        return known[key]

    baseline = cost(0.0 if scaling.method == "compound" else 1.0)
    high, most = 1.0, config.limits.layers
    while cost(high) < scaling.flops * baseline and coefficients_at(high).nominal_flops < NOMINAL_MAX:
        if layers_exceed(model, coefficients_at(high), most):
            break
        high *= 2
    try:
        position = solve(cost, scaling.flops * baseline, low, high).position
    except Unreachable as error:
        nearest = f"{error.nearest / baseline:.3g}"
        message = f"no network that near; scaling.method={scaling.method} comes to {nearest} with model={model.name}"
        if layers_exceed(model, coefficients_at(high), most):
            message += f" and limits.layers={most}"
        raise ConfigError("scaling.flops", scaling.flops, message) from error
    return position if scaling.method == "compound" else None, coefficients_at(position)


def rule(config):
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
    low = resolution_min if scaling.method == "resolution" else 0.01
    return lambda coefficient: along(scaling.method, coefficient), low


def require_axes(model, coefficients, scaling):
    family = FAMILIES[model.family]
    for axis in AXES:
        if getattr(coefficients, axis) != 1 and axis not in family.axes:
            by_method = scaling.method not in ("custom", *AXES)
            key = "method" if by_method else axis
            raise cannot_scale(model, f"scaling.{key}", getattr(scaling, key), axis)
    if coefficients.stage_depth is None:
        return
    if not family.stage_depth:
        able = ", ".join(name for name, other in FAMILIES.items() if other.stage_depth)
        raise ConfigError("scaling.stage_depth", scaling.stage_depth, f"is offered by the families {able} only")
    if len(coefficients.stage_depth) != family.stages:
        message = f"must have {family.stages} entries, one per stage of model={model.name}"
        raise ConfigError("scaling.stage_depth", scaling.stage_depth, message)


def cannot_scale(model, key, value, axis):
    able = ", ".join(FAMILIES[model.family].axes)
    return ConfigError(key, value, f"model={model.name} of family {model.family} has no {axis} to scale, only {able}")


def require_resolution(config, coefficients, resolution_px):
    least = FAMILIES[config.model.family].resolution_min
    if resolution_px >= least:
        return
    key, value = ("data.resolution", config.data.resolution)
    if config.data.resolution >= least:
        key, value = ("scaling.resolution", f"{coefficients.resolution:g}")
    message = f"gives {resolution_px} pixels; model={config.model.name} needs at least {least}"
    raise ConfigError(key, value, message)
