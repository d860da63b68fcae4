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
