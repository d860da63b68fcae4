"""What a law recommended under budgets that no run had, and what runs then reached: docs/explanation/results.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matched import observed, points

from scaling_study.analysis.comparisons import Curve, difference
from scaling_study.analysis.law import mean_interval
from scaling_study.scaling.coefficients import AXES

AGAINST = ("resolution", "compound")  # the best axis, and the paper's rule


def lines(recommendations: pd.DataFrame, runs: pd.DataFrame, digits: int = 1) -> list[str]:
    """A Markdown table of the recommendations: prediction with the 95% interval of a mean of as many runs as there are,
    what these reached, and how far they are ahead of the curves of AGAINST at equal multiply-adds, with 95% intervals.
    digits: of accuracies, after the point.
    """
    done = runs[runs.status == "done"]
    heads = ["budget", "depth, width, pixels", "built", "runs", "predicted", "reached"]
    heads += [f"minus {method}" for method in AGAINST]
    rows = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for row in recommendations.sort_values("budget").itertuples():
        rows.append(f"| {' | '.join(cells(row, done, digits))} |")
    return rows


def cells(row: Any, runs: pd.DataFrame, digits: int) -> list[str]:
    """Those of one recommendation. Raises ValueError where there is no run of it."""
    same = np.isclose(runs[list(AXES)].astype(float), [getattr(row, axis) for axis in AXES]).all(axis=1)
    reached = runs.top1[same]
    if reached.empty:
        raise ValueError(f"no run of the network that is recommended within {row.budget:g} times")
    low, high = mean_interval(row, len(reached))
    verdict = "within" if low <= reached.mean() <= high else "outside"
    return [
        f"{row.budget:g}",
        f"{row.depth:g}, {row.width:g}, {row.resolution_px:g}",
        f"{row.built:.2f}",
        f"{len(reached)}",
        f"{row.top1:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})",
        f"{reached.mean():.{digits}f}, {verdict}",
        *(ahead(runs, row, method, digits) for method in AGAINST),
    ]


def ahead(runs: pd.DataFrame, row: Any, method: str, digits: int) -> str:
    """Points by which the recommended network is ahead of a method's curve at its own multiply-adds."""
    seen = observed(runs)
    built = seen.variants[list(AXES)].to_numpy(dtype=float)
    [index] = np.flatnonzero(np.isclose(built, [getattr(row, axis) for axis in AXES]).all(axis=1))
    curve = Curve(seen, method, "flops").at(float(seen.variants.flops.iloc[index]))
    found = difference(seen, ({int(index): 1.0}, 0.0), curve)
    return points(found.estimate, *found.interval(), digits)
