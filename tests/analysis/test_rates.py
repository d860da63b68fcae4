"""Best learning rates and weight decays of networks with a known best, and the rule by size through them."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.observations import usable
from scaling_study.analysis.rates import COLUMNS, rates
from scaling_study.analysis.study import Analysis
from scaling_study.report.summary import summary

RATES = (0.00375, 0.0075, 0.015, 0.03, 0.06)
VARIANTS = {
    "baseline": (1.0, 1.0, 1.0),
    "depth": (8.0, 1.0, 1.0),
    "width": (1.0, 5.0, 1.0),
    "resolution": (1.0, 1.0, 2.5),
    "compound": (2.0, 1.5, 1.7),
}


def rate_study(seed, exponents=(-0.25, -0.1, 0.2), best=0.02, *, seeds=3, sd=0.3, curvature=3.0, rates=RATES):
    """Validation accuracy is a parabola in the logarithm of the rate; its top is at best * product of x ** exponent."""
    rng = np.random.default_rng(seed)
    rows = []
    for method, axes in VARIANTS.items():
        top = np.log(best) + np.dot(exponents, np.log(axes))
        for rate in rates:
            row = {"status": "done", "model": "net", "epochs": 2, "method": method, "flops": 1e6, "learning_rate": rate}
            row |= dict(zip(("depth", "width", "resolution"), axes, strict=True))
            row["settings"] = None if rate == 0.015 else f"learning_rate={rate:g}"
            accuracy = 80 - curvature * (np.log(rate) - top) ** 2
            for number in range(seeds):
                noisy = accuracy + sd * rng.standard_normal()
                rows.append(row | {"seed": number, "val_top1": noisy, "top1": noisy, "classes": 200})
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_best_rates_and_exponents_are_within_their_intervals():
    inside, exponent = [], []
    for seed in range(40):
        table = rates(rate_study(seed), draws=300)
        assert table.dtypes.map(str).to_dict() == COLUMNS
        for row in table[table.what == "best rate"].itertuples():
            truth = 0.02 * np.prod(np.array([row.depth, row.width, row.resolution]) ** (-0.25, -0.1, 0.2))
            inside.append(row.low <= truth <= row.high)
        for row in table[table.what == "exponent"].itertuples():
            truth = {"depth": -0.25, "width": -0.1, "resolution": 0.2}[row.method]
            exponent.append(row.low <= truth <= row.high)
    assert np.mean(inside) >= 0.9
    assert np.mean(exponent) >= 0.9


def only(table, what):
    return table[table.what == what].set_index("method")


def test_what_the_own_rate_costs_is_said():
    table = rates(rate_study(0, exponents=(-0.5, 0.0, 0.0), sd=0.05), draws=300).set_index("method")
    depth = table.loc["depth"].iloc[0]
    truth = 3.0 * (np.log(0.015) - np.log(0.02 * 8**-0.5)) ** 2
    assert depth.own_rate == 0.015
    assert depth.loss == pytest.approx(truth, abs=0.1)
    assert depth.loss_low <= truth <= depth.loss_high


def test_a_best_rate_at_the_end_is_marked_and_gives_no_exponent():
    table = rates(rate_study(0, exponents=(-2.0, 0.0, 0.0), sd=0.05), draws=100)
    best = table[table.what == "best rate"].set_index("method")
    assert best.at_edge["depth"]
    assert best.value["depth"] == pytest.approx(min(RATES))
    assert not best.at_edge["baseline"]


def test_one_seed_gives_no_interval():
    table = rates(rate_study(0, seeds=1, sd=0.0))
    assert table.low.isna().all()
    assert table.value.notna().all()


def test_runs_that_differ_in_more_than_the_rate_do_not_count():
    runs = rate_study(0, sd=0.05)
    other = runs.assign(settings="weight_decay=0.2 " + runs.settings.fillna(""), val_top1=99.0, top1=99.0)
    pd.testing.assert_frame_equal(rates(pd.concat([runs, other])), rates(runs))


@pytest.mark.parametrize(
    "change",
    [lambda runs: runs.drop(columns="settings"), lambda runs: runs[runs.learning_rate > 0.02], lambda r: r[:0]],
)
def test_without_three_rates_there_is_nothing(change):
    assert rates(change(rate_study(0))).empty


def test_the_rule_keeps_exponents_that_are_distinguishable_from_0():
    table = rates(rate_study(0, exponents=(-0.5, 0.0, 0.0), sd=0.1), draws=300)
    kept = only(table, "rule").value
    assert set(kept.index) == {"baseline", "depth"}
    assert kept.depth == pytest.approx(-0.5, abs=0.05)
    assert kept.baseline == pytest.approx(0.02, rel=0.05)
    assert set(only(table, "exponent").index) == {"depth", "width", "resolution"}
    one = rates(rate_study(0, seeds=1, sd=0.0))
    middle = np.exp(np.log(only(one, "best rate").value).mean())
    assert dict(only(one, "rule").value) == {"baseline": pytest.approx(middle)}


def test_a_prediction_holds_nothing_of_the_network_itself():
    runs = rate_study(0, sd=0.0, seeds=1)
    best = only(rates(runs), "best rate")
    assert best.predicted.notna().all()
    assert best.ratio.to_numpy() == pytest.approx((best.value / best.predicted).to_numpy())
    moved = runs.learning_rate.where(runs.method != "depth", runs.learning_rate.rank(pct=True) / 10)
    assert only(rates(runs.assign(learning_rate=moved)), "best rate").predicted.depth == best.predicted.depth


def test_where_the_rule_holds_left_out_networks_are_predicted():
    exact = only(rates(rate_study(0, (-0.25, -0.1, 0.2), sd=0.001), draws=100), "best rate")
    assert exact.ratio.to_numpy() == pytest.approx(1, abs=0.01)
    assert (exact.ratio_low <= exact.ratio).all()
    assert (exact.ratio <= exact.ratio_high).all()
    beyond = only(rates(rate_study(0, (-2.0, 0.0, 0.0), sd=0.001), draws=100), "best rate")
    assert pd.isna(beyond.ratio.depth)  # its best rate is at the end of what was tried


def test_networks_that_tell_nothing_of_an_axis_predict_nothing_and_that_is_said():
    runs = rate_study(0)
    table = rates(runs[runs.method.isin(["baseline", "depth"])], draws=100)
    best = only(table, "best rate")
    assert best.predicted.isna().all()
    text = summary("study", Analysis({"rates": table}, (), usable(runs)[0]), pd.DataFrame())
    assert text.count("too few networks with a best value between those tried") == 1
    assert "nan" not in text


def decays(runs):
    """The same study with the weight decay varied instead."""
    words = runs.settings.str.replace("learning_rate", "weight_decay")
    return runs.assign(settings=words, weight_decay=runs.learning_rate, learning_rate=0.015)


def test_weight_decays_are_analyzed_as_learning_rates_are():
    expected = rates(rate_study(0), draws=100)
    found = rates(decays(rate_study(0)), draws=100)
    assert set(found.rate) == {"weight_decay"}
    pd.testing.assert_frame_equal(found.drop(columns="rate"), expected.drop(columns="rate"))


def test_of_a_study_of_both_each_is_analyzed_at_the_recipes_other():
    runs = rate_study(0).assign(weight_decay=0.05)
    other = decays(rate_study(1))
    both = rates(pd.concat([runs, other[other.settings.notna()]]), draws=100)
    pd.testing.assert_frame_equal(both[both.rate == "learning_rate"], rates(runs, draws=100))
    assert (both[both.rate == "weight_decay"].what == "best rate").sum() == len(VARIANTS)


def test_settings_that_all_runs_share_do_not_hide_the_rate():
    runs = rate_study(0)
    shared = runs.assign(
        settings="learning_rate=" + runs.learning_rate.map("{:g}".format) + " flip=true", recipe="mine"
    )
    table = rates(shared, draws=100)
    assert set(table.settings) == {"flip=true"}
    assert set(table.recipe) == {"mine"}
    assert table.loss.isna().all()  # no run is at the recipe's own rate
    assert table.value.tolist() == rates(runs, draws=100).value.tolist()


def test_the_summary_names_rates_losses_and_keys():
    table = rates(rate_study(0), draws=100)
    text = summary("study", Analysis({"rates": table}, (), usable(rate_study(0))[0]), pd.DataFrame())
    assert "recipe.learning_rate_depth" in text
    assert "the rule predicts the best learning rate of networks it was not fitted on within a factor of" in text
    assert "| baseline | 1, 1, 1 | 0.0" in text
    assert "nan" not in text
