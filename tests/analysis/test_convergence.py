"""Whether training converged: of variants whose ends are known, in a table and in words."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.convergence import COLUMNS, convergence
from scaling_study.analysis.study import analyze
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.report.summary import summary
from scaling_study.report.summary_convergence import CHANCE, convergence_part

from .synthetic import matched_study


@pytest.fixture
def runs():
    """Widths and depths at 1, 2, 4, 8 and 16 times the cost, three seeds; larger networks gain more at the end."""
    frame = matched_study(np.random.default_rng(0), methods=("depth", "width"))
    size = frame.depth * frame.width
    return frame.assign(
        updates=1000 + frame.seed,
        last_tenth_gain=0.1 * size + 0.1 * (frame.seed - 1),
        train_top1=frame.top1 + size,
        train_loss=1 / size + 0.01 * frame.seed,
    )


def row_of(table, method, size):
    (row,) = table[(table.method == method) & (table.depth * table.width == size)].itertuples()
    return row


def test_a_row_per_variant_with_means_over_seeds(runs):
    table = convergence(runs)
    assert list(table) == COLUMNS
    assert len(table) == 9
    row = row_of(table, "width", 4.0)
    assert (row.runs, row.updates, row.epochs) == (3, 1000, 2)
    assert (row.last_tenth_gain, row.train_gap) == pytest.approx((0.4, 4))
    assert (row.train_loss, row.train_loss_low, row.train_loss_high) == pytest.approx((0.26, 0.25, 0.27))
    ends = {size: bool(row_of(table, "depth", size).converged) for size in (2**0.5, 2.0, 8**0.5, 4.0)}
    assert ends == {2**0.5: True, 2.0: True, 8**0.5: True, 4.0: False}  # gains of 0.14, 0.2, 0.28 and 0.4 points


def test_what_is_not_known_is_missing(runs):
    earlier = runs.drop(columns=["updates", "last_tenth_gain"])
    table = convergence(earlier)
    assert table.converged.isna().all()
    assert table.updates.isna().all()
    assert row_of(table, "width", 2.0).train_gap == pytest.approx(2)
    assert convergence(earlier.drop(columns=["train_top1", "train_loss"])).empty
    failed = convergence(runs.assign(status=np.where(runs.width > 1, "failed", "done")))
    assert set(failed.method) == {"baseline", "depth"}


def test_in_words(runs):
    text = "\n".join(convergence_part(convergence(runs)))
    assert "- 7 of 9 variants converged. Not so: depth 4 (+0.4), width 4 (+0.4).\n" in text
    assert "- Largest gap between training and test accuracy: +4.0 points, " in text
    assert text.endswith(f"in 0 of 20 pairs (by chance about {20 * CHANCE[3]:.1f}).")
    assert "updates of the weights" not in text
    few = "\n".join(convergence_part(convergence(runs.assign(updates=np.where(runs.width == 2, 999, 1000)))))
    assert "- 999 updates of the weights at the fewest: with so few, " in few
    none = "\n".join(convergence_part(convergence(runs.assign(last_tenth_gain=np.nan))))
    assert "nothing is known of their last tenth" in none
    partly = runs.assign(last_tenth_gain=runs.last_tenth_gain.where(runs.method != "width"))
    assert "Of 4 more the history is missing" in "\n".join(convergence_part(convergence(partly)))


def test_the_five_of_the_largest_gains_are_named(runs):
    text = "\n".join(convergence_part(convergence(runs.assign(last_tenth_gain=runs.depth + 2 * runs.width))))
    assert (
        "Not so: width 4 (+9.0), width 2.83 (+6.7), depth 4 (+6.0), width 2 (+5.0), depth 2.83 (+4.8) and 4 more"
        in text
    )


def test_a_training_loss_that_rises_with_the_network_is_told(runs):
    rising = runs.assign(train_loss=np.where(runs.depth > 3, 0.9, 1 / (runs.depth * runs.width)) + 0.01 * runs.seed)
    text = "\n".join(convergence_part(convergence(rising)))
    assert "in 3 of 20 pairs" in text  # depth 4 against 1.41, 2 and 2.83; the baseline's is higher
    assert "most for depth 4 (0.91 nats) above depth 2.83 (0.36). More than by chance points at optimization" in text
    wide = rising.assign(train_loss=rising.train_loss + 1.0 * rising.seed)
    assert "in 0 of 20 pairs" in "\n".join(convergence_part(convergence(wide)))
    assert "pairs" not in "\n".join(convergence_part(convergence(rising[rising.seed == 0])))


def test_models_and_lengths_are_kept_apart_and_named(runs):
    both = pd.concat([runs, runs.assign(model="other", epochs=4, last_tenth_gain=5.0)], ignore_index=True)
    table = convergence(both)
    assert len(table) == 18
    text = "\n".join(convergence_part(table))
    assert "other 4 epochs: baseline (+5.0)" in text
    assert "in 0 of 40 pairs" in text


@pytest.mark.slow
def test_the_analysis_has_the_part(runs, tmp_path):
    nothing = load_table(tmp_path, "costs"), load_table(tmp_path, "latencies")
    analysis = analyze(runs, *nothing, published(torchvision=False), draws=100)
    assert len(analysis.tables["convergence"]) == 9
    text = summary("toy", analysis, pd.DataFrame())
    assert "\n\n## Did training converge?\n\n" in text
    assert not analysis.failed


def test_the_rates_by_chance_are_those_of_a_simulation():
    rng = np.random.default_rng(0)
    for seeds, rate in CHANCE.items():
        a, b = rng.standard_normal((2, 200_000, seeds))
        widest = np.maximum(np.ptp(a, axis=1), np.ptp(b, axis=1))
        assert (b.mean(axis=1) - a.mean(axis=1) > widest).mean() == pytest.approx(rate, rel=0.15)
