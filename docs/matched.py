"""The methods at equal multiply-adds, trained with the standard recipe: docs/explanation/results.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

import scaling_study as ss
from scaling_study.analysis.contrasts import Contrast, contrast
from scaling_study.analysis.law import laws
from scaling_study.analysis.observations import Observations, studies, usable
from scaling_study.scaling.coefficients import AXES

FITTED = 4.0  # multiples of the baseline's multiply-adds, up to which the law sees runs
BUILT = ["built_depth", "built_width", "built_resolution"]


def lines(runs: pd.DataFrame) -> list[str]:
    """A Markdown table of the accuracies, and how the law's prediction from small networks fares."""
    return [*table(runs), "", doublings(runs), "", prediction(runs)]


def table(runs: pd.DataFrame, digits: int = 1) -> list[str]:
    """A row per network of a method: accuracy, how far compound scaling is ahead of it at the same budget, convergence.
    digits: of accuracies, after the point.

    Networks that follow no method, such as recommended ones, have no row; their runs add to what is known of the noise.
    """
    done = runs[runs.status == "done"].assign(budget=runs.flops_target.fillna(1.0))
    leads = ss.compare(done, ["flops"])
    leads = leads[leads.basis.isin(["matched", "interpolated"])].set_index(["flops_target", "other"])
    keys = ["method", "budget"]
    means = done.groupby(keys)[["resolution_px", *BUILT, "flops", "last_tenth_gain"]].mean()
    rows = [
        "| multiply-adds | method | depth, width, pixels | Mflops | seeds | top-1 | compound minus it | last tenth |",
        "| --- " * 8 + "|",
    ]
    accuracies = ss.accuracies(done).fillna({"budget": 1.0})
    accuracies = accuracies[accuracies.method != "custom"]
    for row in accuracies.sort_values(["budget", "accuracy"]).itertuples():
        built = means.loc[(row.method, row.budget)]
        cells = [
            f"{row.budget:g}",
            row.method,
            f"{built.built_depth:g}, {built.built_width:.2f}, {built.resolution_px:g}",
            f"{built.flops / 1e6:.2f}",
            f"{row.n}",
            f"{row.accuracy:.{digits}f}" + (f" ± {row.half_width:.{digits}f}" if row.n > 1 else ""),
            lead(leads, row, digits),
            f"{built.last_tenth_gain:+.2f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def lead(leads: pd.DataFrame, row, digits: int) -> str:
    """Points by which compound scaling is ahead of a variant, with its 95% interval and a star where that is of the
    method's curve at compound scaling's own cost; empty where none was compared."""
    if (row.budget, row.method) not in leads.index:
        return ""
    found = leads.loc[(row.budget, row.method)]
    return points(found.difference, found.low, found.high, digits) + "*" * (found.basis == "interpolated")


def points(value: float, low: float, high: float, digits: int = 1) -> str:
    """Points, with their 95% interval."""
    return f"{value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def doublings(runs: pd.DataFrame, digits: int = 1) -> str:
    """What the first and the second doubling of the multiply-adds bring along each axis, and the difference with a 95%
    interval."""
    seen = observed(runs[runs.status == "done"])
    means = seen.means
    parts = []
    for axis in AXES:
        one, two, four = row(seen, "baseline", 1.0), row(seen, axis, 2.0), row(seen, axis, 4.0)
        less = contrast(seen, {two: 2.0, one: -1.0, four: -1.0})
        low, high = less.interval()
        parts.append(
            f"{means[two] - means[one]:.{digits}f} and then {means[four] - means[two]:.{digits}f} points by {axis} "
            f"({less.estimate:.{digits}f} less, {low:.{digits}f} to {high:.{digits}f})"
        )
    return f"Doubling the multiply-adds once and twice brings {parts[0]}, {parts[1]} and {parts[2]}."


def gains(runs: pd.DataFrame, small: float, large: float, digits: int = 1) -> str:
    """What each method gains from one multiple of the baseline's multiply-adds to another, and by how much compound
    scaling gains more than each axis, with 95% intervals."""
    seen = observed(runs[runs.status == "done"])
    steps = {method: {row(seen, method, large): 1.0, row(seen, method, small): -1.0} for method in ("compound", *AXES)}
    gained = {method: spanned(contrast(seen, step), digits) for method, step in steps.items()}
    opposed = {axis: {index: -weight for index, weight in steps[axis].items()} for axis in AXES}
    more = {axis: spanned(contrast(seen, steps["compound"] | opposed[axis]), digits) for axis in AXES}
    each = ", ".join(f"{method} {value}" for method, value in gained.items())
    ahead = ", ".join(f"{value} more than {axis}" for axis, value in more.items())
    return f"Points gained from {small:g} to {large:g} times: {each}. Compound scaling gains {ahead}."


def spanned(found: Contrast, digits: int) -> str:
    """A contrast with its 95% interval."""
    low, high = found.interval()
    return f"{found.estimate:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def observed(runs: pd.DataFrame) -> Observations:
    [observations] = studies(usable(runs)[0]).values()
    return observations


def row(observations: Observations, method: str, budget: float) -> int:
    """The row of a method's network at a multiple of the baseline's multiply-adds; of the baseline at 1."""
    variants = observations.variants
    [index] = np.flatnonzero((variants.method == method) & (variants.flops_target.fillna(1.0) == budget))
    return int(index)


def prediction(runs: pd.DataFrame) -> str:
    """What the law of the runs up to FITTED says of the larger ones, and what these reached."""
    done = runs[(runs.status == "done") & (runs.method != "custom")]
    large = done[done.flops_target > FITTED]
    (law,) = laws(done.drop(large.index))[0].values()
    said = law.predict(large[BUILT].to_numpy())
    return "\n".join(
        f"The law of the {law.n} variants of up to {FITTED:g} times the baseline's multiply-adds predicts "
        f"{guess.top1:.1f}% for {run.method} at {run.flops_target:g} times (mean {guess.low:.1f} to {guess.high:.1f}, "
        f"a single run {guess.run_low:.1f} to {guess.run_high:.1f}); the run reached {run.top1:.1f}%."
        for run, guess in zip(large.itertuples(), said.itertuples(), strict=True)
    )
