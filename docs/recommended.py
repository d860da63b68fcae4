"""What a law recommended or predicted before any run, and what runs then reached: docs/explanation/results.md and
photographs.md."""

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


def predicted(predictions: pd.DataFrame, runs: pd.DataFrame, digits: int = 2) -> list[str]:
    """A Markdown table of the predictions that task=predict kept: the 95% interval of one run or, once there are runs,
    of a mean of as many, and what these reached. digits: of accuracies, after the point."""
    done = runs[runs.status == "done"]
    rows = [
        "| multiply-adds | method | depth, width, pixels | built | predicted | runs | reached |",
        "| --- " * 7 + "|",
    ]
    for row in predictions.sort_values(["flops_target", "top1"]).itertuples():
        reached = done.top1[same_network(row, done)]
        low, high = mean_interval(row, max(len(reached), 1))
        found = [
            f"{row.flops_target:g}",
            row.method,
            f"{row.built_depth:g}, {row.built_width:.2f}, {row.resolution_px:g}",
            f"{row.built:.2f}",
            f"{row.top1:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})",
            f"{len(reached)}",
            judged(reached, low, high, digits),
        ]
        rows.append(f"| {' | '.join(found)} |")
    return rows


def same_network(row: Any, runs: pd.DataFrame) -> np.ndarray:
    """Which runs are of the network of a prediction."""
    return np.isclose(runs[list(AXES)].astype(float), [getattr(row, axis) for axis in AXES]).all(axis=1)


def judged(reached: pd.Series, low: float, high: float, digits: int) -> str:
    """The mean of the accuracies that runs reached, and whether it lies within an interval."""
    if reached.empty:
        return "not yet"
    return f"{reached.mean():.{digits}f}, {'within' if low <= reached.mean() <= high else 'outside'}"


def cells(row: Any, runs: pd.DataFrame, digits: int) -> list[str]:
    """Those of one recommendation. Raises ValueError where there is no run of it."""
    reached = runs.top1[same_network(row, runs)]
    if reached.empty:
        raise ValueError(f"no run of the network that is recommended within {row.budget:g} times")
    low, high = mean_interval(row, len(reached))
    return [
        f"{row.budget:g}",
        f"{row.depth:g}, {row.width:g}, {row.resolution_px:g}",
        f"{row.built:.2f}",
        f"{len(reached)}",
        f"{row.top1:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})",
        judged(reached, low, high, digits),
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
