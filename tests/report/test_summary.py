"""The opening of the summary and its part about the law: short, true to the tables, and readable whatever they hold."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.law_tables import LAW_COLUMNS, law_tables
from scaling_study.analysis.observations import usable
from scaling_study.records.costs import load_table
from scaling_study.records.tables import load_runs
from scaling_study.report.opening_compound import compound_sentence, cost_sentence
from scaling_study.report.opening_findings import law_sentence, regime_sentence
from scaling_study.report.summary import summary
from scaling_study.report.summary_data import data_part
from scaling_study.report.summary_law import law_part
from scaling_study.report.summary_opening import opening, opening_part

from ..analysis.synthetic import floor_curve, grid_study, matched_study, run_rows, surface_study

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = sorted(path.name for path in RESULTS.iterdir() if path.is_dir())
JARGON = ("M4", "Holm", "form ", "bootstrap", "nan", "None", "NA", "inf ", "  ", "()")


def read(analysis):
    """The opening's sentences, after what holds for every opening."""
    lines = list(opening_part(analysis))
    text = "\n".join(lines)
    assert lines[:2] == ["## In short", ""]
    assert 1 <= len(re.findall(r"[.?!](?=\s|$)", text)) <= 6
    assert all(line.startswith("- ") and line.endswith(".") and line[2].isupper() for line in lines[2:])
    assert not [word for word in JARGON if word in text]
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_committed_studies(analysis_of, name):
    study = RESULTS / name
    runs = load_runs(study) if (study / "runs.csv").exists() else pd.DataFrame()
    text = read(analysis_of(runs, load_table(study, "costs"), load_table(study, "latencies")))
    assert ("Not tested: " in text) == bool(len(runs))
    assert ("No run has finished" in text) == (not len(runs))


@pytest.mark.slow
def test_a_clear_lead_is_said_with_its_interval_and_how_sure_it_is(analysis_of):
    text = read(analysis_of(matched_study(np.random.default_rng(0), gap=4.0, seeds=5)))
    assert re.search(r"is better than depth \(16 M: \+\d\.\d\d points, \+\d\.\d\d to \+\d\.\d\d\)", text)
    assert "not distinguishable" not in text
    assert "by parameters, activations, training memory and training time" in text
    assert "5 seeds; the conclusions were checked again without one seed, without the largest networks or with" in text
    assert "small differences may go unseen" not in text
    assert "the recipe quick" in text
    assert "- After 2 epochs of training, " in text
    assert "and more than 16 M multiply-adds" in text


@pytest.mark.slow
def test_no_lead_is_said_as_not_distinguishable(analysis_of):
    text = read(analysis_of(matched_study(np.random.default_rng(1))))
    assert "is not distinguishable from depth" in text
    assert "small differences may go unseen" in text


@pytest.mark.slow
def test_a_single_seed_has_no_intervals(analysis_of):
    text = read(analysis_of(matched_study(np.random.default_rng(0), seeds=1, gap=1.0)))
    assert "1 seed, so how far another seed would move an accuracy is unknown" in text
    assert "it may all be chance" in text
    assert "better than" not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda runs: runs[runs.method.isin(["baseline", "width"])], "no series of compound networks was trained"),
        (lambda runs: runs[runs.method.isin(["baseline", "compound"])], "no other method was trained"),
        (lambda runs: runs[runs.method == "baseline"], "compound scaling was not compared"),
        (lambda runs: runs[:1], "Each network was trained with 1 seed"),
        (lambda runs: runs.assign(top1=50.0), "has no clear trend with"),
        (lambda runs: runs.assign(flops=np.nan), "accuracy is saturated is open"),
        (
            lambda runs: runs.assign(epochs=np.nan, recipe=pd.NA, data=None, flops=np.nan),
            "other networks than the trained ones",
        ),
        (lambda runs: runs.assign(epochs=1), "than 1 epoch, other data"),
        (lambda runs: runs.assign(status="failed"), "No run has finished"),
        (lambda runs: runs.assign(seed=runs.seed.where(runs.method != "width", 0)), "1 to 3 seeds"),
        (
            lambda runs: pd.concat([runs, runs[runs.seed < 2].assign(model="other")]),
            "This is about net trained for 2 epochs; for other trained for 2 epochs see the tables below.",
        ),
        (
            lambda runs: pd.concat([runs.assign(epochs=n) for n in (1, 2, 4, 8, 16)]),
            "; for 1, 2, 4 and 8 epochs see the tables",
        ),
        (
            lambda runs: runs.drop(columns=["recipe", "data"]),
            "Not tested: training for other lengths than 2 epochs and",
        ),
    ],
)
def test_odd_studies(analysis_of, change, said):
    runs = matched_study(np.random.default_rng(0), methods=("compound", "width"), gap=2.0)
    assert said in read(analysis_of(change(runs).reset_index(drop=True)))


