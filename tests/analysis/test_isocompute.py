"""Best sizes at equal training compute, of networks whose best is known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.isocompute import BEST, COLUMNS, LENGTH, SIZE, isocompute
from scaling_study.analysis.observations import usable
from scaling_study.analysis.rules import one_rule
from scaling_study.analysis.study import Analysis
from scaling_study.report.summary import summary

SIZES, LEVELS = (0.5, 1, 2, 4, 8), (8, 16, 32)
IMAGES = 1000  # of an epoch


def compute_study(error, rng=None, *, sizes=SIZES, levels=LEVELS, seeds=3, sd=0.3, miss=0.0):
    """Runs of every size at every level, in baseline epochs; ``error(size, epochs)`` in percent; miss: how far whole
    epochs are off, at most, as a fraction."""
    rng = rng or np.random.default_rng(0)
    rows = []
    for level, size in itertools.product(levels, sizes):
        epochs = level / size * (1 + miss * rng.uniform(-1, 1))
        row = {"status": "done", "model": "net", "method": "baseline" if size == 1 else "compound", "classes": 1000}
        row |= {axis: size**share for axis, share in (("depth", 0.4), ("width", 0.2), ("resolution", 0.1))}
        row |= {"flops": 1e6 * size, "flops_ratio": size, "epochs": round(1000 * epochs)}
        row |= {"train_flops": 3e6 * size * IMAGES * epochs, "data": "toy", "recipe": "quick"}
        for seed in range(seeds):
            accuracy = 100 - error(size, epochs) - sd * rng.standard_normal()
            rows.append(row | {"seed": seed, "val_top1": accuracy, "top1": accuracy})
    return pd.DataFrame(rows)


def valley(middle=2.0, power=0.5, bend=0.06):
    """Log error is a parabola in log size whose bottom is at ``middle`` at level 16 and grows as a power."""

    def best(level):
        return middle * (level / 16) ** power

    def error(size, epochs):
        level = size * epochs
        return 30 * np.exp(bend * np.log(size / best(level)) ** 2 - 0.2 * np.log(level / 16))

    return error, best


def sum_of_powers(middle=2.0, a=0.5, b=0.4, rest=5.0, both=20.0):
    """The form of Hoffmann et al. (2022): a constant, a power of the size and a power of the length."""
    of_size = both / (1 + a / b)

    def error(size, epochs):
        return rest + of_size * (size / middle) ** -a + (both - of_size) * (epochs * middle / 16) ** -b

    return error, lambda level: middle * (level / 16) ** (b / (a + b))


@pytest.mark.parametrize("truth", [valley, sum_of_powers])
def test_best_sizes_lengths_and_powers_are_found(truth):
    error, best = truth()
    table = isocompute(compute_study(error, sd=0.1), draws=200)
    assert table.dtypes.map(str).to_dict() == COLUMNS
    levels = table[table.what == BEST]
    assert (levels.train_flops / (3e6 * IMAGES)).tolist() == pytest.approx(LEVELS)
    assert levels.flops_ratio.tolist() == pytest.approx([best(level) for level in LEVELS], rel=0.1)
    assert levels.value.tolist() == pytest.approx((1e6 * levels.flops_ratio).tolist())
    assert (levels.epochs * levels.flops_ratio / 1000).tolist() == pytest.approx(LEVELS, rel=0.001)
    expected = [100 - error(best(level), level / best(level)) for level in LEVELS]
    assert levels.accuracy.tolist() == pytest.approx(expected, abs=0.1)
    assert (levels.low < levels.value).all()
    assert (levels.value < levels.high).all()
    powers = table.set_index("what").value
    assert powers[SIZE] == pytest.approx(np.log(best(32) / best(16)) / np.log(2), abs=0.1)
    assert powers[SIZE] + powers[LENGTH] == pytest.approx(1)


def test_what_whole_epochs_miss_is_corrected():
    error, best = valley()
    rng = np.random.default_rng(1)
    found = isocompute(compute_study(error, rng, sd=0.0, seeds=1, miss=0.1), draws=100)
    levels = found[found.what == BEST]
    expected = [best(level / (3e6 * IMAGES)) for level in levels.train_flops]
    assert levels.flops_ratio.tolist() == pytest.approx(expected, rel=0.02)
    one = compute_study(error, np.random.default_rng(1), sd=0.0, seeds=1, miss=0.1, levels=(16,))
    assert isocompute(one, draws=100).flops_ratio.iloc[0] != pytest.approx(best(16), rel=0.02)  # nothing to learn it by


def test_a_best_at_the_end_is_marked_and_enters_no_power():
    error, _ = valley(middle=4.0, power=1.5)
    table = isocompute(compute_study(error, sd=0.02), draws=100)
    levels = table[table.what == BEST]
    assert levels.at_edge.tolist() == [False, False, True]
    assert levels.flops_ratio.iloc[2] == pytest.approx(8)
    assert table[table.what == SIZE].value.iloc[0] == pytest.approx(1.5, abs=0.1)


def test_one_seed_has_intervals_from_the_scatter_if_there_is_one():
    error, _ = valley()
    single = isocompute(compute_study(error, seeds=1), draws=100)
    assert set(single.basis) == {"scatter"}
    assert single.low.notna().all()
    three = isocompute(compute_study(error, seeds=1, sizes=(1, 2, 4)), draws=100)
    assert set(three.basis) == {"none"}
    assert three.low.isna().all()
    assert three.value.notna().all()


@pytest.mark.parametrize(
    "change",
    [
        lambda runs: runs.drop(columns="train_flops"),
        lambda runs: runs.assign(train_flops=np.nan),
        lambda runs: runs[runs.flops_ratio < 2],
        lambda runs: runs[runs.epochs == 8000],
        lambda runs: runs.assign(val_top1=50.0),
        lambda runs: runs[:0],
    ],
)
def test_without_three_sizes_that_differ_there_is_nothing(change):
    assert isocompute(change(compute_study(valley()[0]))).empty


def test_networks_smaller_than_the_baseline_follow_the_same_rule():
    runs = compute_study(valley()[0])
    assert set(one_rule(runs).method) == {"baseline", "compound"}
    assert set(isocompute(runs, draws=100).networks.dropna()) == {len(SIZES)}


def test_the_summary_says_what_to_train():
    runs = compute_study(valley()[0], sd=0.05)
    text = summary("study", Analysis({"isocompute": isocompute(runs, draws=100)}, (), usable(runs)[0]), pd.DataFrame())
    assert "With 96 G multiply-adds for all training, the best compound network has 2.8" in text
    assert "`scaling.method=compound scaling.flops=2.8" in text
    assert "compute to the power 0.5" in text
    assert "nan" not in text


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 1])
@pytest.mark.parametrize("kind", ["valley", "sum of powers"])
def test_intervals_hold(kind, seeds):
    found = {BEST: [], SIZE: [], "accuracy": []}
    for number in range(100):
        rng = np.random.default_rng(number)
        if kind == "valley":
            truth = valley(rng.uniform(1, 4), rng.uniform(0.3, 0.7), rng.uniform(0.02, 0.08))
        else:
            a, b = rng.uniform(0.3, 0.6, 2)
            truth = sum_of_powers(rng.uniform(1, 3), a, b, rng.uniform(0, 8), rng.uniform(12, 30))
        error, best = truth
        table = isocompute(compute_study(error, rng, seeds=seeds, sd=rng.uniform(0.2, 1), miss=0.08), draws=300)
        for row in table[table.what == BEST].itertuples():
            level = row.train_flops / (3e6 * IMAGES)
            size = float(np.clip(best(level), SIZES[0], SIZES[-1]))
            found[BEST].append(row.low <= 1e6 * size * (1 + 1e-6) and 1e6 * size <= row.high * (1 + 1e-6))
            found["accuracy"].append(row.accuracy_low <= 100 - error(size, level / size) <= row.accuracy_high)
        for row in table[table.what == SIZE].itertuples():
            found[SIZE].append(row.low <= np.log2(best(32) / best(16)) <= row.high)
    assert {name: np.mean(inside) for name, inside in found.items() if np.mean(inside) < 0.9} == {}
