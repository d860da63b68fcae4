"""Accuracy at every rate that a network was trained at."""

import numpy as np
import pytest
from scipy import stats

from scaling_study.analysis.rate_curves import COLUMNS, rate_curves

from .test_rates import RATES, VARIANTS, rate_study


def test_a_row_is_the_mean_of_a_network_at_a_rate_with_the_pooled_noise():
    runs = rate_study(0).assign(top1=lambda frame: frame.val_top1 - 1)
    table = rate_curves(runs)
    assert table.dtypes.map(str).to_dict() == COLUMNS
    assert len(table) == len(RATES) * len(VARIANTS)
    groups = runs.groupby(["method", "learning_rate"]).val_top1
    df = (groups.size() - 1).sum()
    half = stats.t.ppf(0.975, df) * np.sqrt((groups.var() * (groups.size() - 1)).sum() / df / 3)
    for row in table.itertuples():
        assert row.accuracy == pytest.approx(groups.mean()[row.method, row.value])
        assert row.top1 == pytest.approx(row.accuracy - 1)
        assert (row.low, row.high) == pytest.approx((row.accuracy - half, row.accuracy + half))
        assert row.own == (row.value == 0.015)
        assert row.n == 3


def test_intervals_hold_the_true_accuracy():
    inside = []
    for seed in range(40):
        table, truth = rate_curves(rate_study(seed)), rate_curves(rate_study(seed, sd=0.0))
        inside += list((table.low <= truth.accuracy) & (truth.accuracy <= table.high))
    assert 0.93 <= np.mean(inside) <= 0.97


def test_single_seeds_have_no_interval_and_two_rates_no_curve():
    assert rate_curves(rate_study(0, seeds=1)).low.isna().all()
    assert rate_curves(rate_study(0, rates=RATES[:2])).empty
    assert rate_curves(rate_study(0).drop(columns="settings")).empty


def test_a_network_with_a_best_has_a_curve_and_no_other():
    runs = rate_study(0)
    lost = (runs.method == "depth") & (runs.learning_rate > RATES[1])
    table = rate_curves(runs.assign(status=runs.status.mask(lost, "failed")))
    assert set(table.method) == {*VARIANTS} - {"depth"}
    assert rate_curves(runs.drop(columns="top1"))["top1"].isna().all()
