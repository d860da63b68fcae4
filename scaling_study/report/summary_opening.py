"""The opening of the summary: what a study shows, how sure that is, and what it cannot say, in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.analysis.observations import STUDY, observe
from scaling_study.analysis.robustness import largest_cost, of_part
from scaling_study.analysis.rules import one_rule
from scaling_study.report.markdown import epochs_text, joined, number
from scaling_study.report.opening_findings import (
    compound_sentence,
    cost_sentence,
    law_sentence,
    published_sentence,
    regime_sentence,
    saturation_sentence,
    search_sentence,
    time_sentence,
)
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.study import Analysis


SENTENCES = 6
FEW_SEEDS = 5  # fewer leave small differences hidden


def opening_part(analysis: Analysis) -> Iterator[str]:
    """Lines with at most SENTENCES sentences, of the model and length of training with the most runs."""
    yield "## In short"
    yield ""
    yield from (f"- {sentence}" for sentence in sentences(analysis))


def sentences(analysis: Analysis) -> list[str]:
    tables, runs = analysis.tables, analysis.runs
    if not len(runs):
        found = [time_sentence(tables.get("time_fits")), published_sentence(tables.get("published_comparisons"))]
        return ["No run has finished, so this study says nothing of accuracy.", *filter(None, found)]
    parts = sorted(runs.groupby(STUDY, dropna=False), key=lambda part: (-len(part[1]), -float(part[0][1] or 0)))
    (model, epochs), rows = parts[0]
    own = {name: of_part(table, model, epochs) for name, table in tables.items() if {"model", "epochs"} <= {*table}}
    part = one_rule(rows)
    observations = observe(part)
    costs = {method: largest_cost(observations, method, "flops") for method in part.method.unique()}
    regime = tables.get("regime")
    candidates = [
        regime_sentence(None if regime is None else regime[regime.model == model]),
        search_sentence(own.get("search")),
        saturation_sentence(own.get("fits"), costs),
        compound_sentence(own.get("comparisons"), set(part.method)),
        cost_sentence(own.get("comparisons")),
        law_sentence(own.get("law")),
        time_sentence(tables.get("time_fits")),
    ]
    last = [certainty_sentence(own.get("robustness"), part), limits_sentence(part), others_sentence(parts)]
    closing = [sentence for sentence in last if sentence]
    findings = [sentence for sentence in candidates if sentence][: SENTENCES - len(closing)]
    return [*findings, *closing]


def named(model: str, epochs: float) -> str:
    return f"{model} trained for {epochs_text(epochs)}" if epochs_text(epochs) else model


def certainty_sentence(robustness: pd.DataFrame | None, part: pd.DataFrame) -> str:
    """How many seeds there are, and in how many variations of the analysis the verdicts stay."""
    counts = seeds_of(part)
    low, high = counts.min(), counts.max()
    each = f"{low} seed{'s' if low > 1 else ''}" if low == high else f"{low} to {high} seeds"
    chance = ", so how far another seed would move an accuracy is unknown" if high == 1 else ""
    words = f"Each network was trained with {each}{chance}"
    known = None if robustness is None else robustness[robustness.agrees.notna()]
    if known is None or known.empty:
        return f"{words}."
    agree, tried = known.agrees.sum(), len(known)
    shares = known.groupby("question", sort=False).agrees.agg(["sum", "count"])
    stay = "the main verdicts stay as they are" if len(shares) > 1 else "the main verdict stays as it is"
    words += f"; {changes(known)}, {stay} in {agree} of {tried} variations"
    worst = (shares["sum"] / shares["count"]).astype(float).idxmin()
    if agree < tried and len(shares) > 1:
        words += f', the fewest for "{worst}" ({shares["sum"][worst]} of {shares["count"][worst]})'
    return f"{words}."


def changes(known: pd.DataFrame) -> str:
    """What the variations change, in words."""
    left_out = [
        words
        for start, words in (("without seed", "one seed"), ("without the largest", "the largest networks"))
        if known.variation.str.startswith(start).any()
    ]
    parts = [f"without {' or '.join(left_out)}"] if left_out else []
    parts += ["with another cost held equal"] if known.variation.str.startswith("by ").any() else []
    return " or ".join(parts) or "with another form of the fitted curve"


def seeds_of(part: pd.DataFrame) -> pd.Series:
    return part.groupby(["method", *AXES], dropna=False).seed.nunique()


def limits_sentence(part: pd.DataFrame) -> str:
    """What no table of the study can say, by what was the same for all networks."""
    same = {name: part[name].dropna().unique() for name in ("recipe", "data", "epochs") if name in part}
    one = {name: values[0] for name, values in same.items() if len(values) == 1}
    limits = []
    if "recipe" in one:
        limits.append(
            f"with settings such as the learning rate chosen for each size (all have the recipe {one['recipe']})"
        )
    if "epochs" in one:
        limits.append(f"after another length of training than {epochs_text(one['epochs'])}")
    if "data" in one:
        limits.append(f"on other data than {one['data']}")
    if part.flops.notna().any():
        limits.append(f"beyond {number(part.flops.max())} multiply-adds, where every number is an extrapolation")
    few = "; with so few seeds, small differences stay hidden" if 1 < seeds_of(part).max() < FEW_SEEDS else ""
    *first, last = limits or ["beyond the trained ones"]
    listed = f"{', '.join(first)}{' or ' if first else ''}{last}"
    return f"The study cannot say how the networks compare {listed}{few}."


def others_sentence(parts: list) -> str:
    """Which model and length of training the opening is about, where there are others."""
    if len(parts) < 2:
        return ""
    about, *others = (named(model, epochs) for (model, epochs), _ in parts)
    if len(others) > 3:
        others = [*others[:3], f"{len(others) - 3} more"]
    return f"All this is of {about}; for {joined(others)} see the tables below."
