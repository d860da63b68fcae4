"""Accuracies of variants: means with the noise's interval, and a best one only where it is distinguishable."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scaling_study.analysis.accuracies import COLUMNS, accuracies

from .synthetic import run_rows


def budgets(gap, rng, seeds=5, sd=0.5):
    """Depth and width at twice and four times the baseline, width ahead by ``gap`` points."""
    parts = []
    for method, lead in (("depth", 0.0), ("width", gap)):
        rows = run_rows(method, [1e6, 2e6, 4e6], np.array([40, 38 - lead, 36 - lead]), rng, sd=sd, seeds=seeds)
        parts.append(rows.assign(flops_target=(rows.flops / rows.flops.min()).where(rows.method != "baseline")))
    return pd.concat([parts[0], parts[1][parts[1].method != "baseline"]], ignore_index=True)


def test_means_and_intervals_are_those_of_the_seeds():
    runs = budgets(2.0, np.random.default_rng(0))
    table = accuracies(runs)
    assert list(table) == list(COLUMNS)
    assert table.budget.tolist()[1:] == [2, 2, 4, 4]
    assert pd.isna(table.budget[0])
    for row in table.itertuples():
        own = runs[(runs.method == row.method) & (runs.flops == row.flops)].top1
        assert row.accuracy == pytest.approx(own.mean())
        assert row.n == 5
    within = runs.groupby(["method", "flops"]).top1.var()
    half = stats.t.ppf(0.975, 4 * len(within)) * np.sqrt(within.mean() / 5)
    assert table.half_width.tolist() == pytest.approx([half] * 5, rel=0.02)


@pytest.mark.slow
def test_the_best_of_a_budget_is_marked_where_it_is_distinguishable():
    rng = np.random.default_rng(1)
    clear = accuracies(budgets(5.0, rng))
    assert clear[clear.best].method.tolist() == ["width", "width"]
    even = [accuracies(budgets(0.0, rng)).best.sum() for _ in range(100)]
    assert np.mean(even) / 2 <= 0.1  # of two budgets each; 5% by the level
    alone = accuracies(budgets(5.0, rng, seeds=1))
    assert not alone.best.any()
    assert alone.half_width.isna().all()


def test_a_table_without_finished_runs_is_empty():
    runs = budgets(1.0, np.random.default_rng(0)).assign(status="failed")
    assert accuracies(runs).empty
