"""The rule that chose the embedded set and its baseline, judged on a study: docs/explanation/embedded_data.md."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import dunnett
from scaling_study.analysis.convergence import CONVERGED
from scaling_study.scaling.coefficients import AXES

ERROR = (30.0, 60.0)  # of the baseline, percent
DOUBLING = 1.5  # points of accuracy that twice the multiply-adds bring along each axis
LARGEST = 16.0  # multiples of the baseline's multiply-adds, at which
ERROR_LEFT = 8.0  # percent are left, whatever the method
SPREAD = 0.6  # standard deviation over seeds, points


class Criterion(NamedTuple):
    """A line of the rule. allowed, measured: for a reader; met: whether the study keeps it."""

    name: str
    allowed: str
    measured: str
    met: bool


def judged(runs: pd.DataFrame) -> list[Criterion]:
    """The rule on a run table: the baseline and its doublings along each axis with the same seeds, and single runs of
    LARGEST. Differences have simultaneous 95% intervals by Dunnett's test, which takes the standard deviation over
    seeds as the same for all four variants."""
    runs = runs[(runs.status == "done") & ((runs.method == "baseline") | runs.flops_target.isin([2, LARGEST]))]
    small = runs[runs.flops_target != LARGEST].groupby("method")
    accuracies = dict(iter(small.top1))
    baseline, doubled = accuracies["baseline"], {axis: accuracies[axis] for axis in AXES}
    gains = small.last_tenth_gain.mean()
    error, seeds = 100 - baseline.mean(), len(baseline)
    return [
        Criterion(
            f"error of the baseline, n = {seeds}",
            f"{ERROR[0]:g} to {ERROR[1]:g}%",
            f"{error:.1f}%",
            ERROR[0] <= error <= ERROR[1],
        ),
        *doublings(baseline, doubled),
        error_left(runs),
        spread({"baseline": baseline} | doubled),
        Criterion(
            "last tenth of training, mean over seeds of the variant that gains most",
            f"below {CONVERGED:g} points of validation top-1",
            f"{gains.idxmax()}, {gains.max():.2f}",
            bool(gains.max() < CONVERGED),
        ),
    ]


def doublings(baseline: pd.Series, doubled: dict[str, pd.Series]) -> list[Criterion]:
    groups = [baseline, *doubled.values()]
    counts = np.array([len(values) for values in groups])
    df = int(counts.sum()) - len(groups)
    pooled = sum(values.var() * (len(values) - 1) for values in groups) / df
    quantile = dunnett(counts[1:], counts[0], df)
    rows = []
    for axis, values in doubled.items():
        gain, half = values.mean() - baseline.mean(), quantile * np.sqrt(pooled * (1 / len(values) + 1 / counts[0]))
        rows.append(
            Criterion(
                f"twice the multiply-adds by {axis}, n = {len(values)}",
                f"at least {DOUBLING:g} points, interval clear of 0",
                f"{gain:.1f} ({gain - half:.1f} to {gain + half:.1f})",
                bool(gain >= DOUBLING and gain > half),
            )
        )
    return rows


def error_left(runs: pd.DataFrame) -> Criterion:
    best = runs[runs.flops_target == LARGEST].groupby("method").top1.agg(["mean", "size"]).sort_values("mean").iloc[-1]
    return Criterion(
        f"error at {LARGEST:g} times the multiply-adds by {best.name}, the best tried, n = {best['size']:.0f}",
        f"at least {ERROR_LEFT:g}%",
        f"{100 - best['mean']:.1f}%",
        bool(100 - best["mean"] >= ERROR_LEFT),
    )


def spread(variants: dict[str, pd.Series]) -> Criterion:
    spreads = {name: values.std() for name, values in variants.items()}
    most = max(spreads, key=spreads.__getitem__)
    return Criterion(
        "standard deviation over seeds of the variant that varies most",
        f"at most {SPREAD:g} points",
        f"{most}, {spreads[most]:.2f}",
        bool(spreads[most] <= SPREAD),
    )


def lines(runs: pd.DataFrame) -> list[str]:
    """A Markdown table of ``judged(runs)``."""
    rows = [(c.name, c.allowed, c.measured, "yes" if c.met else "**no**") for c in judged(runs)]
    return [f"| {' | '.join(row)} |" for row in [("what", "allowed", "measured", "met"), ("---",) * 4, *rows]]