def test_a_search_alone(analysis_of):
    grid = [(2, 1, 1), (1, 1.4, 1), (1, 1, 1.4), (1.2, 1.1, 1.15), (1.4, 1.2, 1)]
    for seeds, said in ((3, "within it"), (1, "but without a second seed that may be chance")):
        text = read(analysis_of(grid_study(np.random.default_rng(0), grid, grid[3], seeds=seeds)))
        assert "of 5 triples of depth, width and resolution, 1.2, 1.1, 1.15 has the highest validation accuracy" in text
        assert "within the budget of 2.2 times the baseline's multiply-adds as built, " in text
        assert said in text
        assert "each triple was trained at one size only" in text


@pytest.mark.slow
def test_the_opening_names_the_seed(analysis_of):
    """Compound is a point better with every seed but the first, with which it is a point worse."""
    runs = matched_study(np.random.default_rng(0), gap=1.0)
    runs.loc[(runs.method == "compound") & (runs.seed == 0), "top1"] -= 2.0
    text = read(analysis_of(runs))
    assert "is not distinguishable from depth" in text
    assert "; better without seed 0)" in text


@pytest.mark.slow
def test_one_vocabulary_of_saturation(analysis_of):
    costs = [1, 2, 4, 8, 16, 32]
    curves = {
        "saturated": [14, 13.7, 13.5, 13.4, 13.3, 13.25],
        "not saturated": [60, 52, 45, 39, 34, 30],
        "no clear trend": [40.0] * 6,
        "falling": [40, 30, 24, 25, 31, 40],
    }
    for verdict, errors in curves.items():
        made = analysis_of(run_rows("width", costs, errors, np.random.default_rng(0), sd=0.05))
        assert f"ccuracy {'has' if verdict == 'no clear trend' else 'is'} {verdict}" in read(made)
        text = summary("study", made, pd.DataFrame())
        assert f"| width | {verdict} |" in text
        assert f"| width saturates within the trained multiply-adds | {verdict} |" in text
        assert "rising" not in text
        assert "cannot be said" not in text


@pytest.mark.slow
def test_the_data_say_what_was_trained_and_what_compound_is(analysis_of):
    runs = matched_study(np.random.default_rng(0))
    text = "\n".join(data_part(analysis_of(pd.concat([runs.assign(epochs=n) for n in (1, 4)]))))
    assert text.startswith(
        "126 finished runs: 21 networks scaled from net, trained for 1 and 4 epochs (recipe quick) with 3"
    )
    assert "compound grows all three together by one rule" in text
    assert "how fast a network learns, not what it can reach" in text
    assert "how fast" not in "\n".join(data_part(analysis_of(runs.assign(epochs=100))))
    assert "No finished runs" in "\n".join(data_part(analysis_of(runs.assign(status="failed"))))


@pytest.mark.slow
def test_where_each_method_saturates(analysis_of):
    rng, costs = np.random.default_rng(0), [1, 2, 4, 8, 16, 32]
    early = run_rows("width", costs, [14, 13.7, 13.5, 13.4, 13.3, 13.25], rng, sd=0.05)
    assert "accuracy is saturated (a doubling of multiply-adds brings less than 0.5 points) with width (from" in (
        read(analysis_of(early))
    )
    steady = run_rows("depth", costs, 60 * np.asarray(costs) ** -0.2, rng, sd=0.05)
    text = read(analysis_of(steady))
    assert "accuracy is not saturated (a doubling of multiply-adds brings less than 0.5 points) with" in text
    assert "depth (last doubling, to 32 M: +4." in text
    flat = run_rows("resolution", costs, floor_curve(costs, b=0), rng)
    assert "accuracy has no clear trend with resolution." in read(analysis_of(flat))


def test_failed_parts_leave_the_rest():
    runs, _ = usable(matched_study(np.random.default_rng(0)))
    said = opening(SimpleNamespace(tables={}, runs=runs))
    assert [len(part) for part in said] == [2, 1]
    assert [len(part) for part in opening(SimpleNamespace(tables={}, runs=runs[:0]))] == [0, 1]
    assert [law_sentence(None), cost_sentence(None), regime_sentence(None)] == [None] * 3
    assert "was not compared" in compound_sentence(None, {"compound"})


def test_the_law_in_words():
    law, *_ = law_tables(surface_study(np.random.default_rng(0), exponents=(0.05, 0.9, 0.3)), 100)
    text = "\n".join(law_part(law))
    assert "not balanced: a doubling of its cost brings more with width than with" in text
    assert text.count("| depth | ") == 1
    assert "| 2x | " in text
    assert "x, extrapolated | " in text
    assert "nan" not in text


def test_a_balanced_law_and_an_axis_that_never_varied():
    runs = surface_study(np.random.default_rng(0), exponents=(0.2, 0.4, 0.4), sd=1.0)
    law, *_ = law_tables(runs, 100)
    assert "so it may be balanced" in "\n".join(law_part(law))
    law, *_ = law_tables(runs[runs.depth == 1], 100)
    text = "\n".join(law_part(law))
    assert "depth" not in text.split("\n", 4)[4]
    both = pd.concat([law, law.assign(model="other")]).astype(LAW_COLUMNS)
    assert "### net, 2 epochs" in "\n".join(law_part(both))
