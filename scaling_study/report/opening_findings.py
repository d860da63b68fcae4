"""Sentences of the summary's opening, each of one table; None where the table says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from scaling_study.analysis.law_tables import BEYOND, LEAD
from scaling_study.analysis.robustness import saturates
from scaling_study.report.markdown import COST_NAMES, joined, number, triple

TIMES = {"inference": "the latency of one image", "train_step": "the time of a training step"}
VERDICTS = ("better", "worse", "not distinguishable")


def saturation_sentence(fits: pd.DataFrame | None, largest: Mapping[str, float]) -> str | None:
    """Whether and where each method saturates. largest: {method: largest trained multiply-adds}."""
    if fits is None or fits.empty:
        return None
    rows = fits[(fits.cost == "flops") & fits.chosen]
    if rows.empty:
        return "Whether accuracy saturates cannot be judged: no method was trained at enough costs for a curve."
    groups: dict[str, list] = {}
    for row in rows.itertuples():
        verdict = "falls" if row.shape == "falling" else saturates(row, largest[row.method])
        if verdict == "cannot be said" and row.measured_gain_low > row.threshold:
            verdict = "rises"  # up to the largest cost; whether it does beyond is not known
        groups.setdefault(verdict, []).append(row)
    least = f"{rows.threshold.max():g} points"
    words = {
        "yes": "saturates{} with",
        "no": "does not saturate{} within the trained networks with",
        "rises": f"still rose by clearly more than {least} with",
        "cannot be said": "may or may not saturate{} within the trained networks with",
        "falls": "falls again towards the largest networks with",
        "no clear trend": "shows no clear trend with",
    }
    meant = f" (a doubling of multiply-adds then brings less than {least})"
    parts = []
    for verdict in filter(groups.__contains__, words):
        found = groups[verdict]
        if verdict in ("falls", "no clear trend"):
            details = [row.method for row in found]
        else:
            details = [start(row) if verdict == "yes" else last_doubling(row, largest[row.method]) for row in found]
        parts.append(f"{words[verdict].format(meant)} {joined(details)}")
        meant = "" if "{}" in words[verdict] else meant  # said once
    return f"With more multiply-adds, accuracy {'; it '.join(parts)}."


def start(row: Any) -> str:
    """From which cost on a method saturates."""
    first = row.saturation_cost <= row.unit * (1 + 1e-9)
    where = "the baseline" if first else number(row.saturation_cost)
    return f"{row.method} from {where} on (95% interval {number(row.saturation_low)} to {number(row.saturation_high)})"


def last_doubling(row: Any, largest: float) -> str:
    """What the last doubling brought without a fitted curve, and up to where was trained."""
    if pd.isna(row.measured_gain):
        return f"{row.method} (trained up to {number(largest)})"
    span = "" if pd.isna(row.measured_gain_low) else f", {row.measured_gain_low:+.2f} to {row.measured_gain_high:+.2f}"
    return f"{row.method} (last doubling, up to {number(largest)}: {row.measured_gain:+.2f} points{span})"


def compound_sentence(comparisons: pd.DataFrame | None, methods: set[str]) -> str:
    """Compound against every other method by multiply-adds, each at the largest cost that can be compared."""
    if comparisons is None or comparisons.empty:
        if "compound" not in methods:
            return "Of compound scaling nothing can be said: the study has no series of compound networks."
        return "Of compound scaling nothing can be said: no other method was trained."
    rows = largest(comparisons, "flops")
    if rows.empty:
        return "Of compound scaling nothing can be said: no other method was trained around the same multiply-adds."
    words = "At equal multiply-adds (the most that can be compared),"
    if rows.p.isna().all():
        leads = joined(f"{row.difference:+.2f} points to {row.other}" for row in rows.itertuples())
        return f"{words} compound scaling has a lead of {leads}, but without seeds that differ it may all be chance."
    parts = []
    for verdict in VERDICTS:
        found = [
            f"{row.other} ({row.difference:+.2f} points, {row.low:+.2f} to {row.high:+.2f})"
            for row in rows[rows.verdict == verdict].itertuples()
        ]
        if found:
            parts.append(f"{verdict} {'from' if verdict == VERDICTS[2] else 'than'} {joined(found)}")
    apart = ((rows.low > 0) | (rows.high < 0)) & (rows.verdict == VERDICTS[2])
    many = ", since with several comparisons one interval may miss 0 by chance" if apart.any() else ""
    return f"{words} compound scaling is {joined(parts)}{many}."


def largest(comparisons: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The comparison with each method at the largest cost, among those with an interval where there are some."""
    rows = comparisons[(comparisons.cost == cost) & comparisons.difference.notna()]
    rows = rows[rows.p.notna()] if rows.p.notna().any() else rows
    return rows.sort_values("cost_value").drop_duplicates("other", keep="last")


