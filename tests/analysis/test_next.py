"""Which runs are proposed: on questions whose best answer is known, and by simulation."""

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.allocation import Design, one_by_one, propose
from scaling_study.analysis.candidates import at_budget, trained, with_flops
from scaling_study.analysis.law import fit_law
from scaling_study.analysis.next_comparison import common_seeds, compared, comparison_designs
from scaling_study.analysis.next_direction import direction_design, remaining
from scaling_study.analysis.next_rate import rate_design
from scaling_study.analysis.observations import observe, usable

from .synthetic import matched_study, surface_study


@cache
def simulation():
    path = Path(__file__).parents[2] / "benchmarks" / "next_runs.py"
    spec = importlib.util.spec_from_file_location("next_runs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def observed(runs):
    frame = usable(runs)[0]
    return observe(frame), trained(frame)


def count(row):
    return 1e6 * row["flops_target"] if row["flops_target"] > 0 else 1e6 * row["depth"] * (row["width"] ** 2)


def two_means(sd, core_seconds):
    """The design for a difference of two means that have one run each."""
    table = pd.DataFrame({"core_seconds": core_seconds})
    return Design(table, lambda counts: float((np.array(sd) ** 2 / (1 + counts)).sum()), one_by_one(2))


@pytest.mark.parametrize(
    ("sd", "core_seconds", "share"), [((1, 3), (10, 10), 0.25), ((1, 1), (10, 40), 2 / 3), ((2, 4), (10, 40), 0.5)]
)
def test_runs_are_shared_out_as_neyman_does(sd, core_seconds, share):
    proposal = propose([two_means(sd, core_seconds)], 4000)
    total = proposal.counts + 1
    assert total[0] / total.sum() == pytest.approx(share, abs=0.02)
    assert 4000 - min(core_seconds) < proposal.core_seconds <= 4000
    assert proposal.after == pytest.approx(np.sqrt((np.array(sd) ** 2 / total).sum()))


def test_nothing_is_proposed_that_tells_nothing_or_costs_too_much():
    assert propose([two_means((1, 0), (10, 10))], 100).counts.tolist() == [10, 0]
    assert propose([two_means((0, 0), (10, 10))], 100).counts.tolist() == [0, 0]
    assert propose([two_means((1, 1), (10, 10))], 9).counts.tolist() == [0, 0]
    assert two_means((1, 0), (10, 20)).costs_of_use().tolist() == [10]


def test_the_better_of_two_designs_is_taken_and_a_first_answer_before_any_gain():
    worse, better = two_means((2, 2), (10, 10)), two_means((1, 1), (10, 10))
    assert propose([worse, better], 50).design is better
    none_yet = replace(better, variance=lambda counts: 1 / counts.min() if counts.min() else np.inf)
    assert np.isnan(none_yet.error())
    assert not propose([none_yet], 1000).counts.any()  # a run of each is needed, and there is no such move
    pairs = replace(none_yet, moves=np.vstack([one_by_one(2), [[1, 1]]]))
    assert propose([pairs], 65).counts.tolist() == [3, 3]


@pytest.mark.parametrize("shared", [0.0, 0.9])
@pytest.mark.parametrize(("budgets", "multiple"), [((2, 4, 8), 4.0), ((2, 8, 16), 4.0)])
def test_the_standard_error_before_is_that_of_the_comparison(shared, budgets, multiple):
    runs = matched_study(np.random.default_rng(0), budgets=budgets)
    runs["top1"] += shared * 3 * (runs.seed - 1)  # what a seed does to all alike
    observations, variants = observed(runs)
    designs = comparison_designs(observations, variants, ("compound", "width"), multiple, count)
    now = compared(observations, "compound", "width", multiple)
    assert designs[0].error() == pytest.approx(now.standard_error)
    assert len(designs) == (1 if multiple in budgets else 4)
    new = [set(design.candidates.flops_target[design.candidates.seed.isna()]) for design in designs]
    assert new == ([set()] if multiple in budgets else [set(), {4.0}, {4.0}, {4.0}])


def test_paired_seeds_are_added_to_all_and_others_by_cost():
    runs = matched_study(np.random.default_rng(1))
    cheap = runs.method == "width"
    runs.loc[cheap, "train_seconds"] /= 16
    proposal = proposal_of(runs.assign(top1=runs.top1 + 9 * runs.seed))
    assert len(set(proposal.counts)) == 1
    counts = dict(zip(proposal_of(runs).design.candidates.method, proposal_of(runs).counts, strict=True))
    assert counts["width"] > 2 * counts["compound"] > 0


def proposal_of(runs):
    observations, variants = observed(runs)
    return propose(comparison_designs(observations, variants, ("compound", "width"), 4.0, count), 600)


def test_the_seeds_that_variants_share_are_counted_as_they_are_given():
    present = np.array([[1, 1, 1], [1, 0, 0]], dtype=bool)
    assert common_seeds(present, np.array([0, 0])) == 1
    assert common_seeds(present, np.array([0, 2])) == 3
    assert common_seeds(present, np.array([2, 2])) == 3
    assert common_seeds(present, np.array([2, 3])) == 4


def test_a_method_outside_its_trained_range_is_trained_at_the_cost_itself():
    runs = matched_study(np.random.default_rng(2), budgets=(2, 8))
    runs = runs[~((runs.method == "compound") & (runs.flops > 2e6))]
    observations, variants = observed(runs)
    assert compared(observations, "compound", "width", 8.0) is None
    proposal = propose(comparison_designs(observations, variants, ("compound", "width"), 8.0, count), 3000)
    new = proposal.design.candidates.query("method == 'compound'")
    assert new.flops_target.tolist() == [8.0]
    assert new.seed.isna().all()
    assert proposal.counts.min() > 0
    assert np.isfinite(proposal.after)


def test_new_networks_follow_the_rule_of_their_method_and_what_others_took():
    axes = {"depth": [1.44], "width": [1.21], "resolution": [1.3225]}
    table = pd.DataFrame({"method": "compound", "curve": "compound", "phi": 2.0} | axes)
    table = table.assign(flops=4e6, core_seconds=40.0)
    row = at_budget("compound", 8.0, table)
    assert [row["phi"], row["depth"], row["width"], row["resolution"]] == pytest.approx([1, 1.2, 1.1, 1.15])
    assert at_budget("fast", 8.0, table) is None
    assert with_flops(row, table, lambda _: 8e6)["core_seconds"] == pytest.approx(80)  # of one: in proportion
    two = pd.concat([table, table.assign(flops=1e6, core_seconds=20.0)])
    assert with_flops(row, two, lambda _: 16e6)["core_seconds"] == pytest.approx(80)  # a square root of the flops
    assert with_flops(row, two, lambda _: None) is None


def test_what_runs_leave_of_the_variance_is_that_of_bayesian_regression():
    rng = np.random.default_rng(0)
    rows, noise, counts = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), 0.5, np.array([1, 0, 3])
    prior = np.array([[1.0, 0.3], [0.3, 2.0]])
    theta = rng.multivariate_normal([0, 0], prior, 40_000)
    wanted = np.array([1.0, -1.0])
    found = remaining((theta @ wanted)[:, None], theta @ rows.T, noise)(counts)
    information = np.linalg.inv(prior) + (rows * counts[:, None] / noise).T @ rows
    assert found == pytest.approx(wanted @ np.linalg.inv(information) @ wanted, rel=0.03)


