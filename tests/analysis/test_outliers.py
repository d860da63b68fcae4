"""Runs that went wrong without failing are named, left out, and what they would change is stated."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis import study as whole
from scaling_study.analysis.comparisons import compare
from scaling_study.analysis.fits import fits
from scaling_study.analysis.observations import merged, usable
from scaling_study.analysis.outliers import outliers
from scaling_study.records.costs import load_table
from scaling_study.records.tables import load_runs

from .synthetic import floor_curve, matched_study, run_rows

RESULTS = Path(__file__).parents[2] / "results"
NOTHING = pd.DataFrame()


def clean(rng, growth=1.0):
    """(20 variants, 3 seeds), noise of 0.3 points at the best variant and ``growth`` times that at the worst."""
    means = 90 - 30 * np.exp(-np.linspace(0, 4, 20))
    return means[:, None] + 0.3 * growth ** np.linspace(1, 0, 20)[:, None] * rng.standard_normal((20, 3))


@pytest.mark.parametrize("growth", [1.0, 10.0])
def test_a_diverged_run_is_found_alone_and_clean_studies_are_left_alone(growth):
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(50):
        values = clean(rng, growth)
        alarms += outliers(values, 10.0).any()
        row, column = rng.integers(20), rng.integers(3)
        values[row, column] = 10.0
        assert np.argwhere(outliers(values, 10.0)).tolist() == [[row, column]]
    assert alarms <= 1


def test_one_of_two_seeds_is_an_outlier_only_at_chance():
    values = clean(np.random.default_rng(0))[:, :2]
    values[3, 0] -= 20
    assert not outliers(values, 10.0).any()
    values[3, 0] = 10.5
    assert np.argwhere(outliers(values, 10.0)).tolist() == [[3, 0]]
    assert not outliers(values).any()  # without the number of classes


def test_a_variant_that_is_at_chance_with_every_seed_stays():
    values = clean(np.random.default_rng(0))
    values[5] = [10.0, 10.1, 9.9]
    assert not outliers(values, 10.0).any()


def test_where_many_runs_are_odd_none_is_left_out():
    values = clean(np.random.default_rng(0))
    values[:10, 0] = 10.0
    assert not outliers(values, 10.0).any()


def test_a_single_seed_at_chance_is_named_as_such():
    runs = run_rows("width", [1, 2, 4, 8], floor_curve([1, 2, 4, 8]), np.random.default_rng(0), seeds=1)
    runs.loc[2, "top1"] = 0.5
    _, notes = usable(runs)
    assert notes == ["left out as an outlier: width-4-0 has top1 0.50 at chance, which the other variants are not"]


@pytest.fixture
def broken():
    """(a committed study, the same with one run at chance)."""
    runs = load_runs(RESULTS / "fashion_mnist-reference")
    place = runs.index[(runs.method == "width") & (runs.width == 2.6) & (runs.seed == 1)]
    wrong = runs.copy()
    wrong.loc[place, "top1"] = 10.0
    return runs, wrong


def test_one_diverged_run_silences_nothing(broken):
    good, wrong = ((compare(runs, ["flops"])[0]) for runs in broken)
    assert (wrong.verdict == "better").sum() == (good.verdict == "better").sum() == 4
    widths = [((table.high - table.low) / 2).mean() for table in (good, wrong)]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)
    shapes = [fits(runs, ["flops"], draws=50)[0].query("chosen")["shape"].tolist() for runs in broken]
    assert shapes[0] == shapes[1]


@pytest.mark.slow
def test_the_outlier_and_what_it_would_change_are_stated(broken, tmp_path):
    costs, latencies = load_table(tmp_path, "costs"), load_table(tmp_path, "latencies")
    paper = pd.DataFrame({"built_as": []})
    analysis = whole.analyze(broken[1], costs, latencies, paper, draws=50)
    [named] = [note for note in analysis.notes if "width-2.6-seed1" in note]
    assert "has top1 10.00 where the other seeds have 86.84, 87.23" in named
    [effect] = [note for note in analysis.notes if note.startswith("with the outliers")]
    assert effect.startswith("with the outliers 4 of 12 verdicts by multiply-adds would differ")
    assert len(analysis.runs) == len(broken[1]) - 1
    assert analysis.failed == ()


def test_costs_that_differ_in_the_last_bit_are_one():
    costs = np.array([3.0, 1.0, 1.0 + 2e-16, 2.0, 3.0 * (1 + 1e-12)])
    assert len(np.unique(merged(costs))) == 3
    assert merged(costs[:0]).tolist() == []
    runs = matched_study(np.random.default_rng(0))
    runs = pd.concat([runs, runs[runs.method == "width"].assign(method="width", stage_depth="1 2")])
    other = runs.stage_depth.notna()
    runs.loc[other, "train_seconds"] = runs.loc[other, "train_seconds"] * (1 + 3e-16) + 1e-15
    table, _ = compare(runs, ["train_seconds"])
    assert len(table)


@pytest.mark.slow
def test_a_part_that_fails_is_named_and_the_others_are_done(monkeypatch, broken, tmp_path):
    def fail(*_, **__):
        raise ZeroDivisionError("of an odd\ntable")

    monkeypatch.setattr(whole.fits, "fits", fail)
    costs, latencies = load_table(tmp_path, "costs"), load_table(tmp_path, "latencies")
    analysis = whole.analyze(broken[0], costs, latencies, pd.DataFrame({"built_as": []}), draws=50)
    assert analysis.failed == ("fits could not be analyzed (ZeroDivisionError: of an odd table)",)
    assert analysis.failed[0] in analysis.notes
    assert {"comparisons", "leaders", "frontier"} <= set(analysis.tables)
