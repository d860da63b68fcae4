"""The summary's parts about searches, surfaces, lengths of training, times and published tables."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.latency import setting_words
from scaling_study.analysis.search import OVER_BUDGET
from scaling_study.analysis.times import TIMES
from scaling_study.records.costs import SETTING
from scaling_study.report.markdown import (
    COST_NAMES,
    PAPER,
    epochs_text,
    interval,
    joined,
    number,
    ratio,
    table,
    triple,
)
from scaling_study.scaling.coefficients import AXES
from scaling_study.scaling.grid import TARGET

LEFT_OUT = (
    "Left out: the times of networks by those that the line through all other families predicts, their geometric mean "
    "and, in brackets, the factor by which one is off (root mean square). "
)


def search_part(search: pd.DataFrame) -> Iterator[str]:
    yield "## Search for alpha, beta and gamma"
    yield ""
    yield (
        f"Each triple multiplies depth by alpha, width by beta and resolution by gamma, for about {TARGET:g} times the "
        f"baseline's multiply-adds; over budget: above {TARGET * OVER_BUDGET:g} times as built, since rounding can add "
        "to it. Others are compared with the best within the budget; verdicts are corrected for all these comparisons "
        "(Holm), so a difference whose own interval misses 0 may still be not distinguishable."
    )
    for (model, epochs), rows in search.groupby(["model", "epochs"], dropna=False):
        name = model if search.epochs.nunique() < 2 else f"{model}, {epochs_text(epochs)}"
        yield ""
        yield f"{name}: {search_words(rows)}"
        yield ""
        yield from table([search_row(row) for row in rows.itertuples()])


def search_words(rows: pd.DataFrame) -> str:
    others = rows[rows.verdict != "best"]
    if len(others) == len(rows):
        return "every triple was built over budget."
    best, within = rows.iloc[0], others[others.verdict != "over budget"]
    equal = (within.verdict == "not distinguishable").sum()
    are = "is" if equal == 1 else "are"
    return (
        f"best on the validation split is alpha, beta, gamma = {triple(best)} with {best.accuracy:.2f}% at "
        f"{ratio(best.flops_ratio)} the baseline's multiply-adds (n = {best.n}). Of the {len(within)} others within "
        f"the budget, {equal} {are} not distinguishable from it; {len(others) - len(within)} more were built over it."
    )


def search_row(row: Any) -> dict[str, Any]:
    lead = interval(-row.behind, -row.high, -row.low, "{:+.2f}")
    return {
        "alpha, beta, gamma": triple(row),
        "built cost": ratio(row.flops_ratio),
        "validation top-1": f"{row.accuracy:.2f}",
        "points above the best": "" if row.verdict == "best" else lead,
        "verdict": row.verdict,
    }


def surface_part(surface: pd.DataFrame) -> Iterator[str]:
    yield "## Response surface"
    yield ""
    yield (
        "A plane or curved surface of log error over the logarithms of the coefficients, fitted to all networks, with "
        "intervals from their scatter about it: at the baseline, one percent more of an axis lowers the error by its "
        "exponent in percent. Squares and products of axes, where the surface has them, are in surface.csv."
    )
    yield ""
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "surface": row.surface,
                "axis": row.term,
                "exponent": interval(row.exponent, row.low, row.high, "{:+.3f}"),
                "error of left-out networks": f"{100 * np.expm1(row.leave_one_out_log_error):.1f}%",
                "networks": row.n,
            }
            for row in surface[surface.chosen & surface.term.isin(AXES)].itertuples()
        ]
    )


def regime_part(regime: pd.DataFrame) -> Iterator[str]:
    yield "## Depth or width: does it depend on the length of training?"
    yield ""
    yield (
        "Accuracy of depth minus that of width at equal multiply-adds (budget: times the baseline's), after each "
        "length of training, and how it changes when training doubles, from the networks of all lengths together."
    )
    yield ""
    yield from table(
        [
            {
                "model": row.model,
                "budget": f"{row.flops_target:g}x",
                "epochs": "all" if pd.isna(row.epochs) else row.epochs,
                "effect": row.effect,
                "points": interval(row.points, row.low, row.high, "{:+.2f}"),
                "verdict": row.verdict.replace("favours", "moves the difference towards"),
                "seeds": row.n,
            }
            for row in regime.itertuples()
        ]
    )


def time_part(times: pd.DataFrame) -> Iterator[str]:
    yield "## Which count predicts time"
    yield ""
    shown = times[times.status == "estimated"]
    if shown.empty:
        yield "Too few networks were timed."
        return
    several = shown.left_out_ratio.notna().any()
    devices = dict.fromkeys(shown.apply(setting_words, axis=1))
    yield (
        "Correlation of the logarithms of time and of each count, over all networks and within families, and the "
        f"exponent of the line through them; intervals from the scatter about it. {LEFT_OUT if several else ''}"
        f"{'; '.join(devices)}."
    )
    yield ""
    yield from (f"- {line}" for line in best_predictors(shown))
    yield ""
    yield from table(
        [
            {
                "device": setting_words(row._asdict()),
                "time": TIMES[row.time],
                "networks": f"{row.family} ({row.n})",
                "count": COST_NAMES[row.predictor],
                "correlation": interval(row.correlation, row.correlation_low, row.correlation_high, "{:.2f}"),
                "exponent": interval(row.exponent, row.exponent_low, row.exponent_high, "{:.2f}"),
            }
            | ({"left out": left_out(row)} if several else {})
            for row in shown.itertuples()
        ]
    )


def left_out(row: Any) -> str:
    """``1.30 (by 1.42)``; nothing where no line goes through other families."""
    return "" if isnan(row.left_out_ratio) else f"{row.left_out_ratio:.2f} (by {row.left_out_factor:.2f})"


def best_predictors(fits: pd.DataFrame) -> Iterator[str]:
    """For each time and group of networks, the count of the highest correlation, and those that may do as well."""
    for (*_, time, family), rows in fits.groupby([*SETTING, "time", "family"], sort=False, dropna=False):
        best = rows.loc[rows.correlation.idxmax()]
        rivals = rows[(rows.correlation_high > best.correlation_low) & (rows.predictor != best.predictor)]
        names = [COST_NAMES[name] for name in rivals.predictor]
        where = "all networks" if family == "all" else family
        place = f" on {setting_words(best)}" if len(fits[SETTING].drop_duplicates()) > 1 else ""
        tail = f"not clearly lower: {joined(names)}" if names else "clearly above the others"
        best_of = f"highest with {COST_NAMES[best.predictor]} ({best.correlation:.2f})"
        yield f"{TIMES[time]}, {where}{place}: {best_of}; {tail}"


def published_part(comparisons: pd.DataFrame) -> Iterator[str]:
    yield f"## Tables 3 and 7 of {PAPER}"
    yield ""
    yield "One training each, so no difference has an interval: how much of it is chance is unknown."
    yield ""
    yield from table(
        [
            {
                "table": row.model,
                "against": row.other,
                "multiply-adds": number(row.cost_value),
                "compound ahead by": "" if pd.isna(row.difference) else f"{row.difference:+.1f}",
                "basis": row.basis,
                "verdict": row.verdict,
            }
            for row in comparisons.itertuples()
        ]
    )
