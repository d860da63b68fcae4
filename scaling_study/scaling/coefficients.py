"""Coefficients of a variant and the rules that choose them."""

import math
from dataclasses import dataclass

AXES = ("depth", "width", "resolution")
METHODS = ("baseline", *AXES, "compound", "fast", "custom")


@dataclass(frozen=True)
class Coefficients:
    """Multipliers relative to the baseline: d, w and r of Tan & Le (2019), all dimensionless.

    stage_depth: a further depth multiplier for each stage, or None for 1 everywhere.
    """

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0
    stage_depth: tuple[float, ...] | None = None

    @property
    def nominal_flops(self) -> float:
        """Cost relative to the baseline before rounding, d * w**2 * r**2 (paper, equation 2 and 3);
        multipliers per stage are not in it."""
        return self.depth * self.width**2 * self.resolution**2


def compound(phi: float, alpha: float, beta: float, gamma: float) -> Coefficients:
    """Compound scaling (paper, equation 3): d, w, r = alpha**phi, beta**phi, gamma**phi.

    With alpha * beta**2 * gamma**2 = 2, adding one to ``phi`` doubles the nominal flops.
    """
    return Coefficients(alpha**phi, beta**phi, gamma**phi)


def fast(flops: float, a: float) -> Coefficients:
    """Fast scaling (Dollár et al. 2021, section 5): to multiply the nominal flops by s = ``flops``,
    d, w, r = s**((1-a)/2), s**(a/2), s**((1-a)/4).

    a = 1 scales width only, a = 1/3 all three alike, a = 0.8 is the paper's choice: activations then grow
    as s**(1-a/2), far slower than the flops.
    """
    return Coefficients(flops ** ((1 - a) / 2), flops ** (a / 2), flops ** ((1 - a) / 4))


def method_of(coefficients: Coefficients, chosen: str = "custom") -> str:
    """The method a row is filed under.

    A variant that differs from the baseline along one axis only belongs to that axis however it was
    asked for, so that equal networks are one run; otherwise the rule that chose it (``chosen``) decides.
    """
    if coefficients.stage_depth and any(not math.isclose(depth, 1.0) for depth in coefficients.stage_depth):
        return "custom"
    moved = [axis for axis in AXES if not math.isclose(getattr(coefficients, axis), 1.0)]
    if not moved:
        return "baseline"
    return moved[0] if len(moved) == 1 else chosen
