"""A power of depth, width and resolution through the best rates of networks, and how well it predicts others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scaling_study.analysis.ensemble import TAILS
from scaling_study.scaling.coefficients import AXES


class Rule(NamedTuple):
    """exponents: {axis: (1 + draws,)}, as estimated and in bootstrap draws, of every axis that varied; start: logarithm
    of the rate at coefficients of 1, and kept: {axis: exponent}, with only those that are distinguishable from 0."""

    exponents: dict[int, np.ndarray]
    start: float
    kept: dict[int, float]

    def at(self, logs: np.ndarray) -> float:
        """Logarithm of the rate at ``logs``, those of depth, width and resolution."""
        return self.start + sum(logs[axis] * power for axis, power in self.kept.items())


def rule(logs: np.ndarray, tops: np.ndarray) -> Rule | None:
    """The rule through best rates; None where the networks do not tell the exponents of the axes that varied.

    logs: (networks, 3), logarithms of the coefficients; tops: (networks, 1 + draws), logarithms of the best rates, as
    estimated and in bootstrap draws. By least squares. An exponent whose 95% interval contains 0, or that has no
    interval, is left out, and start and other exponents are fitted again. In simulations of +sweep=rate (6 sets of
    exponents, 3 noises) the rate that this predicts for five other sizes is on average 0.8 times as far off, in its
    logarithm, as with all exponents (0.6 times where all are 0; at worst 1.4 times, 7% instead of 5% off, where small
    ones are missed), and for a network that was left out 0.5 to 1.4 times; leaving exponents out without the second fit
    is worse than either. Intervals of ``kept`` would not hold, having been chosen by the data, so there are none.
    """
    varied = [axis for axis in range(len(AXES)) if len(logs) and np.ptp(logs[:, axis]) > 0]
    full = solved(logs, tops, varied) if varied else None
    if full is None:
        return None
    exponents = dict(zip(varied, full[1:], strict=True))
    kept = [axis for axis, values in exponents.items() if distinguishable(values[1:])]
    design = np.column_stack([np.ones(len(tops)), logs[:, kept]])
    start, *powers = np.linalg.lstsq(design, tops[:, 0], rcond=None)[0].tolist()
    return Rule(exponents, start, dict(zip(kept, powers, strict=True)))


def solved(logs: np.ndarray, tops: np.ndarray, axes: list[int]) -> np.ndarray | None:
    """(1 + axes, sets): start and exponents; None where they are not determined."""
    design = np.column_stack([np.ones(len(tops)), logs[:, axes]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    return np.linalg.lstsq(design, tops, rcond=None)[0]


def distinguishable(draws: np.ndarray) -> bool:
    """Whether the 95% interval of ``draws`` does not contain 0; without draws it is not."""
    return len(draws) > 0 and bool(np.prod(np.quantile(draws, TAILS)) > 0)


def predicted(logs: np.ndarray, tops: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """(networks,): logarithm of the rate of each network by the rule through the ``fitted`` others, (networks,) of
    truths; NaN where these tell no rule, or nothing of an axis along which the network differs from them.

    Exponents are chosen anew without the network, so that nothing of its own best is in its prediction.
    """
    found = np.full(len(logs), np.nan)
    for row in range(len(logs)):
        others = fitted & (np.arange(len(logs)) != row)
        without = rule(logs[others], tops[others])
        if without is not None:
            same = [axis for axis in range(len(AXES)) if axis not in without.exponents]
            if np.allclose(logs[row, same], logs[others][0, same]):
                found[row] = without.at(logs[row])
    return found


def ends(draws: np.ndarray, value: float, low: str, high: str) -> dict[str, float]:
    """The 95% interval of ``draws``, which contains ``value``, as ``low`` and ``high``; NaN without draws."""
    if not len(draws):
        return {low: np.nan, high: np.nan}
    least, most = np.quantile(draws, TAILS)
    return {low: min(float(least), float(value)), high: max(float(most), float(value))}
