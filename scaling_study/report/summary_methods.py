"""The summary's parts about methods: saturation, comparisons at equal cost, the best of them, the frontier."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from scaling_study.analysis.comparisons import MATCHED
from scaling_study.analysis.observations import STUDY, TRAIN_FLOPS, observe
from scaling_study.analysis.robustness import largest_cost, of_part, saturates
from scaling_study.analysis.rules import one_rule
from scaling_study.report.markdown import (
    COST_NAMES,
    amount,
    coefficients,
    epochs_text,
    interval,
    joined,
    table,
)

SATURATION_WORDS = (
    "Saturated: a doubling of {cost} brings less than {threshold} points from some cost on, and the whole "
    "interval of that cost lies within the trained ones. Not saturated: all of it lies beyond them. Open: a part of "
    "it does. No clear trend: no dependence on {cost} beyond the noise. Falling: the largest networks are "
    "worse than smaller ones. Three curves are fitted, to cover the choice of curve; numbers are of the average of "
    "two (a power law with a floor, and M4 of Alabdulmohsin et al. 2022), intervals of all three. The last doubling "
    "is given as measured at the largest cost and half of it alone, and by the curve. Other costs are in fits.csv."
)


def saturation_part(fits: pd.DataFrame, runs: pd.DataFrame, cost: str) -> Iterator[str]:
    yield "## Does accuracy saturate?"
    yield ""
    own = fits[fits.cost == cost]
    chosen = own[own.chosen]
    if len(chosen):
        yield SATURATION_WORDS.format(threshold=f"{fits.threshold.max():g}", cost=COST_NAMES[cost])
        yield ""
        yield from table(list(saturation_rows(chosen, runs, cost)))
    key = ["model", "epochs", "method"]
    judged = set(chosen[key].itertuples(index=False, name=None))
    few = [row for row in own.drop_duplicates(key).itertuples() if (row.model, row.epochs, row.method) not in judged]
    if few:
        names = ", ".join(dict.fromkeys(f"{row.model} {row.method} ({row.points})" for row in few))
        yield from [""] * bool(len(chosen))
        yield f"Open for want of sizes, too few for a curve: {names}."
    elif own.empty:
        yield f"There are no curves by {COST_NAMES[cost]}; other costs are in fits.csv."


def saturation_rows(chosen: pd.DataFrame, runs: pd.DataFrame, cost: str) -> Iterator[dict[str, Any]]:
    for (model, epochs), rows in chosen.groupby(STUDY, dropna=False, sort=False):
        observations = observe(one_rule(of_part(runs, model, epochs)))
        for row in rows.itertuples():
            yield saturation_row(row, largest_cost(observations, row.method, cost))


def saturation_row(row: Any, largest: float) -> dict[str, Any]:
    return {
        **named(row),
        "accuracy": saturates(row, largest),
        "last doubling, measured": interval(
            row.measured_gain, row.measured_gain_low, row.measured_gain_high, "{:+.2f}"
        ),
        "by the curve": interval(row.last_gain, row.last_gain_low, row.last_gain_high, "{:+.2f}"),
        "saturates at": saturation_words(row),
        "asymptote": asymptote_words(row),
    }


def named(row: Any) -> dict[str, Any]:
    return {"model": row.model, "epochs": row.epochs, "method": row.method}


def saturation_words(row: Any) -> str:
    if row.saturation_status in ("not identifiable", "too few points"):
        return "unknown"
    if row.saturation_status == "beyond reach":
        return f"beyond the curve's reach, above {amount(row.saturation_low, row.cost)}"
    first = row.saturation_cost <= row.unit * (1 + 1e-9)
    words = amount(row.saturation_cost, row.cost)
    if pd.isna(row.saturation_low):
        words += " (no interval)"
    elif first:
        words = f"the baseline's {words} or less, at most {amount(row.saturation_high, row.cost)}"
    else:
        words += f" ({amount(row.saturation_low, row.cost)} to {amount(row.saturation_high, row.cost)})"
    return f"extrapolated: {words}" if row.saturation_status == "extrapolated" else words


def asymptote_words(row: Any) -> str:
    if row.asymptote_status == "estimated":
        return interval(row.asymptote, row.asymptote_low, row.asymptote_high, "{:.1f}")
    if pd.isna(row.asymptote_low):
        return "unknown" if pd.isna(row.asymptote) else f"{row.asymptote:.1f} ({row.asymptote_status})"
    return f"unknown, above {row.asymptote_low:.1f}"


def comparison_part(comparisons: pd.DataFrame, cost: str) -> Iterator[str]:
    yield "## Compound against the other methods at equal cost"
    yield ""
    yield (
        "Points of accuracy by which compound is ahead, intervals from the scatter over seeds. Matched: the two "
        "networks of one budget; interpolated: along the other method's curve. Verdicts are corrected for all "
        "comparisons of the same cost (Holm), so a difference whose own interval misses 0 may still be not "
        "distinguishable."
    )
    yield ""
    own = comparisons[(comparisons.cost == cost) & (comparisons.basis != "none")]
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                COST_NAMES[cost]: amount(row.cost_value, cost),
                "against": row.other,
                "basis": row.basis,
                "difference": interval(row.difference, row.low, row.high, "{:+.2f}"),
                "n": row.n,
                "verdict": row.verdict,
            }
            for row in own.itertuples()
        ]
    )
    apart = comparisons[comparisons.basis == "none"]
    if len(apart):
        yield ""
        yield (
            f"By all costs together, {len(apart)} more comparisons could not be made: the other method was not trained "
            "around that cost."
        )
    if len(apart) == len(comparisons):
        return
    yield ""
    yield "By each cost, in how many comparisons compound is better / not distinguishable / worse:"
    yield ""
    for name, rows in comparisons[comparisons.basis != "none"].groupby("cost", sort=False):
        counts = [f"{other} {tally(part)}" for other, part in rows.groupby("other", sort=False)]
        yield f"- {COST_NAMES[name]}: {', '.join(counts)}"


def tally(part: pd.DataFrame) -> str:
    words = ("better", "not distinguishable", "worse")
    counts = [(part.verdict == word).sum() for word in words]
    return " / ".join(map(str, counts)) if sum(counts) else "no verdict"


def leader_part(leaders: pd.DataFrame) -> Iterator[str]:
    yield "## Does the best method depend on the cost that is held equal?"
    yield ""
    yield (
        "At the largest cost that every method reaches, along each method's curve or by its network of the same "
        f"budget within {MATCHED:.0%} of it: the method with the highest mean, and those that are not clearly worse "
        "(corrected for all comparisons of the same cost). A method whose networks all cost the same is left out."
    )
    several = leaders.epochs.nunique() > 1
    for (model, epochs), rows in leaders.groupby(["model", "epochs"], dropna=False):
        name = f"{model}, {epochs_text(epochs)}" if several else model
        yield ""
        for cost, part in rows.groupby("cost", sort=False):
            at = amount(part.cost_value.iloc[0], cost)
            best, field = part.method.iloc[0], ", ".join(sorted(part.other))
            yield f"- {name}, {COST_NAMES[cost]} ({at}): best {best} (compared with {field}); {doubt(part)}"
        yield ""
        yield f"{name}: {winners(rows)}"


def doubt(part: pd.DataFrame) -> str:
    """How sure the best of one cost is."""
    if (part.difference.abs() < 1e-9).any():
        return f"tied with {' and '.join(part.other[part.difference.abs() < 1e-9])}"
    if part.p.isna().all():
        return "without an interval for want of seeds that differ"
    equal = part.other[part.verdict != "better"].tolist()
    return f"not clearly worse: {joined(equal)}" if equal else "clearly better"


def winners(rows: pd.DataFrame) -> str:
    """Whether the best method changes with the cost, among costs by which as many methods as possible are compared."""
    parts = [part for _, part in rows.groupby("cost", sort=False)]
    full = [part for part in parts if len(part) == max(map(len, parts))]
    names = list(dict.fromkeys(part.method.iloc[0] for part in full))
    if pd.concat(full).p.isna().all():
        return f"the means put {' or '.join(names)} in front; without intervals nothing follows from that."
    if len(names) == 1:
        left = [COST_NAMES[part.cost.iloc[0]] for part in parts if len(part) < len(full[0])]
        fewer = f" ({joined(left)} left out: fewer methods can be compared)" if left else ""
        clear = sum((part.verdict == "better").all() for part in full)
        return (
            f"{names[0]} has the highest mean by {len(full)} of {len(full)} costs{fewer}; it is "
            f"clearly better than every other by {clear or 'none'} of them."
        )
    could = [{part.method.iloc[0], *part.other[part.verdict != "better"]} for part in full]
    shared = sorted(set.intersection(*could))
    if not shared:
        return f"**which cost is held equal changes the winner** ({', '.join(names)})."
    alone = [
        f"{part.method.iloc[0]} is better than every other by {COST_NAMES[part.cost.iloc[0]]}"
        for part in full
        if (part.verdict == "better").all()
    ]
    return (
        f"the means put {' or '.join(names)} in front, depending on the cost; by every cost, {' and '.join(shared)} "
        f"{'is' if len(shared) == 1 else 'are'} best or not distinguishable from the best"
        + (f" ({', '.join(alone)})." if alone else ".")
    )


def frontier_part(frontier: pd.DataFrame, cost: str) -> Iterator[str]:
    yield f"## Pareto frontier by {COST_NAMES[cost]}"
    yield ""
    yield (
        "Networks that no cheaper one matches; the probability is the share of random repetitions (bootstrap draws) in "
        "which that holds."
    )
    yield ""
    yield from frontier_table(frontier, cost)
    if cost != TRAIN_FLOPS and frontier[frontier.cost == TRAIN_FLOPS].epochs.nunique() > 1:
        yield ""
        yield (
            "By training multiply-adds (three times the multiply-adds of every image seen), networks of all lengths of "
            "training together:"
        )
        yield ""
        yield from frontier_table(frontier, TRAIN_FLOPS)


def frontier_table(frontier: pd.DataFrame, cost: str) -> Iterator[str]:
    rows = frontier[(frontier.cost == cost) & frontier.pareto]
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "method": row.method,
                "depth, width, resolution": coefficients(row),
                COST_NAMES[cost]: amount(row.cost_value, cost),
                "accuracy": interval(row.accuracy, row.low, row.high, "{:.2f}"),
                "n": row.n,
                "probability": "no seeds" if pd.isna(row.probability) else f"{row.probability:.2f}",
            }
            for row in rows.itertuples()
        ]
    )
