"""The methods from two baselines of equal multiply-adds, one of them with more pixels: docs/explanation/results.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import Contrast, contrast
from scaling_study.analysis.observations import Observations, studies, usable

BUDGET = 4.0  # multiples of the baselines' multiply-adds
METHODS = ("depth", "width", "resolution")


def lines(first: pd.DataFrame, second: pd.DataFrame) -> list[str]:
    """A Markdown table of how far compound scaling is ahead of each method in both studies, and how much farther in the
    second; then how far the second baseline is ahead of the first.

    Intervals are 95%: of each study those of its own comparisons, of the changes by Welch and Satterthwaite.
    """
    both = [observed(first), observed(second)]
    pixels = [baseline_pixels(runs) for runs in (first, second)]
    rows = [
        f"| compound minus | {' | '.join(f'from {px} pixels' for px in pixels)} | change |",
        "| --- " * 4 + "|",
    ]
    for method in METHODS:
        leads = [contrast(seen, {row(seen, "compound"): 1.0, row(seen, method): -1.0}) for seen in both]
        rows.append(f"| {' | '.join([method, *(words(found) for found in [*leads, change(*leads)])])} |")
    baselines = [contrast(seen, {row(seen, "baseline"): 1.0}) for seen in both]
    ahead = words(change(*baselines))
    return [*rows, "", f"The baseline of {pixels[1]} pixels is {ahead} points ahead of that of {pixels[0]}."]


def observed(runs: pd.DataFrame) -> Observations:
    [observations] = studies(usable(runs)[0]).values()
    return observations


def baseline_pixels(runs: pd.DataFrame) -> int:
    [pixels] = set(runs[runs.method == "baseline"].resolution_px)
    return int(pixels)


def row(observations: Observations, method: str) -> int:
    """The row of the baseline, or of a method at BUDGET."""
    variants = observations.variants
    [index] = np.flatnonzero((variants.method == method) & (variants.flops_target.fillna(BUDGET) == BUDGET))
    return int(index)


def change(one: Contrast, other: Contrast) -> Contrast:
    """How much greater ``other`` is, of runs that ``one`` does not share."""
    parts = np.array([one.standard_error**2, other.standard_error**2])
    df = parts.sum() ** 2 / (parts**2 / [one.df, other.df]).sum()
    return Contrast(other.estimate - one.estimate, float(np.sqrt(parts.sum())), float(df), min(one.n, other.n), False)


def words(found: Contrast) -> str:
    """Points, with their 95% interval."""
    low, high = found.interval()
    return f"{found.estimate:+.1f} ({low:+.1f} to {high:+.1f})"
