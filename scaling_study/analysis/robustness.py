"""Whether the main verdicts of a study stay when one part of its data, or one choice of its analysis, is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scaling_study.analysis.axis_forms import ADDITIVE, AxisForm
from scaling_study.analysis.comparisons import compare
from scaling_study.analysis.directions import Scale
from scaling_study.analysis.fits import METHODS, fits
from scaling_study.analysis.law import Law, fit_law
from scaling_study.analysis.law_tables import BEYOND, LEAD, at_budget, budgets_of, law_tables
from scaling_study.analysis.observations import COSTS, STUDY, Observations, observe, usable
from scaling_study.analysis.rules import one_rule
from scaling_study.errors import one_line

DRAWS = 200  # of the bootstrap of each variation
SEEDS_MAX = 5  # that are left out in turn
SEEDS_LEFT = 2  # fewer tell no noise
VARIANTS_MAX = 500  # of all parts that are analyzed again, and
PARTS_MAX = 3  # models and lengths of training with the most runs, for which that is done
WORK_MAX = 500  # variants times seeds that are left out
LEAD_MIN = 0.05  # points, up to which the best direction is no better than the best axis alone
ALL = "all questions"
SATURATION = ("saturated", "not saturated", "open", "no clear trend", "falling")
SATURATION_QUESTION = "{} saturates within the trained multiply-adds"
LAW_QUESTION = "the best direction of the law beats the best axis alone"
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "question": "string",  # all questions where a variation could not be made
    "verdict": "string",  # of the whole study
    "variation": "string",  # by and a column of the run table: with this cost instead of multiply-adds
    "result": "string",  # verdict of the variation, or why there is none
    "agrees": "boolean",  # missing where there is none
}


def robustness(
    runs: pd.DataFrame,
    draws: int = DRAWS,
    threshold: float = 0.5,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """The main verdicts of every model and length of training, each with what variations of its data or analysis give:
    a frame with COLUMNS.

    tables: ``comparisons``, ``fits`` and ``law`` of the whole study, made here if None; one that is absent has no
    verdicts. Only the PARTS_MAX largest parts, with up to VARIANTS_MAX variants together, are analyzed again; others
    have the verdicts by other costs, and a row that says so.
    """
    frame, _ = usable(runs)
    if tables is None:
        whole = (compare(runs)[0], fits(runs, threshold=threshold, draws=draws)[0], law_tables(runs, draws)[0])
        tables = dict(zip(("comparisons", "fits", "law"), whole, strict=True))
    parts = sorted(frame.groupby(STUDY, dropna=False), key=lambda part: -len(part[1]))
    rows: list[dict[str, Any]] = []
    spent = 0
    for place, ((model, epochs), part) in enumerate(parts):
        own = {name: of_part(table, model, epochs) for name, table in tables.items()}
        part, observations = one_rule(part), observe(part)
        verdicts = answers(observations, own, "flops") | law_answer(own.get("law"))
        found: list[tuple[str, Any]]
        found = [(f"by {cost}", answers(observations, own, cost)) for cost in COSTS[1:]] if verdicts else []
        if verdicts and (place >= PARTS_MAX or spent + len(observations.variants) > VARIANTS_MAX):
            most = f"only the {PARTS_MAX} largest parts with at most {VARIANTS_MAX} variants together are"
            found.append(("none", f"not varied: {most}"))
        elif verdicts:
            spent += len(observations.variants)
            seeds = min(SEEDS_MAX, max(WORK_MAX // len(observations.variants), 1))
            found += again(part, draws, threshold, seeds)
            found += summed(part, draws) if LAW_QUESTION in verdicts else []
        rows += ({"model": model, "epochs": epochs} | row for row in tabulated(verdicts, found))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def of_part(table: pd.DataFrame, model: str, epochs: float) -> pd.DataFrame:
    same = table.epochs.isna() if pd.isna(epochs) else (table.epochs == epochs).fillna(False)
    return table[(table.model == model) & same]


def answers(observations: Observations, tables: Mapping[str, pd.DataFrame], cost: str) -> dict[str, str]:
    """{question: verdict} of comparisons and curves by one cost; questions without an answer are absent."""
    found = {}
    if "comparisons" in tables:
        rows = tables["comparisons"]
        rows = rows[(rows.cost == cost) & rows.p.notna()].sort_values("cost_value")
        for row in rows.drop_duplicates("other", keep="last").itertuples():
            found[f"{row.method} against {row.other}"] = row.verdict
    if "fits" in tables:
        rows = tables["fits"]
        for row in rows[(rows.cost == cost) & rows.chosen].itertuples():
            found[SATURATION_QUESTION.format(row.method)] = saturates(row, largest_cost(observations, row.method, cost))
    return found


def largest_cost(observations: Observations, method: str, cost: str) -> float:
    """The largest trained cost of a method."""
    return float(observations.variants[cost].iloc[observations.where(method)].max())


def saturates(row: Any, largest: float) -> str:
    """One of SATURATION, by a chosen row of the fit table and the largest trained cost."""
    if row.shape == "flat":
        return "no clear trend"
    if row.shape == "falling":
        return "falling"
    if row.saturation_high <= largest * (1 + 1e-9):
        return "saturated"
    return "not saturated" if row.saturation_low > largest * (1 + 1e-9) else "open"


def law_answer(law: pd.DataFrame | None) -> dict[str, str]:
    """The verdict on the best direction, at the largest budget within the trained costs at which nothing is
    extrapolated."""
    if law is None or law.empty:
        return {}
    rows = law[(law.quantity == LEAD) & (law.budget <= law.budget.max() / BEYOND) & ~law.extrapolated.fillna(True)]
    if rows.empty:
        return {}
    row = rows.loc[rows.budget.idxmax()]
    return {LAW_QUESTION: "yes" if row.low > LEAD_MIN else "no" if row.high <= LEAD_MIN else "open"}


def again(part: pd.DataFrame, draws: int, threshold: float, seeds: int) -> Iterator[tuple[str, Any]]:
    """(variation, {question: result}, or in words why there is none) of one model and length of training."""
    for name, less, less_for_law in variations(part, seeds):
        try:
            compared, fitted = (
                compare(less, ("flops",))[0],
                fits(less, ("flops",), threshold, draws, only_chosen=True)[0],
            )
            made = answers(observe(less), {"comparisons": compared, "fits": fitted}, "flops")
            yield name, made | lead_of(less_for_law, draws)
        except Exception as error:  # an odd table may fail anywhere in pandas, numpy or scipy
            yield name, failed(error)


def summed(part: pd.DataFrame, draws: int) -> Iterator[tuple[str, Any]]:
    """The variation with the other law, as ``again`` gives them."""
    name = "the law as a sum of power laws"
    try:
        yield name, lead_of(part, draws, ADDITIVE) or "not done: it predicts left-out variants worse"
    except Exception as error:
        yield name, failed(error)


def failed(error: Exception) -> str:
    return f"failed ({type(error).__name__}: {one_line(error, 100)})"


def variations(part: pd.DataFrame, seeds_max: int) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """(name, rows that are left for comparisons and curves, rows that are left for the law). seeds_max: that are left
    out in turn."""
    scaled = part.flops.where(part.method.isin(METHODS))
    last = scaled == scaled.groupby(part.method).transform("max")
    yield "without the largest point", part[~last], part[part.flops != part.flops.max()]
    seeds = sorted(part.seed.unique())
    if len(seeds) > SEEDS_LEFT:
        for seed in seeds[:seeds_max]:
            less = part[part.seed != seed]
            yield f"without seed {seed:g}", less, less


def lead_of(part: pd.DataFrame, draws: int, form: AxisForm | None = None) -> dict[str, str]:
    """The verdict on the best direction; none where there is no law. form: that the law has instead of the product."""
    part = part[part.stage_depth.isna()]
    if part.empty:
        return {}
    observations = observe(part)
    law = fit_law(observations, draws, alone=form)
    if not isinstance(law, Law):
        return {}
    scale = Scale(law, observations)
    rows = [row for budget in budgets_of(scale) for row in at_budget(scale, budget)]
    return law_answer(pd.DataFrame(rows).astype({"extrapolated": "boolean"}))


def tabulated(verdicts: dict[str, str], found: list[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of COLUMNS, by question; ``found``: (variation, {question: result} or why there is none)."""
    for question, verdict in verdicts.items():
        for variation, results in found:
            if isinstance(results, dict) and question in results:
                row = {"question": question, "verdict": verdict, "variation": variation}
                yield row | {"result": results[question], "agrees": results[question] == verdict}
    for variation, reason in found:
        if isinstance(reason, str):
            yield {"question": ALL, "variation": variation, "result": reason}
