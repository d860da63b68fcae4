"""Which verdicts stay when a part of the data or a choice of the analysis is changed."""

import numpy as np
import pytest

from scaling_study.analysis import robustness as module
from scaling_study.analysis.comparisons import compare
from scaling_study.analysis.robustness import ALL, COLUMNS, LAW_QUESTION, robustness
from scaling_study.report.summary_robustness import robustness_part

from .synthetic import many_studies, matched_study, run_rows, surface_study


def one_table(runs, **settings):
    """Of the comparisons alone, which take the least time."""
    return robustness(runs, draws=20, tables={"comparisons": compare(runs)[0]}, **settings)


@pytest.mark.slow
def test_a_clear_gap_agrees_everywhere():
    table = robustness(matched_study(np.random.default_rng(0), gap=4.0), draws=50)
    assert table.columns.tolist() == list(COLUMNS)
    compound = table[table.question.str.startswith("compound against")]
    assert set(compound.question) == {f"compound against {other}" for other in ("depth", "width", "resolution", "fast")}
    assert (compound.verdict == "better").all()
    assert compound.agrees.all()
    names = [f"without seed {seed}" for seed in range(3)]
    costs = [f"by {cost}" for cost in ("params", "activations", "activation_bytes", "train_seconds")]
    assert set(compound.variation) == {"without the largest point", *names, *costs}


@pytest.mark.slow
def test_a_verdict_that_hangs_on_one_seed_is_shown_as_such():
    """Compound is a point better with every seed but the first, with which it is a point worse."""
    runs = matched_study(np.random.default_rng(0), gap=1.0)
    runs.loc[(runs.method == "compound") & (runs.seed == 0), "top1"] -= 2.0
    table = one_table(runs)
    assert (table.verdict == "not distinguishable").all()
    assert set(table.variation[~table.agrees]) == {"without seed 0"}
    assert set(table.result[~table.agrees]) == {"better"}


@pytest.mark.slow
def test_a_lead_of_the_largest_point_alone_is_shown_as_such():
    runs = matched_study(np.random.default_rng(0))
    runs.loc[(runs.method == "compound") & (runs.flops_target == 16), "top1"] += 4.0
    table = one_table(runs)
    assert (table.verdict == "better").all()
    assert set(table.variation[~table.agrees]) == {"without the largest point"}
    assert set(table.result[~table.agrees]) == {"not distinguishable"}
    assert "| not distinguishable: without the largest networks |" in "\n".join(robustness_part(table))


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "left_out"), [(1, 0), (2, 0), (7, 5)])
def test_two_seeds_are_left_and_five_left_out_at_most(seeds, left_out):
    table = robustness(
        matched_study(np.random.default_rng(0), gap=4.0, seeds=seeds, methods=("compound", "width")), draws=20
    )
    assert table.variation[table.variation.str.startswith("without seed")].nunique() == left_out
    compared = table.question.str.startswith("compound against").any()
    assert compared == (seeds > 1)
    assert table.question.str.contains("saturates").any()


def test_too_few_points_have_no_curve_and_no_law():
    runs = run_rows("width", [1, 2], [40, 30], np.random.default_rng(0))
    table = robustness(runs, draws=20)
    assert len(table) == 0
    assert table.columns.tolist() == list(COLUMNS)
    assert robustness(runs[runs.seed == 9], draws=20).empty


@pytest.mark.slow
@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ([14, 13.7, 13.5, 13.4, 13.3, 13.25], "saturated"),
        ([60, 52, 45, 39, 34, 30], "not saturated"),
        ([40.0] * 6, "no clear trend"),
        ([40, 30, 24, 25, 31, 40], "falling"),
    ],
)
def test_saturation_and_its_absence(errors, verdict):
    table = robustness(run_rows("width", [1, 2, 4, 8, 16, 32], errors, np.random.default_rng(0), sd=0.05), draws=50)
    width = table[table.question == "width saturates within the trained multiply-adds"]
    assert set(width.verdict) == {verdict}
    assert width.agrees.mean() > 0.7


def test_the_law_is_varied_too():
    table = robustness(surface_study(np.random.default_rng(0)), draws=50)
    law = table[table.question == LAW_QUESTION]
    assert {"without the largest point", "without seed 0"} <= set(law.variation)
    assert "the law as a sum of power laws" in set(table.variation)


@pytest.mark.slow
def test_large_parts_and_further_parts_are_not_varied_and_say_so(monkeypatch):
    studies = [matched_study(np.random.default_rng(n), gap=4.0, budgets=(2, 4)) for n in range(4)]
    runs = many_studies(studies)
    table = one_table(runs)
    left = table[table.question == ALL]
    assert left.model.tolist() == ["net003"]
    assert left.result.tolist() == ["not varied: only the 3 largest parts with at most 500 variants together are"]
    assert left.agrees.isna().all()
    monkeypatch.setattr(module, "VARIANTS_MAX", 5)
    table = one_table(studies[0])
    assert table.result[table.question == ALL].tolist() == [
        "not varied: only the 3 largest parts with at most 5 variants together are"
    ]
    assert "- not varied: only the 3 largest parts" in "\n".join(robustness_part(table))


def test_a_variation_that_fails_is_a_row(monkeypatch):
    runs = matched_study(np.random.default_rng(0), gap=4.0)
    tables = {"comparisons": compare(runs)[0]}

    def broken(*_, **__):
        raise ZeroDivisionError("odd\ntable")

    monkeypatch.setattr(module, "fits", broken)
    table = robustness(runs, draws=20, tables=tables)
    failed = table[(table.question == ALL) & (table.variation == "without seed 1")]
    assert failed.result.tolist() == ["failed (ZeroDivisionError: odd table)"]
    assert table.agrees[table.variation == "by params"].all()
