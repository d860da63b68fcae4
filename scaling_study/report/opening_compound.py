"""Sentences of the summary's opening about compound scaling, and the words for claims that hang on one seed or cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pandas as pd

from scaling_study.report.markdown import COST_NAMES, alternatives, amount, joined

VERDICTS = ("better", "worse", "not distinguishable")
APART = "apart"  # not distinguishable, though the interval of this comparison alone misses 0
NAME = "compound scaling"


def compound_sentence(
    comparisons: pd.DataFrame | None,
    methods: set[str],
    robustness: pd.DataFrame | None = None,
    searched: bool = False,
    cost: str = "flops",
) -> str:
    """Compound against every other method by ``cost``, each at the largest cost that can be compared."""
    if comparisons is None or comparisons.empty:
        if searched:
            return "Compound scaling was not compared: each triple was trained at one size only, which is no series."
        if "compound" not in methods:
            return "Compound scaling was not compared: no series of compound networks was trained."
        return "Compound scaling was not compared: no other method was trained."
    rows = largest(comparisons, cost)
    if rows.empty:
        return f"Compound scaling was not compared: no other method was trained around the same {COST_NAMES[cost]}."
    words = f"At the largest {COST_NAMES[cost]} that both methods reach, {NAME} (all three axes grown by one rule)"
    if rows.p.isna().all():
        leads = joined(f"{row.difference:+.2f} points to {row.other}" for row in rows.itertuples())
        return f"{words} has a difference of {leads}, but without seeds that differ it may all be chance."
    groups: dict[str, list[str]] = {}
    for row in rows.itertuples():
        marks = "".join(f"; {mark}" for mark in seed_marks(robustness, f"{row.method} against {row.other}"))
        size = f"{amount(row.cost_value, cost)}: {row.difference:+.2f} points, {row.low:+.2f} to {row.high:+.2f}{marks}"
        apart = row.verdict == VERDICTS[2] and not row.low <= 0 <= row.high
        side = f"{'ahead of' if row.difference > 0 else 'behind'} {APART}"
        groups.setdefault(side if apart else row.verdict, []).append(f"{row.other} ({size})")
    parts = [f"{relation(verdict)} {joined(groups[verdict])}" for verdict in VERDICTS if verdict in groups]
    parts += [
        f"{verdict.removesuffix(f' {APART}')} {joined(found)}, but not clearly after correction for several comparisons"
        for verdict, found in groups.items()
        if verdict.endswith(APART)
    ]
    return f"{words} is {'; it is '.join(parts)}."


def relation(verdict: str) -> str:
    return f"{verdict} {'from' if verdict == VERDICTS[2] else 'than'}"


def largest(comparisons: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The comparison with each method at the largest cost, among those with an interval where there are some."""
    rows = comparisons[(comparisons.cost == cost) & comparisons.difference.notna()]
    rows = rows[rows.p.notna()] if rows.p.notna().any() else rows
    return rows.sort_values("cost_value").drop_duplicates("other", keep="last")


def cost_sentence(
    comparisons: pd.DataFrame | None, leaders: pd.DataFrame | None = None, first_cost: str = "flops"
) -> str | None:
    """Whether the verdicts on compound scaling by other costs differ from those by ``first_cost``."""
    if comparisons is None or comparisons.empty:
        return None
    verdicts = {
        cost: {row.other: row.verdict for row in largest(comparisons, cost).itertuples() if row.verdict in VERDICTS}
        for cost in comparisons.cost.unique()
    }
    first = verdicts.pop(first_cost, {})
    compared = [cost for cost in verdicts if first.keys() & verdicts[cost].keys()]
    if not compared:
        return None
    changed = [
        (other, verdicts[cost][other], cost)
        for cost in compared
        for other in first
        if verdicts[cost].get(other, first[other]) != first[other]
    ]
    smaller = [
        (other, verdict, cost)
        for cost, other, verdict in found_below(comparisons)
        if cost in compared and verdict != verdicts[cost].get(other) and verdict != first.get(other)
    ]
    parts = [f"at the largest one, {NAME} is {by_cost(changed)}"] if changed else []
    parts += [f"at smaller ones {'it' if changed else NAME} is {by_cost(smaller)}"] if smaller else []
    best = list(leads(leaders, first_cost))
    if not parts:
        same = f"The verdicts on {NAME} are the same by {joined(COST_NAMES[cost] for cost in compared)}"
        return f"{'; '.join([same, *best])}."
    return f"The verdict changes with the cost that is held equal: {'; '.join([*parts, *best])}."


def by_cost(found: list[tuple[str, str, str]]) -> str:
    """``worse than width by latency and better than depth by parameters``, of (other, verdict, cost)."""
    costs: dict[tuple[str, str], list[str]] = {}
    for other, verdict, cost in found:
        costs.setdefault((verdict, other), []).append(COST_NAMES[cost])
    words = [f"{relation(verdict)} {other} by {joined(names)}" for (verdict, other), names in costs.items()]
    return f"{', '.join(words[:-1])} and {words[-1]}" if words[1:] else words[0]


def found_below(comparisons: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """(cost, other, better or worse) of comparisons at less than the largest cost."""
    rows = comparisons[comparisons.verdict.isin(VERDICTS[:2])]
    yield from dict.fromkeys(rows[["cost", "other", "verdict"]].itertuples(index=False, name=None))


def leads(leaders: pd.DataFrame | None, first_cost: str = "flops") -> Iterator[str]:
    """The costs by which compound is better than every method that can be compared, if not by ``first_cost``."""
    if leaders is None or leaders.empty:
        return
    for cost, rows in leaders.groupby("cost", sort=False):
        clear = (rows.method == "compound").all() and (rows.verdict == "better").all()
        if cost == first_cost and clear:
            return
        if clear:
            yield f"by {COST_NAMES[cost]} it is better than all methods that can be compared, {joined(rows.other)}"


def seed_marks(
    robustness: pd.DataFrame | None, question: str, words: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """How a claim changes when one seed is left out: ``worse without seed 1``; nothing where it stays. words: for
    results that do not stand for themselves."""
    rows = checks(robustness, question, "without seed ")
    marks = []
    for result, part in rows[~rows.agrees].groupby("result", sort=False):
        seeds = [variation.removeprefix("without seed ") for variation in part.variation]
        all_of_them = len(part) == len(rows) > 1
        marks.append(
            f"{words.get(result, result)} without {'any one seed' if all_of_them else f'seed {alternatives(seeds)}'}"
        )
    return marks


def cost_marks(robustness: pd.DataFrame | None, question: str) -> list[str]:
    """How a claim changes by other costs: ``open by 4 of 5 other costs``; nothing where it stays."""
    rows = checks(robustness, question, "by ")
    marks = []
    for result, part in rows[~rows.agrees].groupby("result", sort=False):
        name = COST_NAMES.get(part.variation.iloc[0].removeprefix("by "))
        marks.append(f"{result} by {f'{len(part)} of {len(rows)} other costs' if len(part) > 1 else name}")
    return marks


def checks(robustness: pd.DataFrame | None, question: str, start: str) -> pd.DataFrame:
    """The variations of one question whose name starts so, with a result."""
    if robustness is None:
        return pd.DataFrame({"variation": [], "result": [], "agrees": pd.Series([], dtype=bool)})
    rows = robustness[(robustness.question == question) & robustness.agrees.notna()]
    return rows[rows.variation.str.startswith(start)].astype({"agrees": bool})
