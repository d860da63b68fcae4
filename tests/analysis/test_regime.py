import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.regime import regime


def runs(rng, change=0.0, *, seeds=3, sd=0.3):
    rows = []
    for epochs in (1, 2, 4, 8):
        for method in ("depth", "width"):
            for seed in range(seeds):
                ahead = (1.0 + change * np.log2(epochs)) * (method == "depth")
                rows.append({"status": "done", "model": "net", "method": method, "epochs": epochs, "seed": seed,
                             "depth": 4.0, "width": 1.0, "resolution": 1.0, "flops_target": 4.0,
                             "top1": 70 + ahead + sd * rng.standard_normal()})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.slow
@pytest.mark.parametrize("change", [0.0, 1.0])
def test_the_interaction_with_length_is_estimated(change):
    inside = []
    for seed in range(50):
        table = regime(runs(np.random.default_rng(seed), change))
        assert table.epochs.tolist()[:4] == [1, 2, 4, 8]
        slope = table[table.epochs.isna()].iloc[0]
        inside.append(slope.low <= change <= slope.high)
        if change:
            assert slope.verdict == "longer training favours depth"
    assert np.mean(inside) >= 0.9


def test_it_needs_both_axes_at_two_lengths():
    table = runs(np.random.default_rng(0))
    assert regime(table[table.method == "depth"]).empty
    assert regime(table[table.epochs == 2]).empty
    assert regime(table.assign(flops_target=np.nan)).empty


def test_one_seed_has_no_interval():
    table = regime(runs(np.random.default_rng(0), seeds=1))
    assert table.p_holm.isna().all()
    assert set(table.verdict) == {"no interval"}
    assert table.points.notna().all()
