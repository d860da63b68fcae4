import numpy as np
import pandas as pd

from scaling_study.analysis.frontier import frontier, undominated

from .synthetic import run_rows


def test_undominated_is_the_pareto_set():
    cost, accuracy = np.array([1, 2, 2, 3, 4]), np.array([[50], [60], [55], [60], [70]])
    assert undominated(cost, accuracy)[:, 0].tolist() == [True, True, False, True, True]
    random = np.random.default_rng(0)
    cost, accuracy = np.sort(random.integers(1, 20, 40)), random.integers(0, 30, 40)
    brute = [all(accuracy[i] >= a for c, a in zip(cost, accuracy, strict=True) if c <= cost[i]) for i in range(40)]
    assert undominated(cost, accuracy[:, None])[:, 0].tolist() == brute


def test_uncertain_variants_have_probabilities_between_0_and_1():
    rng = np.random.default_rng(0)
    runs = pd.concat(
        [
            run_rows("width", [1, 4, 16], [40, 30, 20], rng),
            run_rows("depth", [1, 4.5, 16], [40, 30, 35], rng).query("method == 'depth'"),
        ]
    )
    table = frontier(runs, costs=("flops",)).set_index(["method", "cost_value"])
    assert table.probability["width", 16e6] > 0.99
    assert table.probability["depth", 16e6] < 0.01
    assert 0.001 < table.probability["depth", 4.5e6] < 0.999
    assert table.pareto["baseline", 1e6]
    assert (table.low < table.accuracy).all()


def test_models_share_one_frontier():
    rng = np.random.default_rng(0)
    one = run_rows("width", [1, 4], [40, 30], rng)
    other = run_rows("width", [2, 8], [50, 20], rng, model="other")
    table = frontier(pd.concat([one, other]), costs=("flops",))
    assert table[table.pareto].cost_value.tolist() == [1e6, 4e6, 8e6]


def test_one_seed_has_no_probability():
    table = frontier(run_rows("width", [1, 4], [40, 30], np.random.default_rng(0), seeds=1), costs=("flops",))
    assert table.pareto.all()
    assert table.probability.isna().all()
    assert table.low.isna().all()
    assert frontier(table[:0].assign(status="done", top1=1.0, width=1.0)).empty


def test_by_training_compute_all_lengths_are_compared():
    rng = np.random.default_rng(0)
    short, long = (run_rows("width", [1, 2, 4], errors, rng, sd=0.01) for errors in ([40, 38, 36], [30, 29, 28]))
    runs = pd.concat([short.assign(epochs=1), long.assign(epochs=2)], ignore_index=True)
    table = frontier(runs.assign(train_flops=3e3 * runs.flops * runs.epochs))
    found = table[(table.cost == "train_flops") & table.pareto]
    assert found[["epochs", "flops"]].to_numpy().tolist() == [[1, 1e6], [2, 1e6], [2, 2e6], [2, 4e6]]
    assert set(table[(table.cost == "flops") & table.pareto].epochs) == {1, 2}
