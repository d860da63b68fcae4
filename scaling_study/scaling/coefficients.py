"""Coefficients of a variant and the rules that choose them."""

import math
from dataclasses import dataclass

AXES = ("depth", "width", "resolution")
METHODS = ("baseline", *AXES, "compound", "custom")


@dataclass(frozen=True)
class Coefficients:
    """Multipliers relative to the baseline: d, w and r of Tan & Le (2019), all dimensionless."""

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0

    @property
    def nominal_flops(self):
        """Cost relative to the baseline before rounding, d * w**2 * r**2 (paper, equation 2 and 3)."""
        return self.depth * self.width**2 * self.resolution**2


def compound(phi, alpha, beta, gamma):
    """Compound scaling (paper, equation 3): d, w, r = alpha**phi, beta**phi, gamma**phi.

    With alpha * beta**2 * gamma**2 = 2, adding one to ``phi`` doubles the nominal flops.
    """
    return Coefficients(alpha**phi, beta**phi, gamma**phi)


def method_of(coefficients, chosen="custom"):
    """The method a row is filed under.

    A variant that differs from the baseline along one axis only belongs to that axis however it was
    asked for, so that equal networks are one run; otherwise the rule that chose it (``chosen``) decides.
    """
    moved = [axis for axis in AXES if not math.isclose(getattr(coefficients, axis), 1.0)]
    if not moved:
        return "baseline"
    return moved[0] if len(moved) == 1 else chosen
