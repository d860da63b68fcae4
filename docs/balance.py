"""The methods from two baselines of equal multiply-adds, one of them with more pixels: docs/explanation/results.md."""

from __future__ import annotations

import pandas as pd
import statsmodels.formula.api as smf

BUDGET = 4.0  # multiples of the baselines' multiply-adds
METHODS = ("depth", "width", "resolution")


def lines(studies: list[pd.DataFrame]) -> list[str]:
    """A Markdown table of how far compound scaling is ahead of each method, a column per baseline, and the change from
    the first to the last; then how far the last baseline is ahead of the first.

    Intervals are 95%, of contrasts of the means of all variants, which share one standard deviation over seeds. That
    is for runs of one data set and recipe.
    """
    runs = pd.concat([named(study) for study in studies], ignore_index=True)
    fit = smf.ols("top1 ~ C(cell) - 1", runs).fit()
    sizes = runs.drop_duplicates("pixels").pixels.tolist()
    first, last = sizes[0], sizes[-1]
    rows = [
        f"| compound minus | {' | '.join(f'from {px} pixels' for px in sizes)} | change |",
        "| --- " * (len(sizes) + 2) + "|",
    ]
    for method in METHODS:
        leads = {px: f"{cell(px, 'compound')} - {cell(px, method)}" for px in sizes}
        cells = [words(fit, lead) for lead in leads.values()]
        rows.append(f"| {' | '.join([method, *cells, words(fit, f'{leads[last]} - ({leads[first]})')])} |")
    ahead = words(fit, f"{cell(last, 'baseline')} - {cell(first, 'baseline')}")
    return [*rows, "", f"The baseline of {last} pixels is {ahead} points ahead of that of {first}."]


def named(runs: pd.DataFrame) -> pd.DataFrame:
    """The finished runs of a study at the budget and of its baseline, whose pixels and method name a ``cell``."""
    done = runs[(runs.status == "done") & ((runs.method == "baseline") | (runs.flops_target == BUDGET))]
    [pixels] = set(done[done.method == "baseline"].resolution_px)
    names = [f"{method}{pixels}" for method in done.method]
    return pd.DataFrame({"top1": done.top1.astype(float).to_numpy(), "cell": names, "pixels": pixels})


def cell(pixels: int, method: str) -> str:
    return f"C(cell)[{method}{pixels}]"


def words(fit, contrast: str) -> str:
    """A contrast of means in points, with its 95% interval."""
    found = fit.t_test(contrast)
    ((low, high),) = found.conf_int()
    return f"{found.effect[0]:+.1f} ({low:+.1f} to {high:+.1f})"
