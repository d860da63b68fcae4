"""Runs of a study that differ in the settings of training."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.comparisons import compare
from scaling_study.analysis.observations import usable
from scaling_study.analysis.settings import TUNED, envelope, equal_settings, without

from .synthetic import matched_study

RATES = ("", "learning_rate=0.003", "learning_rate=0.03")


def with_rates(offsets, *, seeds=3, sd=0.3, start=0):
    """A matched study once for each rate, whose accuracies are moved by ``offsets``."""
    parts = []
    for n, (rate, offset) in enumerate(offsets.items()):
        rng = np.random.default_rng(start + n)
        runs = matched_study(rng, sd=sd, seeds=seeds)
        runs["top1"] += offset
        parts.append(runs.assign(settings=rate or None, val_top1=runs.top1 + 0.1 * rng.standard_normal(len(runs))))
    return pd.concat(parts, ignore_index=True)


def test_runs_of_other_settings_are_never_averaged():
    runs = with_rates({"": 0.0, "learning_rate=0.003": -5.0})
    extra = runs[runs.settings.isna()].assign(seed=lambda rows: rows.seed + 10)
    frame, notes = usable(pd.concat([runs, extra], ignore_index=True))
    assert frame.settings.isna().all()
    assert notes == ["net: 63 of 189 rows left out, which were trained with other settings than the recipe as it is"]
    alone, _ = compare(pd.concat([runs[runs.settings.isna()], extra], ignore_index=True), ["flops"])
    both, _ = compare(pd.concat([runs, extra], ignore_index=True), ["flops"])
    pd.testing.assert_frame_equal(alone, both)


def test_other_settings_can_be_asked_for():
    runs = with_rates({"": 0.0, "learning_rate=0.003": -5.0})
    low, _ = equal_settings(runs, "learning_rate=0.003")
    assert set(low.settings) == {"learning_rate=0.003"}
    assert len(low) == len(runs) / 2
    with pytest.raises(ValueError, match=r"^settings='learning_rate=1': no run has them; the table has '', 'learning"):
        equal_settings(runs, "learning_rate=1")


def test_other_numbers_of_training_images_are_other_settings():
    runs = with_rates({"": 0.0})
    runs["train_images"] = np.where(runs.method == "fast", 1000, 2000)
    frame, notes = equal_settings(runs)
    assert set(frame.train_images) == {2000}
    assert notes[0].endswith("than 2000 training images")


def test_a_study_of_one_setting_is_as_it_is():
    runs = matched_study(np.random.default_rng(0))
    for table in (runs, runs.assign(settings=None), runs.assign(settings="learning_rate=1", train_images=5)):
        frame, notes = equal_settings(table)
        pd.testing.assert_frame_equal(frame, table)
        assert notes == []


def test_the_envelope_takes_the_best_of_each_variant():
    runs = with_rates({"": 0.0, "learning_rate=0.003": -5.0})
    better = (runs.method == "depth") & (runs.settings == "learning_rate=0.003")
    runs.loc[better, ["top1", "val_top1"]] += 10
    tuned, notes = envelope(runs)
    assert set(tuned.settings) == {TUNED}
    assert len(tuned) == len(runs) / 2
    expected = runs[better | (runs.settings.isna() & (runs.method != "depth"))]
    assert sorted(tuned.top1) == sorted(expected.top1)
    assert notes == ["settings of each variant: the best on the validation split of 2 by the other seeds"]
    assert usable(tuned)[1] == []


@pytest.mark.slow
def test_luck_does_not_pick_itself():
    """Equal settings: the envelope is as good as each of them, the plain best is better than the truth."""
    off, plain = [], []
    for start in range(0, 300, 10):
        runs = with_rates({f"learning_rate={n}": 0.0 for n in range(6)}, sd=1.0, start=start)
        runs["val_top1"] = runs.top1  # what a seed does to both alike
        truth = matched_study(np.random.default_rng(0), sd=0.0).top1.mean()
        off.append(envelope(runs)[0].top1.mean() - truth)
        best = runs.groupby(["run_id", "settings"]).top1.mean().groupby("run_id").max()
        plain.append(best.mean() - truth)
    assert abs(np.mean(off)) < 0.05
    assert np.mean(plain) > 0.5


def test_one_seed_picks_itself_and_that_is_said():
    tuned, notes = envelope(with_rates(dict.fromkeys(RATES, 0.0), seeds=1))
    assert len(tuned) == 21
    assert notes[1] == "21 variants have one seed, whose own validation accuracy picked the settings"


def test_a_change_is_taken_out_by_its_whole_name():
    known = "batch_size=32 learning_rate=0.03 momentum=0.9"
    assert without(known, "learning_rate") == "batch_size=32 momentum=0.9"
    assert without("learning_rate_depth=0.5", "learning_rate") == "learning_rate_depth=0.5"
    assert without("learning_rate=0.03", "learning_rate") == without("", "learning_rate") == ""
