"""What a run is: the settings that determine its result, and the name made of them."""

import hashlib
import json
from dataclasses import asdict, dataclass

from scaling_study.data import SOURCES
from scaling_study.errors import ConfigError
from scaling_study.models import FAMILIES
from scaling_study.scaling.coefficients import AXES, Coefficients, compound, method_of
from scaling_study.schema import Data, Model, Recipe

FORMAT = 1  # raise when the same settings no longer give the same result: old records are then other runs


@dataclass(frozen=True)
class Run:
    """One variant with one seed. ``resolution_px`` is the side of its input in pixels."""

    method: str
    phi: float | None
    coefficients: Coefficients
    resolution_px: int
    seed: int
    model: Model
    data: Data
    recipe: Recipe

    @property
    def settings(self):
        """Everything that determines the result, and nothing else: no paths, device, study or time."""
        data = asdict(self.data) | {"version": SOURCES[self.data.name].version}
        del data["root"]
        return {
            "format": FORMAT,
            "method": self.method,
            "coefficients": {axis: round(getattr(self.coefficients, axis), 6) for axis in AXES},
            "seed": self.seed,
            "model": asdict(self.model),
            "data": data,
            "recipe": asdict(self.recipe),
        }

    @property
    def run_id(self):
        """Readable, and unique: what was scaled, the seed, eight digits of the hash of the settings."""
        digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.label}-seed{self.seed}-{digest}"

    @property
    def label(self):
        """baseline, width-1.4, compound-phi2 or custom-d2-w1.4-r1."""
        if self.method == "baseline":
            return self.method
        if self.method in AXES:
            return f"{self.method}-{getattr(self.coefficients, self.method):g}"
        if self.method == "compound":
            return f"compound-phi{self.phi:g}"
        c = self.coefficients
        return f"{self.method}-d{c.depth:g}-w{c.width:g}-r{c.resolution:g}"

    @property
    def nominal_cost(self):
        """Training cost up to a constant: nominal flops, epochs and images."""
        return self.coefficients.nominal_flops * self.recipe.epochs


def run_of(config):
    """The run that a checked configuration describes.

    Raises ConfigError when its resolution leaves the network nothing to look at.
    """
    scaling = config.scaling
    if scaling.method == "compound":
        coefficients = compound(scaling.phi, scaling.alpha, scaling.beta, scaling.gamma)
    else:
        coefficients = Coefficients(scaling.depth, scaling.width, scaling.resolution)
    method = method_of(coefficients, scaling.method)
    resolution_px = round(config.data.resolution * coefficients.resolution)
    least = FAMILIES[config.model.name].resolution_min
    if resolution_px < least:
        key, value = ("data.resolution", config.data.resolution)
        if config.data.resolution >= least:
            key, value = ("scaling.resolution", f"{coefficients.resolution:g}")
        message = f"gives {resolution_px} pixels; model={config.model.name} needs at least {least}"
        raise ConfigError(key, value, message)
    return Run(
        method=method,
        phi={"baseline": 0.0, "compound": scaling.phi}.get(method),
        coefficients=coefficients,
        resolution_px=resolution_px,
        seed=config.seed,
        model=config.model,
        data=config.data,
        recipe=config.recipe,
    )
