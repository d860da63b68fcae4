"""The methods at equal multiply-adds, trained with the standard recipe: docs/explanation/results.md."""

from __future__ import annotations

import pandas as pd
import statsmodels.formula.api as smf

import scaling_study as ss
from scaling_study.analysis.law import laws
from scaling_study.scaling.coefficients import AXES

FITTED = 4.0  # multiples of the baseline's multiply-adds, up to which the law sees runs
BUILT = ["built_depth", "built_width", "built_resolution"]


def lines(runs: pd.DataFrame) -> list[str]:
    """A Markdown table of the accuracies, and how the law's prediction from small networks fares."""
    return [*table(runs), "", doublings(runs), "", prediction(runs)]


def table(runs: pd.DataFrame) -> list[str]:
    """A row per variant: accuracy, how far compound scaling is ahead of it at the same budget, convergence."""
    done = runs[runs.status == "done"].assign(budget=runs.flops_target.fillna(1.0))
    leads = ss.compare(done, ["flops"])
    leads = leads[leads.basis == "matched"].set_index(["flops_target", "other"])
    keys = ["method", "budget"]
    means = done.groupby(keys)[["resolution_px", *BUILT, "flops", "last_tenth_gain"]].mean()
    rows = [
        "| multiply-adds | method | depth, width, pixels | Mflops | seeds | top-1 | compound minus it | last tenth |",
        "| --- " * 8 + "|",
    ]
    accuracies = ss.accuracies(done).fillna({"budget": 1.0})
    for row in accuracies.sort_values(["budget", "accuracy"]).itertuples():
        built = means.loc[(row.method, row.budget)]
        cells = [
            f"{row.budget:g}",
            row.method,
            f"{built.built_depth:g}, {built.built_width:.2f}, {built.resolution_px:g}",
            f"{built.flops / 1e6:.2f}",
            f"{row.n}",
            f"{row.accuracy:.1f} ± {row.half_width:.1f}" if row.n > 1 else f"{row.accuracy:.1f}",
            lead(leads, row),
            f"{built.last_tenth_gain:+.2f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def lead(leads: pd.DataFrame, row) -> str:
    """Points by which compound scaling is ahead of a variant, with its 95% interval; empty where none was compared."""
    if (row.budget, row.method) not in leads.index:
        return ""
    found = leads.loc[(row.budget, row.method)]
    return f"{found.difference:+.1f} ({found.low:+.1f} to {found.high:+.1f})"


def doublings(runs: pd.DataFrame) -> str:
    """What the first and the second doubling of the multiply-adds bring along each axis, and the difference with a 95%
    interval, as a contrast of the means of all variants, which share one standard deviation over seeds."""
    used = runs[(runs.status == "done") & (runs.method != "compound")]
    cell = used.method.astype(str) + used.flops_target.fillna(1.0).map("{:g}".format)
    fit = smf.ols("top1 ~ C(cell) - 1", pd.DataFrame({"top1": used.top1.astype(float), "cell": cell})).fit()
    parts = []
    for axis in AXES:
        one, two, four = (f"C(cell)[{name}]" for name in ("baseline1", f"{axis}2", f"{axis}4"))
        contrast = fit.t_test(f"2 * {two} - {one} - {four}")
        ((low, high),) = contrast.conf_int()
        first, second = fit.params[two] - fit.params[one], fit.params[four] - fit.params[two]
        parts.append(
            f"{first:.1f} and then {second:.1f} points by {axis} "
            f"({contrast.effect[0]:.1f} less, {low:.1f} to {high:.1f})"
        )
    return f"Doubling the multiply-adds once and twice brings {parts[0]}, {parts[1]} and {parts[2]}."


def prediction(runs: pd.DataFrame) -> str:
    """What the law of the runs up to FITTED says of the larger ones, and what these reached."""
    done = runs[runs.status == "done"]
    large = done[done.flops_target > FITTED]
    (law,) = laws(done.drop(large.index))[0].values()
    said = law.predict(large[BUILT].to_numpy())
    return "\n".join(
        f"The law of the {law.n} variants of up to {FITTED:g} times the baseline's multiply-adds predicts "
        f"{guess.top1:.1f}% for {run.method} at {run.flops_target:g} times (mean {guess.low:.1f} to {guess.high:.1f}, "
        f"a single run {guess.run_low:.1f} to {guess.run_high:.1f}); the run reached {run.top1:.1f}%."
        for run, guess in zip(large.itertuples(), said.itertuples(), strict=True)
    )