def test_the_direction_is_asked_of_trained_and_new_networks_within_the_trained_range():
    runs = surface_study(np.random.default_rng(0), exponents=(0.2, 0.4, 0.4)).assign(train_seconds=30.0)
    observations, variants = observed(runs)
    law = fit_law(observations, 200)
    design = direction_design(observations, variants, law, count)
    new = design.candidates[design.candidates.seed.isna()]
    assert len(design.candidates) - len(new) == 27
    assert len(new) > 5
    assert new[["depth", "width", "resolution"]].to_numpy().max() <= 2
    proposal = propose([design], 600)
    assert 570 < proposal.core_seconds <= 600
    assert proposal.after < design.error()


RATES = np.array([0.00375, 0.0075, 0.015, 0.03, 0.06])


def test_the_best_rate_is_asked_of_rates_near_it():
    means = 80 - 2 * (np.log(RATES) - np.log(0.014)) ** 2
    design = rate_design(RATES, means, np.full(5, 3), 0.3, 10.0)
    between = set(np.sqrt([0.0075 * 0.015, 0.015 * 0.03]).round(9))
    assert {*design.candidates.learning_rate.round(9)} == {*RATES} | between
    proposal = propose([design], 300)
    chosen = design.candidates.learning_rate[proposal.counts > 0]
    assert 0.0075 * 0.99 < chosen.min() < 0.014 < chosen.max() < 0.03 * 1.01
    assert proposal.after < 0.7 * design.error()


@pytest.mark.parametrize(("top", "beyond"), [(0.5, 0.12), (1e-4, 0.001875)])
def test_beyond_a_best_rate_at_the_end_the_next_one_is_trained_as_often_as_the_others(top, beyond):
    means = 80 - 2 * (np.log(RATES) - np.log(top)) ** 2
    proposal = propose([rate_design(RATES, means, np.full(5, 3), 0.3, 10.0)], 300)
    assert proposal.design.candidates.learning_rate.tolist() == pytest.approx([beyond])
    assert proposal.counts.tolist() == [3]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["comparison, both trained at its cost", "comparison, between trained costs", "rate"])
def test_proposed_runs_tell_more_than_as_many_core_minutes_of_seeds_for_all(case):
    found = simulation().simulated(case, 60)
    assert found["ratio"] < 1
    assert found["proposed"] < 0.8 * found["before"]
    assert 0.7 < found["predicted"] / found["proposed"] < 1.4


@pytest.mark.slow
def test_proposed_runs_find_the_direction_better_than_seeds_for_all():
    found = simulation().simulated("direction", 30)
    assert found["ratio"] < 1
    assert found["above_best_proposed"] < min(found["above_best_before"], found["above_best_alike"])
