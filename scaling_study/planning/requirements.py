"""Whether a variant can be built, decided before anything is."""

from dataclasses import replace
from itertools import islice

from scaling_study.config.ranges import COEFFICIENT, PIXELS_MAX
from scaling_study.config.schema import Config, Data, Model, Scaling
from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES, depths_of, list_layers
from scaling_study.scaling.coefficients import AXES, Coefficients

FLOPS_MAX = 10**18  # per image; counts must fit into 64 bits, and the largest networks there are have 10^14


def pixels(data: Data, coefficients: Coefficients) -> int:
    return round(data.resolution * coefficients.resolution)


def require_coefficients(config: Config, coefficients: Coefficients) -> None:
    """Raise ConfigError for coefficients out of range, which a rule such as alpha ** phi can give."""
    for axis in AXES:
        if (value := getattr(coefficients, axis)) not in COEFFICIENT:
            message = f"makes scaling.{axis} {value:.3g}, which {COEFFICIENT.message}"
            raise ConfigError(*source(config, axis), message)


def require_buildable(config: Config, coefficients: Coefficients, resolution_px: int) -> None:
    """Raise ConfigError for a variant with more pixels, layers or multiply-adds than the limits allow."""
    model, limits = config.model, config.limits
    if resolution_px > PIXELS_MAX:
        raise ConfigError(
            *source(config, "resolution"), f"gives {resolution_px} pixels; at most {PIXELS_MAX} are taken"
        )
    if layers_exceed(model, coefficients, limits.layers):
        about = f"{about_layers(model, coefficients):.3g}"
        message = f"makes a network of about {about} layers, more than limits.layers={limits.layers}"
        raise ConfigError(*source(config, "depth"), message)
    if not FAMILIES[model.family].layers:
        return
    flops = count_flops(model, coefficients, resolution_px=resolution_px, **size_of(config.data))
    if flops > FLOPS_MAX:
        shares = {"depth": coefficients.depth, "width": coefficients.width**2, "resolution": coefficients.resolution**2}
        message = f"makes a network of {flops:.3g} multiply-adds per image; at most {FLOPS_MAX:.0e} are counted"
        raise ConfigError(*source(config, max(shares, key=lambda axis: shares[axis])), message)


def layers_exceed(model: Model, coefficients: Coefficients, most: int) -> bool:
    """Whether a network has more than ``most`` convolutions and linear layers, as far as arithmetic shows. Lists no
    more layers than that."""
    if not FAMILIES[model.family].layers:
        return max(depths_of(model, coefficients), default=0) > most  # of at least a layer each
    return next(islice(list_layers(model, coefficients), most, None), None) is not None


def about_layers(model: Model, coefficients: Coefficients) -> float:
    if not FAMILIES[model.family].layers:
        return max(depths_of(model, coefficients))
    baseline = sum(1 for _ in list_layers(replace(model, depth_multiplier=1.0), Coefficients()))
    return baseline * model.depth_multiplier * coefficients.depth * max(coefficients.stage_depth or [1])


def source(config: Config, axis: str) -> tuple[str, object]:
    """(key, value) of the setting that determines the size of a network along an axis."""
    model, scaling = config.model, config.scaling
    if (multiplier := getattr(model, f"{axis}_multiplier", 1)) > 1 and getattr(scaling, axis) == 1:
        return f"model.{axis}_multiplier", multiplier
    if scaling.flops is not None and scaling.solve in (None, axis):
        return "scaling.flops", scaling.flops
    if scaling.method == "compound":
        return "scaling.phi", scaling.phi
    if axis == "depth" and scaling.depth == 1 and scaling.stage_depth:
        return "scaling.stage_depth", scaling.stage_depth
    return f"scaling.{axis}", getattr(scaling, axis)


def require_axes(model: Model, coefficients: Coefficients, scaling: Scaling) -> None:
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


def cannot_scale(model: Model, key: str, value: object, axis: str) -> ConfigError:
    able = ", ".join(FAMILIES[model.family].axes)
    return ConfigError(key, value, f"model={model.name} of family {model.family} has no {axis} to scale, only {able}")


def require_resolution(config: Config, coefficients: Coefficients, resolution_px: int) -> None:
    least = FAMILIES[config.model.family].resolution_min
    if resolution_px >= least:
        return
    message = f"gives {resolution_px} pixels; model={config.model.name} needs at least {least}"
    if config.data.resolution < least:
        raise ConfigError("data.resolution", config.data.resolution, message)
    raise ConfigError("scaling.resolution", f"{coefficients.resolution:g}", message)
