import numpy as np
import pytest

from scaling_study.analysis.search import search
from scaling_study.scaling.grid import triples

from .synthetic import grid_study

GRID = triples(0.2, 0.05, 0.05, 0.08)
TRUE = (1.2, 1.1, 1.15)


@pytest.mark.slow
def test_the_true_triple_is_the_best_or_not_distinguishable_from_it():
    kept = []
    for seed in range(100):
        table = search(grid_study(np.random.default_rng(seed), GRID, TRUE))
        row = table[(table.alpha == TRUE[0]) & (table.beta == TRUE[1]) & (table.gamma == TRUE[2])].iloc[0]
        kept.append(row.verdict in ("best", "not distinguishable"))
    assert np.mean(kept) >= 0.9


def test_triples_far_off_are_worse_and_the_best_comes_first():
    table = search(grid_study(np.random.default_rng(0), GRID, TRUE))
    assert len(table) == len(GRID)
    assert table.verdict.tolist().index("best") == 0
    assert table.verdict[(table.alpha == 2) & (table.beta == 1)].tolist() == ["worse"]
    assert (table.behind >= 0).all()
    assert table.behind.is_monotonic_increasing


def test_it_ranks_by_validation_and_never_by_test():
    runs = grid_study(np.random.default_rng(0), GRID, TRUE)
    assert search(runs.assign(top1=50.0)).equals(search(runs))
    assert search(runs.drop(columns="val_top1")).empty


def test_a_triple_built_too_dear_is_not_chosen():
    runs = grid_study(np.random.default_rng(0), GRID, TRUE, sd=0.05)
    dear = (runs.depth == TRUE[0]) & (runs.width == TRUE[1]) & (runs.resolution == TRUE[2])
    runs.loc[dear, "flops_ratio"] = 2.9
    table = search(runs)
    assert table.verdict[table.gamma == TRUE[2]][(table.alpha == TRUE[0])].tolist()[-1] in ("over budget", "worse")
    best = table[table.verdict == "best"].iloc[0]
    assert (best.alpha, best.beta, best.gamma) != TRUE
    assert "over budget" in set(table.verdict)


def test_other_runs_are_no_grid():
    runs = grid_study(np.random.default_rng(0), GRID, TRUE)
    assert search(runs[runs.depth == 2]).empty
    assert search(runs.assign(flops_target=2.0)).empty
    assert search(runs[:0]).empty


def test_one_seed_ranks_without_intervals():
    table = search(grid_study(np.random.default_rng(0), GRID, TRUE, seeds=1))
    assert table.verdict[0] == "best"
    assert set(table.verdict[1:]) == {"no interval"}
    assert table.behind.iloc[1:].notna().all()


@pytest.mark.parametrize("tolerance", [0.02, 0.08])
def test_the_tolerance_is_that_of_the_grid(tolerance):
    table = search(grid_study(np.random.default_rng(0), GRID, TRUE), tolerance)
    assert ((table.alpha * table.beta**2 * table.gamma**2 - 2).abs() <= tolerance + 1e-9).all()
