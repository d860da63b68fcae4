import pytest

from scaling_study.scaling.grid import comma_separated, triples


def test_the_papers_triple_is_on_the_default_grid(config):
    grid = triples(**vars(config().search))
    assert (1.2, 1.1, 1.15) in grid
    assert len(grid) == len(set(grid)) == 26


@pytest.mark.parametrize("tolerance", [0.01, 0.08, 0.3])
def test_every_triple_keeps_to_the_budget(tolerance):
    grid = triples(0.1, 0.05, 0.05, tolerance)
    assert all(min(triple) >= 1 for triple in grid)
    assert all(abs(alpha * beta**2 * gamma**2 - 2) <= tolerance + 1e-9 for alpha, beta, gamma in grid)
    assert {(2, 1, 1)} <= set(grid)  # the whole budget on depth


def test_the_papers_triple_is_kept_where_the_steps_pass_it_by():
    assert triples(0.5, 0.4, 0.4, 0.1).count((1.2, 1.1, 1.15)) == 1
    assert (1.2, 1.1, 1.15) not in triples(0.5, 0.4, 0.4, 0.05)


def test_the_sweep_ends_with_the_baseline():
    assert comma_separated(1, 0.4, 0.4, 0.05) == "[1,1,1.4],[1,1.4,1],[2,1,1],[1,1,1]"
