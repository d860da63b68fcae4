"""Sentences of the opening from tables of few rows: what is clear, and what hangs on one seed or one cost."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.law_tables import BEYOND, LEAD
from scaling_study.analysis.rates import rates
from scaling_study.analysis.robustness import LAW_QUESTION
from scaling_study.report.opening_compound import cost_marks, cost_sentence, seed_marks
from scaling_study.report.opening_findings import law_sentence, search_sentence
from scaling_study.report.summary_opening import unfinished_words
from scaling_study.report.summary_rates import rates_sentence

from ..analysis.synthetic import matched_study
from ..analysis.test_rates import rate_study


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["not distinguishable"] * 2, "no clear winner"),
        (["not distinguishable"] * 2, "but none of the 2 others within it is clearly worse after correction"),
        (["not distinguishable", "worse"], "but 1 of the 2 others within it is clearly worse"),
        (["worse", "worse", "over budget"], "a clear winner"),
        (["worse", "worse", "over budget"], "and 2 of the 2 others within it are clearly worse"),
        (["over budget"] * 2, "but no other can be compared with it"),
    ],
)
def test_how_clear_the_best_of_a_search_is(verdicts, said):
    rows = [
        {"alpha": 1.0, "beta": 1.0, "gamma": 1.4, "accuracy": 80.0, "verdict": word} for word in ["best", *verdicts]
    ]
    assert said in search_sentence(pd.DataFrame(rows))
    assert "None of the 2 triples" in search_sentence(pd.DataFrame(rows[:2]).assign(verdict="over budget"))


def checks_of(question, results, verdict="better"):
    """A robustness table with {variation: result} of one question."""
    rows = [
        {"question": question, "variation": name, "result": result, "agrees": result == verdict}
        for name, result in results.items()
    ]
    return pd.DataFrame(rows).astype({"agrees": "boolean"})


def test_claims_that_hang_on_one_seed_say_so():
    question = "compound against width"
    known = {"without seed 0": "better", "without seed 1": "worse", "by params": "worse"}
    assert seed_marks(checks_of(question, known), question) == ["worse without seed 1"]
    assert seed_marks(checks_of(question, known | {"without seed 0": "worse"}), question) == [
        "worse without any one seed"
    ]
    assert seed_marks(checks_of(question, known), "compound against depth") == []
    assert seed_marks(None, question) == []
    assert cost_marks(checks_of(question, known), question) == ["worse by parameters"]
    assert cost_marks(checks_of(question, known | {"by activations": "worse"}), question) == [
        "worse by 2 of 2 other costs"
    ]


@pytest.mark.slow
def test_other_costs_in_words(analysis_of):
    runs = matched_study(np.random.default_rng(0), gap=4.0)
    other = runs.assign(params=runs.params * np.where(runs.method == "compound", 6.0, 1.0))
    analysis = analysis_of(other)
    text = cost_sentence(analysis.tables["comparisons"], analysis.tables["leaders"])
    assert text.startswith(
        "The verdict changes with the cost that is held equal: at the largest one, compound scaling is "
    )
    assert "by parameters" in text
    rows = analysis.tables["comparisons"]
    small = (rows.cost == "activations") & (rows.other == "width") & (rows.cost_value < 3e6)
    rows = rows.assign(verdict=rows.verdict.mask(small, "worse"))
    assert "at smaller ones it is worse than width by activations" in cost_sentence(rows)


def law_rows(value, low, high, lead=0.0):
    """The best direction of a law at twice the baseline's cost: ``value`` of resolution, and depth of up to 1.3."""
    common = {"budget": 2.0, "extrapolated": False, "axis": "resolution"}
    rows = [
        common | {"quantity": "best direction", "axis": "depth", "value": 1.0, "low": 1.0, "high": 1.3},
        common | {"quantity": "best direction", "value": value, "low": low, "high": high},
        common | {"quantity": LEAD, "value": lead, "low": -0.1, "high": lead},
    ]
    beyond = [row | {"budget": 2.0 * BEYOND, "extrapolated": True} for row in rows]
    return pd.DataFrame(rows + beyond).astype({"extrapolated": "boolean"})


def test_what_the_intervals_of_the_law_allow():
    text = law_sentence(law_rows(1.4, 1.0, 1.4), checks_of(LAW_QUESTION, {"without seed 2": "open"}, "no"))
    assert "2 times the baseline's multiply-adds are best spent on resolution alone (1.40 times" in text
    assert "1.00 to 1.40; open without seed 2), but the intervals also allow depth up to 1.30 and no growth of" in text
    assert "but" not in law_sentence(law_rows(1.4, 1.2, 1.4)[lambda rows: rows.axis == "resolution"])
    mixed = law_sentence(law_rows(1.3, 1.2, 1.4, lead=0.4), checks_of(LAW_QUESTION, {"without seed 0": "no"}, "open"))
    assert (
        "a lead of 0.40 points (-0.10 to +0.40, which may be none) over resolution alone; no lead without seed 0."
        in mixed
    )


def test_networks_that_had_not_converged_are_counted():
    assert unfinished_words(None) == ""
    table = pd.DataFrame({"converged": pd.array([True, False, False, None], dtype="boolean")})
    assert unfinished_words(table) == "; 2 of 3 networks were still improving when training ended"
    assert unfinished_words(table[:1]) == ""


def test_the_best_rate_and_whether_it_depends_on_size():
    table = rates(rate_study(0, exponents=(0.0, 0.0, 0.0), sd=0.05), draws=200)
    said = rates_sentence(table)
    best = table[table.what == "best rate"]
    assert f"the best learning rate of the 5 networks lies between {best.value.min():.3g} and" in said
    assert "does not distinguishably depend on depth, width or resolution; the recipe's own costs each" in said
    steep = rates_sentence(rates(rate_study(0, exponents=(-0.5, 0.0, 0.0), sd=0.05), draws=200))
    assert "and depends on depth (to the power of -0.5" in steep
    assert "does not" not in steep


def test_no_sentence_on_rates_without_a_sweep_of_them():
    table = rates(rate_study(0), draws=20)
    assert rates_sentence(None) is None
    assert rates_sentence(table[table.what != "best rate"]) is None
    ends = rates_sentence(rates(rate_study(0, best=0.5), draws=20))
    assert "(5 of them at the end of what was tried)" in ends
