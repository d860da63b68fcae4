"""The grid of the search for alpha, beta and gamma at phi = 1 (Tan & Le 2019, section 3.3, step 1)."""

import itertools
import math

PAPER = (1.2, 1.1, 1.15)
TARGET = 2.0  # alpha * beta**2 * gamma**2, by which one step of phi multiplies the flops


def triples(
    alpha_step: float, beta_step: float, gamma_step: float, tolerance: float
) -> list[tuple[float, float, float]]:
    """All (alpha, beta, gamma) on the grid, each at least 1, whose nominal flops are within ``tolerance`` of TARGET;
    the paper's triple among them also where the steps pass it by."""
    most = TARGET + tolerance
    axes = (steps(alpha_step, most), *(steps(step, math.sqrt(most)) for step in (beta_step, gamma_step)))
    points = dict.fromkeys([*itertools.product(*axes), PAPER])
    return [(a, b, g) for a, b, g in points if abs(a * b**2 * g**2 - TARGET) <= tolerance + 1e-9]


def steps(step: float, most: float) -> list[float]:
    """1, 1 + step, ... up to ``most``, without the digits that binary fractions add."""
    return [round(1 + n * step, 10) for n in range(int((most - 1) / step + 1e-9) + 1)]


def comma_separated(alpha_step: float, beta_step: float, gamma_step: float, tolerance: float) -> str:
    """The grid and the baseline as values of a sweep: ``[1.2,1.1,1.15],...,[1,1,1]``."""
    grid = [*triples(alpha_step, beta_step, gamma_step, tolerance), (1, 1, 1)]
    return ",".join(f"[{alpha:g},{beta:g},{gamma:g}]" for alpha, beta, gamma in grid)
