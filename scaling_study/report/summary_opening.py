"""The opening of the summary: what a study shows, how sure that is, and what it cannot say, in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from scaling_study.analysis.observations import STUDY, observe
from scaling_study.analysis.robustness import LAW_QUESTION, largest_cost, of_part
from scaling_study.analysis.rules import one_rule
from scaling_study.analysis.settings import TUNED
from scaling_study.report.markdown import alternatives, joined, lengths_text, number
from scaling_study.report.opening_compound import compound_sentence, cost_sentence
from scaling_study.report.opening_findings import (
    law_sentence,
    published_sentence,
    regime_sentence,
    saturation_sentence,
    search_sentence,
    time_sentence,
)
from scaling_study.report.summary_isocompute import isocompute_sentence
from scaling_study.report.summary_rates import rates_sentence
from scaling_study.report.summary_shape import shape_sentence
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from scaling_study.analysis.study import Analysis


SENTENCES = 6
FEW_SEEDS = 5  # fewer leave small differences hidden


def opening_part(analysis: Analysis, cost: str = "flops") -> Iterator[str]:
    """Lines with at most SENTENCES sentences, of the model and length of training with the most runs, by ``cost``."""
    yield "## In short"
    yield ""
    yield from (f"- {sentence}" for part in opening(analysis, cost) for sentence in part)


class Opening(NamedTuple):
    """Sentences. answers: what a study shows, and how sure that is; limits: what it does not show, and of which part of
    it the answers are."""

    answers: list[str]
    limits: list[str]


def opening(analysis: Analysis, cost: str = "flops") -> Opening:
    """At most SENTENCES sentences."""
    tables, runs = analysis.tables, analysis.runs
    if not len(runs):
        found = [time_sentence(tables.get("time_fits")), published_sentence(tables.get("published_comparisons"))]
        return Opening([*filter(None, found)], ["No run has finished, so this study has no accuracies of its own."])
    parts = sorted(runs.groupby(STUDY, dropna=False), key=lambda part: (-len(part[1]), -float(part[0][1] or 0)))
    (model, epochs), rows = parts[0]
    own = {name: of_part(table, model, epochs) for name, table in tables.items() if {"model", "epochs"} <= {*table}}
    part = one_rule(rows)
    observations = observe(part)
    costs = {method: largest_cost(observations, method, cost) for method in part.method.unique()}
    robustness = own.get("robustness") if cost == "flops" else None  # which checks what is said by multiply-adds
    of_model = {name: tables[name][tables[name].model == model] for name in ("isocompute", "regime") if name in tables}
    change = isocompute_sentence(of_model.get("isocompute")) or regime_sentence(of_model.get("regime"))
    candidates = [
        shape_sentence(own.get("shape")),
        rates_sentence(own.get("rates")),
        search_sentence(own.get("search")),
        saturation_sentence(own.get("fits"), costs, robustness, cost),
        compound_sentence(own.get("comparisons"), set(part.method), robustness, has_search(own), cost),
        cost_sentence(own.get("comparisons"), own.get("leaders"), cost),
        law_sentence(own.get("law"), robustness),
        time_sentence(tables.get("time_fits")),
    ]
    limits = [
        limits_sentence(runs[runs.model == model], part, own.get("convergence")),
        others_sentence(parts, apart=change is not None),
    ]
    limits = [sentence for sentence in limits if sentence]
    findings = [sentence for sentence in candidates if sentence]
    findings[0] = after(epochs, findings[0])
    findings = ([change] if change else []) + findings
    return Opening([*findings[: SENTENCES - 1 - len(limits)], certainty_sentence(robustness, part)], limits)


def has_search(tables: Mapping[str, pd.DataFrame]) -> bool:
    return "search" in tables and not tables["search"].empty


def after(epochs: float, sentence: str) -> str:
    """The sentence with the length of training in front, where that is known."""
    length = lengths_text([epochs])
    return f"After {length} of training, {sentence[0].lower()}{sentence[1:]}" if length else sentence


def named(model: str, epochs: float) -> str:
    return f"{model} trained for {length}" if (length := lengths_text([epochs])) else model


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
    several = len(shares) > 1
    about = "conclusions were" if several else f"conclusion on {asked(shares.index[0])} was"
    same = "were" if several else "was"
    words += f"; the {about} checked again {changes(known)}, and {same} the same in {agree} of {tried} checks"
    worst = (shares["sum"] / shares["count"]).astype(float).idxmin()
    if agree < tried and several:
        words += f", least often on {asked(worst)} ({shares['sum'][worst]} of {shares['count'][worst]})"
    return f"{words}."


def asked(question: str) -> str:
    return "a mix of axes against the best axis alone" if question == LAW_QUESTION else f'"{question}"'


def changes(known: pd.DataFrame) -> str:
    """What the checks change, in words."""
    starts = {
        "without seed": "without one seed",
        "without the largest": "without the largest networks",
        "by ": "with another cost held equal",
    }
    found = [words for start, words in starts.items() if known.variation.str.startswith(start).any()]
    return alternatives(found or ["with another kind of fitted curve"])


def seeds_of(part: pd.DataFrame) -> pd.Series:
    return part.groupby(["method", *AXES], dropna=False).seed.nunique()


def limits_sentence(rows: pd.DataFrame, part: pd.DataFrame, convergence: pd.DataFrame | None = None) -> str:
    """What no table of the study can say. rows: all runs of the model, for what was the same for all of them; part:
    those of one length of training; convergence: of the same."""
    limits = []
    if len(recipes := known_values(rows, "recipe")) == 1 and known_values(rows, "settings") != [TUNED]:
        limits.append(f"settings such as the learning rate tuned for each size (all use the recipe {recipes[0]})")
    if lengths := lengths_text(known_values(rows, "epochs")):
        limits.append(f"training for other lengths than {lengths}")
    if len(data := known_values(rows, "data")) == 1:
        limits.append(f"other data than {data[0]}")
    if rows.flops.notna().any():
        limits.append(f"more than {number(rows.flops.max())} multiply-adds")
    few = "; with so few seeds, small differences may go unseen" if 1 < seeds_of(part).max() < FEW_SEEDS else ""
    unfinished = unfinished_words(convergence)
    return f"Not tested: {joined(limits or ['other networks than the trained ones'])}{unfinished}{few}."


def unfinished_words(convergence: pd.DataFrame | None) -> str:
    """How many networks had not converged when training ended; nothing where all had or that is unknown."""
    known = None if convergence is None else convergence.converged.dropna().astype(bool)
    if known is None or known.all():
        return ""
    return f"; {(~known).sum()} of {len(known)} networks were still improving when training ended"


def known_values(rows: pd.DataFrame, column: str) -> list:
    return list(rows[column].dropna().unique()) if column in rows else []


def others_sentence(parts: list, apart: bool = False) -> str:
    """Which model and length of training the opening is about, where there are others. apart: but for its first
    sentence."""
    if len(parts) < 2:
        return ""
    about, *others = (named(model, epochs) for (model, epochs), _ in parts)
    models = {model for (model, _), _ in parts}
    lengths = [epochs for (_, epochs), _ in parts[1:]]
    if len(models) == 1 and lengths_text(lengths):
        others = [lengths_text(lengths)]
    elif len(others) > 3:
        others = [*others[:3], f"{len(others) - 3} more"]
    start = "All but the first sentence is" if apart else "This is"
    return f"{start} about {about}; for {joined(others)} see the tables below."
