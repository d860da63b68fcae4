"""Coefficients for a given cost: the network whose cost, after rounding, is nearest to the target."""

import math
from collections.abc import Callable
from dataclasses import dataclass

STEP = 1e-6  # positions closer than this count as one
TOLERANCE = 0.25  # how far outside the costs that can be had a target may lie; the end of the range is then taken


class Unreachable(ValueError):
    """No position gives the target; ``nearest`` is the cost at the end of the range where it would lie."""

    def __init__(self, nearest: float) -> None:
        super().__init__(f"the nearest cost that can be had is {nearest:g}")
        self.nearest = nearest


@dataclass(frozen=True)
class Solution:
    """position: the argument of the cost function that was found; cost: what it costs; below, above: the neighbouring
    costs that can be had, between which the target lies (``below`` is the target when it is hit)."""

    position: float
    cost: float
    below: float
    above: float


def solve(cost: Callable[[float], float], target: float, low: float, high: float) -> Solution:
    """The position from ``low`` to ``high`` whose ``cost`` is nearest to ``target`` on a log scale.

    cost: a function of the position that never falls, and that rises in steps, as the cost of a network does because
        layers, channels and pixels are whole numbers. Of the positions on the best step, the one with the fewest
        decimals is returned.
    Raises Unreachable when the target is more than 25% outside the costs at ``low`` and ``high``.
    """
    least, most = cost(low), cost(high)
    if target < least * (1 - TOLERANCE) or target > most * (1 + TOLERANCE):
        raise Unreachable(least if target < least else most)
    edge = last_position(lambda position: cost(position) <= target, low, high)
    below, above = cost(edge), cost(min(edge + 2 * STEP, high))
    chosen = min(below, above, key=lambda value: abs(math.log(value / target)))
    first = last_position(lambda position: cost(position) < chosen, low, high)
    last = last_position(lambda position: cost(position) <= chosen, low, high)
    return Solution(shortest(first, last, lambda position: cost(position) == chosen), chosen, below, above)


def last_position(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The greatest position at which ``holds`` is true, to STEP; ``low`` if it never is."""
    if holds(high):
        return high
    while high > low + STEP:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def shortest(first: float, last: float, fits: Callable[[float], bool]) -> float:
    """The number with the fewest decimals between ``first`` and ``last`` for which ``fits`` holds."""
    middle = (first + last) / 2
    for decimals in range(8):
        candidate = round(middle, decimals)
        if first < candidate <= last + STEP and fits(candidate):
            return candidate
    return middle
