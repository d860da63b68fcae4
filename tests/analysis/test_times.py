import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.times import time_fits


def tables(rng, n=12, sd=0.1):
    flops = np.geomspace(1e8, 1e10, n)
    params = 1e6 * np.exp(rng.standard_normal(n))
    costs = pd.DataFrame({"variant_id": [f"v{i}" for i in range(n)], "family": ["a", "b"] * (n // 2), "flops": flops,
                          "params": params, "activations": 1e6})  # fmt: skip
    seconds = 1e-9 * flops**0.8 * np.exp(sd * rng.standard_normal(n))
    parts = [
        pd.DataFrame({"variant_id": costs.variant_id, "device": "cpu", "threads": 1, "precision": "fp32",
                      "runtime": "eager", "workload": workload, "batch_size": batch, "seconds_median": seconds * batch,
                      "images_per_second": 1 / seconds})
        for workload, batch in (("inference", 1), ("inference", 8), ("train_step", 4))
    ]  # fmt: skip
    return costs, pd.concat(parts)


def test_exponent_and_correlation_are_estimated_pooled_and_within_families():
    table = time_fits(*tables(np.random.default_rng(0)))
    assert set(table.family) == {"all", "a", "b"}
    row = table[(table.family == "all") & (table.time == "inference") & (table.predictor == "flops")].iloc[0]
    assert row.n == 12
    assert row.exponent_low < row.exponent < row.exponent_high
    assert row.correlation_low < row.correlation < row.correlation_high < 1
    assert row.residual_factor == pytest.approx(1.1, abs=0.06)
    unrelated = table[(table.family == "all") & (table.time == "inference") & (table.predictor == "params")].iloc[0]
    assert unrelated.correlation_low < 0 < unrelated.correlation_high


@pytest.mark.slow
def test_the_exponents_interval_holds_the_truth():
    inside = []
    for seed in range(60):
        row = time_fits(*tables(np.random.default_rng(seed))).query("family == 'all' and predictor == 'flops'").iloc[0]
        inside.append(row.exponent_low <= 0.8 <= row.exponent_high)
    assert np.mean(inside) >= 0.9


def test_what_cannot_be_regressed_is_named():
    costs, latencies = tables(np.random.default_rng(0))
    assert set(time_fits(costs, latencies).query("predictor == 'activations'").status) == {"predictor is constant"}
    assert set(time_fits(costs[:3], latencies).query("predictor == 'flops'").status) == {"too few points"}
    assert time_fits(costs, latencies[:0]).empty


def family_tables(factors, n=6, sd=0.0):
    """Networks of families whose times are a line in flops times a factor of the family's own."""
    rng = np.random.default_rng(3)
    rows = []
    for family, factor in factors.items():
        for i, flops in enumerate(np.geomspace(1e8, 1e10, n)):
            seconds = factor * 1e-9 * flops**0.8 * np.exp(sd * rng.standard_normal())
            rows.append((f"{family}{i}", family, flops, seconds))
    costs = pd.DataFrame(rows, columns=["variant_id", "family", "flops", "seconds"]).assign(params=1e6, activations=1e6)
    settings = {"device": "cpu", "threads": 1, "precision": "fp32", "runtime": "eager", "workload": "inference"}
    latencies = costs.assign(**settings, batch_size=1, images_per_second=1 / costs.seconds)
    return costs.drop(columns="seconds"), latencies


def left_out(factors, **options):
    table = time_fits(*family_tables(factors, **options)).query("time == 'inference' and predictor == 'flops'")
    return table.set_index("family")[["left_out_ratio", "left_out_factor"]]


def test_a_family_left_out_is_predicted_by_the_line_of_the_others():
    table = left_out({"a": 1.0, "b": 1.0, "c": 2.0})
    assert table.loc["c"].tolist() == pytest.approx([2.0, 2.0])
    assert table.loc["a", "left_out_ratio"] == pytest.approx(2**-0.5)  # between b and c
    assert table.loc["all", "left_out_factor"] == pytest.approx(np.exp(np.log(2) * np.sqrt((1 + 0.25 + 0.25) / 3)))


def test_scatter_within_a_family_counts_but_moves_no_mean():
    table = left_out({"a": 1.0, "b": 1.0}, n=40, sd=0.2)
    assert table.left_out_ratio.to_numpy() == pytest.approx(1.0, abs=0.1)
    assert table.left_out_factor.to_numpy() == pytest.approx(np.exp(0.2), abs=0.05)


def test_one_family_alone_has_no_other_to_be_predicted_from():
    assert left_out({"a": 1.0}).isna().all(axis=None)


def test_every_timm_classifier_is_a_family_of_its_own():
    """So that the others of timm help to predict it."""
    apart, together = (left_out({"a": 1.0, name: 3.0}) for name in ("timm", "t"))
    assert together.left_out_factor["all"] == pytest.approx(3)
    assert 1.2 < apart.left_out_factor["all"] < 2.5
    assert apart.left_out_ratio["a"] == pytest.approx(1 / 3)
