"""Whether all networks of a study were tuned alike, and what is compared for it."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.observations import usable
from scaling_study.analysis.settings import TUNED, envelope
from scaling_study.analysis.study import Analysis
from scaling_study.analysis.trials import COLUMNS, to_compare, trials
from scaling_study.figures import of_runs
from scaling_study.report.summary import summary
from scaling_study.report.summary_trials import trials_part

from .test_settings import with_rates

EQUAL = {"": 0.0, "learning_rate=0.003": -1.0, "learning_rate=0.03": 1.0}


@pytest.fixture(scope="module")
def runs():
    return with_rates(EQUAL, seeds=2)


def without(runs, method, settings):
    return runs[(runs.method != method) | (runs.settings.fillna("") != settings)]


def test_networks_tuned_alike_are_compared_at_their_own_best(runs):
    chosen, notes = to_compare(runs)
    expected, lines = envelope(runs)
    pd.testing.assert_frame_equal(chosen, expected)
    assert notes == lines
    pd.testing.assert_frame_equal(to_compare(chosen)[0], chosen)
    assert to_compare(runs, best=False)[0] is runs
    assert set(to_compare(runs, "learning_rate=0.03")[0].settings) == {"learning_rate=0.03"}


def test_other_studies_are_as_they_are(runs):
    for table in (runs[runs.settings.isna()], runs.assign(val_top1=np.nan), runs.drop(columns="val_top1"), runs[:0]):
        assert to_compare(table)[0] is table
        assert to_compare(table)[1] == []
    some = pd.concat([runs[runs.settings.isna()], runs[runs.method == "depth"]], ignore_index=True)
    assert to_compare(some)[0] is some


def test_unequal_tuning_is_said_and_never_taken_for_equal(runs):
    fewer = without(runs, "fast", "learning_rate=0.03")
    table, [note] = to_compare(fewer)
    assert TUNED not in set(table.settings)
    assert note.startswith("unequal tuning, ")
    assert "compound 3" in note
    assert "fast 2" in note
    assert "analysis.envelope=true" in note
    table, notes = to_compare(fewer, best=True)
    assert set(table.settings) == {TUNED}
    assert notes[-1].endswith("more settings are better by luck alone")


def test_of_several_models_each_is_taken_by_itself(runs):
    other = without(runs, "fast", "").assign(model="other")
    table, notes = to_compare(pd.concat([runs, other]))
    assert set(table[table.model == "net"].settings) == {TUNED}
    assert TUNED not in set(table[table.model == "other"].settings)
    assert [note.partition(": ")[0] for note in notes] == ["net", "other"]


def test_a_setting_with_which_training_fails_was_tried(runs):
    diverged = (runs.method == "width") & (runs.settings == "learning_rate=0.03")
    failed = runs.assign(status=np.where(diverged, "failed", "done"))
    failed.loc[diverged, ["flops", "top1", "val_top1", "train_seconds"]] = np.nan
    assert set(to_compare(failed)[0].settings) == {TUNED}
    table = trials(failed)
    assert table.dtypes.map(str).to_dict() == COLUMNS
    assert table.alike.all()
    assert dict(zip(table.method, table.failed, strict=True))["width"] == diverged.sum()
    assert set(table.settings) == set(table.settings_max) == {3}
    assert trials(runs[runs.settings.isna()]).empty


def test_the_summary_counts_trials_and_names_bests_at_the_end(runs):
    fewer = without(runs, "fast", "learning_rate=0.03")
    edge = pd.DataFrame({"rate": "learning_rate", "method": "depth", "value": [0.03, 0.03], "at_edge": True})
    tables = {"trials": trials(runs)}
    text = summary("study", Analysis(tables, (), usable(to_compare(runs)[0])[0]), pd.DataFrame())
    assert "Every network was tried with the same 3 settings, and is compared at its own best" in text
    lines = list(trials_part(trials(fewer), fewer, edge))
    assert "| fast | 4 | 2 | 0 |" in lines
    assert "- No: networks of fast were tried with as few as 2 settings, of " in "\n".join(lines)
    assert lines[-1] == (
        "- depth: the best learning rate of 2 of its networks is at the end of what was tried (0.03), so it may be "
        "better still than shown."
    )


def test_figures_show_what_is_compared(runs):
    shown = next(iter(of_runs(runs).values())).args[0]
    assert sorted(shown.top1) == sorted(envelope(runs)[0].top1)
