"""One variant of a baseline network: the value, and how a checked configuration becomes one."""

import warnings
from dataclasses import dataclass
from typing import Any

from scaling_study.config.schema import Config, Scaling
from scaling_study.models import built_coefficients, timm_reference
from scaling_study.planning.budget import solved
from scaling_study.planning.requirements import (
    pixels,
    require_axes,
    require_buildable,
    require_coefficients,
    require_resolution,
)
from scaling_study.scaling.coefficients import AXES, Coefficients, compound, method_of


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
    def label(self) -> str:
        """baseline, width-1.4, width-flops4, compound-phi2 or custom-d2-w1.4-r1."""
        if self.method == "baseline":
            return self.method
        if self.flops_target is not None and self.method != "custom":
            return f"{self.method}-flops{self.flops_target:g}"
        if self.method in AXES:
            return f"{self.method}-{getattr(self.coefficients, self.method):g}"
        if self.method == "compound":
            return f"compound-phi{self.phi:g}"
        c = self.coefficients
        return f"{self.method}-d{c.depth:g}-w{c.width:g}-r{c.resolution:g}"

    @property
    def columns(self) -> dict[str, Any]:
        """The variant's columns of the tables."""
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
    def settings(self) -> dict[str, Any]:
        """The settings of the variant that determine a run's result, for its identity."""
        settings = {
            "method": self.method,
            "coefficients": {axis: round(getattr(self.coefficients, axis), 6) for axis in AXES},
        }
        optional = {"stage_depth": self.coefficients.stage_depth, "flops_target": self.flops_target}
        return settings | {key: value for key, value in optional.items() if value is not None}


def variant_of(config: Config) -> Variant:
    """The variant that a checked configuration describes.

    Raises ConfigError when the family cannot scale what is asked, when its input would be too small for the network
    and when no coefficient reaches the budget.
    """
    model, scaling = config.model, config.scaling
    if model.family == "timm":
        timm_reference.check_name(model.name)
    budget = scaling.flops if scaling.solve or scaling.flops != 1 else None
    if budget is not None:
        given = asked_for(scaling) if scaling.solve else Coefficients()
        require_resolution(config, given, pixels(config.data, given))
        require_buildable(config, given, pixels(config.data, given))
        phi, coefficients = solved(config)
        if scaling.solve and built_alike(config, coefficients):
            coefficients = Coefficients()
    else:
        phi, coefficients = scaling.phi, asked_for(scaling)
    require_coefficients(config, coefficients)
    method = method_of(coefficients, scaling.method)
    require_axes(model, coefficients, scaling)
    resolution_px = pixels(config.data, coefficients)
    require_resolution(config, coefficients, resolution_px)
    require_buildable(config, coefficients, resolution_px)
    if budget not in (None, 1) and method == "baseline":
        what = f"solve={scaling.solve}" if scaling.solve else f"method={scaling.method}"
        off = f"the baseline itself is the nearest network that scaling.{what} builds"
        warnings.warn(f"scaling.flops={budget:g}: {off}, {100 * (1 / budget - 1):+.0f}% off", stacklevel=2)
    phi = {"baseline": 0.0, "compound": phi}.get(method)
    return Variant(method, phi, coefficients, resolution_px, None if method == "baseline" else budget)


def built_alike(config: Config, coefficients: Coefficients) -> bool:
    """Whether a variant has the layers, channels and pixels of the baseline, as depth 0.9 has where blocks are few."""
    if pixels(config.data, coefficients) != config.data.resolution:
        return False
    return built_coefficients(config.model, coefficients) == (1, 1)


def asked_for(scaling: Scaling) -> Coefficients:
    """The coefficients that the config group ``scaling`` sets without a budget."""
    if scaling.method == "compound":
        return compound(scaling.phi, scaling.alpha, scaling.beta, scaling.gamma)
    stage_depth = tuple(scaling.stage_depth) if scaling.stage_depth else None
    return Coefficients(scaling.depth, scaling.width, scaling.resolution, stage_depth)