def cost_sentence(comparisons: pd.DataFrame | None) -> str | None:
    """Whether the verdicts on compound scaling change with the cost that is held equal."""
    if comparisons is None or comparisons.empty:
        return None
    verdicts = {
        cost: {row.other: row.verdict for row in largest(comparisons, cost).itertuples() if row.verdict in VERDICTS}
        for cost in comparisons.cost.unique()
    }
    first = verdicts.pop("flops", {})
    changed: dict[tuple[str, str], list[str]] = {}
    compared = [cost for cost in verdicts if first.keys() & verdicts[cost].keys()]
    for cost in compared:
        for other in first:
            if (verdict := verdicts[cost].get(other, first[other])) != first[other]:
                changed.setdefault((other, verdict), []).append(COST_NAMES[cost])
    if not compared:
        return None
    if not changed:
        return f"The verdicts on it are the same by {joined(COST_NAMES[cost] for cost in compared)}."
    parts = [
        f"{verdict} {'from' if verdict == VERDICTS[2] else 'than'} {other} by {joined(costs)}"
        for (other, verdict), costs in changed.items()
    ]
    return f"Which cost is held equal matters: compound scaling is {joined(parts)}."


def law_sentence(law: pd.DataFrame | None) -> str | None:
    """The best direction of the law at the largest trained budget, with its intervals."""
    if law is None or law.empty:
        return None
    trained = law[(law.budget <= law.budget.max() / BEYOND) & ~law.extrapolated.fillna(True)]
    leads = trained[trained.quantity == LEAD]
    if leads.empty:
        return None
    lead = next(leads[leads.budget == leads.budget.max()].itertuples())
    rows = trained[(trained.quantity == "best direction") & (trained.budget == lead.budget)]
    shape = joined(f"{row.axis} {row.value:.2f} ({row.low:.2f} to {row.high:.2f})" for row in rows.itertuples())
    words = (
        f"By one curve fitted to all networks, the best use of {lead.budget:g} times the baseline's multiply-adds is "
        "estimated to be"
    )
    if lead.value == 0:
        return f"{words} {lead.axis} alone: {shape}."
    sure = "" if lead.low > 0 else ", an interval that reaches down to 0"
    return (
        f"{words} {shape}, with a lead of {lead.value:.2f} points ({lead.low:+.2f} to {lead.high:+.2f}{sure}) over "
        f"{lead.axis} alone."
    )


def search_sentence(search: pd.DataFrame | None) -> str | None:
    if search is None or search.empty:
        return None
    best = search[search.verdict == "best"]
    if best.empty:
        return f"All {len(search)} triples of depth, width and resolution that were searched were built over budget."
    row = next(best.itertuples())
    equal = (search.verdict == "not distinguishable").sum()
    sure = f"{equal} other{'s are' if equal != 1 else ' is'} not distinguishable from it"
    if (search.verdict == "no interval").any():
        sure = "without a second seed that may be chance"
    return (
        f"Of {len(search)} triples of depth, width and resolution that were searched, {triple(row)} is best within the "
        f"budget on the validation split ({row.accuracy:.2f}%), but {sure}."
    )


def regime_sentence(regime: pd.DataFrame | None) -> str | None:
    """How depth minus width changes with the length of training, at the largest budget."""
    if regime is None or regime.empty:
        return None
    rows = regime[regime.flops_target == regime.flops_target.max()]
    change = next(rows[rows.epochs.isna()].itertuples())
    of = f"the lead of depth over width at {change.flops_target:g} times the baseline's multiply-adds"
    if pd.isna(change.low):
        return f"Whether {of} changes with the length of training cannot be said without seeds that differ."
    size = f"{change.points:+.2f} points ({change.low:+.2f} to {change.high:+.2f}) per doubling of epochs"
    if change.verdict == "not distinguishable":
        return f"Whether {of} changes with the length of training cannot be told from chance: {size}."
    return f"With longer training {of} changes by {size}: {change.verdict}."


def time_sentence(times: pd.DataFrame | None) -> str | None:
    """The count that goes best with each time, over all networks of the first device."""
    if times is None or times.empty:
        return None
    shown = times[(times.status == "estimated") & (times.family == "all")]
    shown = shown[shown.device == shown.device.iloc[0]] if len(shown) else shown
    parts = [best_count(rows) for _, rows in shown.groupby("time", sort=False)]
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}." if parts else None


def best_count(rows: pd.DataFrame) -> str:
    best = rows.loc[rows.correlation.idxmax()]
    rivals = rows[(rows.correlation_high > best.correlation_low) & (rows.predictor != best.predictor)]
    doubt = ""
    if len(rivals):
        names = joined(COST_NAMES[name] for name in rivals.predictor)
        doubt = f", but that of {names} may be as high"
    span = f"correlation {best.correlation:.2f}, {best.correlation_low:.2f} to {best.correlation_high:.2f}"
    return f"{TIMES[best.time]} goes best with {COST_NAMES[best.predictor]} ({span}, {best.n} networks{doubt})"


def published_sentence(comparisons: pd.DataFrame | None) -> str | None:
    if comparisons is None or comparisons.empty:
        return None
    known = comparisons.difference.dropna()
    return (
        f"In the paper's own tables compound scaling is ahead in {(known > 0).sum()} of {len(known)} comparisons, by "
        f"{known.min():+.1f} to {known.max():+.1f} points, but each is of single trainings, so how much is chance is "
        "unknown."
    )
