"""Sentences of the summary's opening, each of one table; None where the table says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from scaling_study.analysis.latency import setting_words
from scaling_study.analysis.law_tables import BEYOND, LEAD
from scaling_study.analysis.robustness import LAW_QUESTION, SATURATION_QUESTION, saturates
from scaling_study.analysis.search import OVER_BUDGET
from scaling_study.report.markdown import COST_NAMES, PAPER, amount, epochs_text, joined, triple
from scaling_study.report.opening_compound import cost_marks, seed_marks
from scaling_study.scaling.grid import TARGET

TIMES = {"inference": "the latency of one image", "train_step": "the time of a training step"}
LAW_CHANGES = {"yes": "a mix of axes is better", "no": "no lead"}  # results of the check, in words
GROWN = 1.005  # coefficients up to this one do not grow their axis


def saturation_sentence(
    fits: pd.DataFrame | None,
    largest: Mapping[str, float],
    robustness: pd.DataFrame | None = None,
    cost: str = "flops",
) -> str | None:
    """Whether and where each method saturates along ``cost``. largest: {method: largest trained cost}."""
    if fits is None or not (fits.cost == cost).any():
        return None
    rows = fits[(fits.cost == cost) & fits.chosen]
    if rows.empty:
        return "Whether accuracy is saturated is open: no method was trained at enough sizes for a curve."
    groups: dict[str, list] = {}
    for row in rows.itertuples():
        groups.setdefault(saturates(row, largest[row.method]), []).append(row)
    words = {
        "saturated": "{it} is saturated{meant} with",
        "not saturated": "{it} is not saturated{meant} with",
        "open": "saturation{meant} is open with",
        "falling": "{it} is falling towards the largest networks with",
        "no clear trend": "{it} has no clear trend with",
    }
    it, meant = "accuracy", f" (a doubling of {COST_NAMES[cost]} brings less than {rows.threshold.max():g} points)"
    parts = []
    for verdict in filter(groups.__contains__, words):
        details = [detail(row, verdict, largest[row.method], robustness) for row in groups[verdict]]
        parts.append(f"{words[verdict].format(it=it, meant=meant)} {joined(details)}")
        it = "it" if "{it}" in words[verdict] else it
        meant = "" if "{meant}" in words[verdict] else meant  # said once
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def detail(row: Any, verdict: str, largest: float, robustness: pd.DataFrame | None) -> str:
    """A method with what stands behind its verdict, and how that changes without one seed or by other costs."""
    question = SATURATION_QUESTION.format(row.method)
    sizes = [start(row)] if verdict == "saturated" else []
    sizes += [last_doubling(row, largest)] if verdict in ("not saturated", "open") else []
    sizes += seed_marks(robustness, question)
    sizes += cost_marks(robustness, question) if verdict in ("saturated", "not saturated") else []
    return f"{row.method} ({'; '.join(sizes)})" if sizes else row.method


def start(row: Any) -> str:
    """From which cost on a method saturates."""
    first = row.saturation_cost <= row.unit * (1 + 1e-9)
    latest = f"{amount(row.saturation_high, row.cost)} at the latest"
    return f"from {latest}" if first else f"from {amount(row.saturation_cost, row.cost)}, {latest}"


def last_doubling(row: Any, largest: float) -> str:
    """What the last doubling brought without a fitted curve, and up to where was trained."""
    if pd.isna(row.measured_gain):
        return f"trained up to {amount(largest, row.cost)}"
    span = "" if pd.isna(row.measured_gain_low) else f", {row.measured_gain_low:+.2f} to {row.measured_gain_high:+.2f}"
    sure = f", above {row.threshold:g}" if row.measured_gain_low > row.threshold else ""
    return f"last doubling, to {amount(largest, row.cost)}: {row.measured_gain:+.2f} points{span}{sure}"


def law_sentence(law: pd.DataFrame | None, robustness: pd.DataFrame | None = None) -> str | None:
    """The best direction of the law at the largest trained budget, with its intervals."""
    if law is None or law.empty:
        return None
    trained = law[(law.budget <= law.budget.max() / BEYOND) & ~law.extrapolated.fillna(True)]
    leads = trained[trained.quantity == LEAD]
    if leads.empty:
        return None
    lead = next(leads[leads.budget == leads.budget.max()].itertuples())
    rows = trained[(trained.quantity == "best direction") & (trained.budget == lead.budget)]
    words = f"By one curve fitted to all networks, {lead.budget:g} times the baseline's multiply-adds are best spent on"
    marks = "".join(f"; {mark}" for mark in seed_marks(robustness, LAW_QUESTION, LAW_CHANGES))
    if lead.value == 0:
        alone = next(row for row in rows.itertuples() if row.axis == lead.axis)
        grown = f"{alone.value:.2f} times the baseline's, {alone.low:.2f} to {alone.high:.2f}{marks}"
        return f"{words} {lead.axis} alone ({grown}){also_allowed(rows, alone)}."
    shape = joined(f"{row.axis} {row.value:.2f} ({row.low:.2f} to {row.high:.2f})" for row in rows.itertuples())
    sure = "" if lead.low > 0 else ", which may be none"
    return (
        f"{words} {shape} times the baseline's, with a lead of {lead.value:.2f} points ({lead.low:+.2f} to "
        f"{lead.high:+.2f}{sure}) over {lead.axis} alone{marks}."
    )


def also_allowed(rows: pd.DataFrame, alone: Any) -> str:
    """What else the intervals of the best direction hold, where its best is one axis alone."""
    found = [
        f"{row.axis} up to {row.high:.2f}" for row in rows.itertuples() if row.axis != alone.axis and row.high > GROWN
    ]
    found += [f"no growth of {alone.axis}"] if alone.low <= GROWN else []
    return f", but the intervals also allow {joined(found)}" if found else ""


def search_sentence(search: pd.DataFrame | None) -> str | None:
    if search is None or search.empty:
        return None
    budget = f"the budget of {TARGET * OVER_BUDGET:g} times the baseline's multiply-adds as built"
    best = search[search.verdict == "best"]
    if best.empty:
        return f"None of the {len(search)} triples of depth, width and resolution kept to {budget}."
    row = next(best.itertuples())
    others = search[~search.verdict.isin(["best", "over budget"])]
    equal = (others.verdict == "not distinguishable").sum()
    also = "but" if equal or others.empty or (search.verdict == "no interval").any() else "and"
    if (search.verdict == "no interval").any():
        clear, sure = "no clear winner", "without a second seed that may be chance"
    elif others.empty:
        clear, sure = "one triple within its budget", "no other can be compared with it"
    else:
        clear = "no clear winner" if equal else "a clear winner"
        worse = len(others) - equal
        sure = f"{worse or 'none'} of the {len(others)} others within it {'are' if worse > 1 else 'is'} clearly worse"
        sure += " after correction for several comparisons"
    return (
        f"The search found {clear}: of {len(search)} triples of depth, width and resolution, {triple(row)} has the "
        f"highest validation accuracy ({row.accuracy:.2f}%) within {budget}, {also} {sure}."
    )


def regime_sentence(regime: pd.DataFrame | None) -> str | None:
    """The difference of width and depth after the shortest and longest training, and its change, at the largest
    budget."""
    if regime is None or regime.empty:
        return None
    rows = regime[regime.flops_target == regime.flops_target.max()]
    change = next(rows[rows.epochs.isna()].itertuples())
    lengths = rows[rows.epochs.notna()].sort_values("epochs")
    of = f"at {change.flops_target:g} times the baseline's multiply-adds"
    if pd.isna(change.low):
        return (
            f"Whether the difference between width and depth {of} changes with the length of training cannot be said "
            "without seeds that differ."
        )
    sign = -1 if lengths.points.iloc[0] < 0 else 1
    ahead, behind = ("width", "depth") if sign < 0 else ("depth", "width")
    leads = [f"{signed(row, sign)} after {epochs_text(row.epochs)}" for row in lengths.iloc[[0, -1]].itertuples()]
    size = f"it changes by {signed(change, sign)} per doubling of epochs"
    clear = ", which may be chance" if change.verdict == "not distinguishable" else ""
    return f"{of[0].upper()}{of[1:]}, the lead of {ahead} over {behind} is {joined(leads)}; {size}{clear}."


def signed(row: Any, sign: int) -> str:
    low, high = sorted((sign * row.low, sign * row.high))
    return f"{sign * row.points:+.2f} points ({low:+.2f} to {high:+.2f})"


def time_sentence(times: pd.DataFrame | None) -> str | None:
    """The count that goes best with each time, over all networks of the first device."""
    if times is None or times.empty:
        return None
    shown = times[(times.status == "estimated") & (times.family == "all")]
    if shown.empty:
        return None
    shown = shown[shown.device == shown.device.iloc[0]]
    shown = shown[shown.runtime == ("eager" if (shown.runtime == "eager").any() else shown.runtime.iloc[0])]
    groups = [rows for _, rows in shown.groupby("time", sort=False)]
    doubts = [rivals(rows) for rows in groups]
    every = all(len(found) == len(rows) - 1 for found, rows in zip(doubts, groups, strict=True))
    parts = [
        best_count(rows, [] if every else found, rows is groups[0]) for rows, found in zip(groups, doubts, strict=True)
    ]
    first = shown.iloc[0]
    networks = joined(dict.fromkeys(str(rows.n.max()) for rows in groups))
    tail = ", but no count is clearly best" if every else ""
    return f"On {setting_words(first)}, over {networks} networks, {joined(parts)}{tail}."


def rivals(rows: pd.DataFrame) -> list[str]:
    """The counts whose interval reaches into that of the highest correlation."""
    best = rows.loc[rows.correlation.idxmax()]
    found = rows[(rows.correlation_high > best.correlation_low) & (rows.predictor != best.predictor)]
    return [COST_NAMES[name] for name in found.predictor]


def best_count(rows: pd.DataFrame, doubts: list[str], first: bool) -> str:
    best = rows.loc[rows.correlation.idxmax()]
    doubt = f"; not clearly more than with {joined(doubts)}" if doubts else ""
    span = f"{best.correlation:.2f}, {best.correlation_low:.2f} to {best.correlation_high:.2f}"
    verb = "correlates most " if first else ""
    return f"{TIMES[best.time]} {verb}with {COST_NAMES[best.predictor]} ({span}{doubt})"


def published_sentence(comparisons: pd.DataFrame | None) -> str | None:
    if comparisons is None or comparisons.empty:
        return None
    known = comparisons.difference.dropna()
    return (
        f"In Tables 3 and 7 of {PAPER}, compound scaling is ahead in {(known > 0).sum()} of {len(known)} comparisons, "
        f"by {known.min():+.1f} to {known.max():+.1f} points, but each is of single trainings, so how much of it is "
        "chance is unknown."
    )
