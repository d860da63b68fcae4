"""What was gained at the end of training: in records, and filled in for tables of earlier versions."""

import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from scaling_study.records.columns import EPOCH_COLUMNS
from scaling_study.records.convergence import last_tenth_gain
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import load_runs, write_tables

RESULTS = Path(__file__).parents[2] / "results"
COLUMNS = ["last_tenth_gain", "train_gap"]


@pytest.mark.parametrize(
    ("values", "gain"),
    [
        ([*range(40, 60)], 2),  # 20 epochs, a point each: two epochs
        ([*range(9), 30], 22),  # 10 epochs: the last one
        ([0.0] * 13 + [10, 14], 9),  # 15 epochs: from the middle of the 13th and 14th
        ([50, 51, 49, 54], 2),  # 4 epochs: 0.4 of the last one
        ([50, 40], -2),
    ],
)
def test_the_gain_of_the_last_tenth(values, gain):
    assert last_tenth_gain(values) == pytest.approx(gain)


@pytest.mark.parametrize("values", [[], [50.0], [50.0, math.nan], [math.nan, 50.0]])
def test_where_too_little_is_known_there_is_no_gain(values):
    assert last_tenth_gain(values) is None


def test_of_a_long_run_the_start_does_not_matter():
    assert last_tenth_gain([math.nan] * 5 + [50.0] * 14 + [53.0]) == 3


def add(study, name, accuracies, **values):
    folder = RunFolder(study / "runs" / name)
    rows = dict.fromkeys(list(EPOCH_COLUMNS)[2:], 0.5)
    folder.write_history([{"epoch": n} | rows | {"val_top1": value} for n, value in enumerate(accuracies, start=1)])
    folder.write_record({"run_id": name, "status": "done", "epochs": len(accuracies)} | values)


def test_records_of_earlier_versions_are_filled_from_their_history(tmp_path):
    add(tmp_path, "a", [40.0, 50.0], train_top1=60.0, top1=48.5)
    add(tmp_path, "b", [40.0, 50.0], top1=48.5, last_tenth_gain=7.0)
    add(tmp_path, "c", [40.0], train_top1=30.0, top1=38.5)
    runs = write_tables(tmp_path).set_index("run_id")[COLUMNS]
    assert runs.loc["a"].tolist() == [2.0, 11.5]
    assert runs.last_tenth_gain["b"] == 7.0  # what the record says stays
    assert runs.train_gap.isna().tolist() == [False, True, False]
    assert runs.last_tenth_gain.isna().tolist() == [False, False, True]


def test_tables_without_folders_are_filled_as_far_as_their_epochs_go(tmp_path):
    shutil.copy(RESULTS / "fashion_mnist-regime" / "history.csv", tmp_path)
    earlier = pd.read_csv(RESULTS / "fashion_mnist-regime" / "runs.csv").drop(columns=COLUMNS)
    earlier.to_csv(tmp_path / "runs.csv", index=False)
    history = pd.read_csv(tmp_path / "history.csv")
    known = load_runs(tmp_path).sort_values("epochs", ascending=False).run_id.tolist()
    cut, whole = known[0], known[1]
    history[~((history.run_id == cut) & (history.epoch == 2))].to_csv(tmp_path / "history.csv", index=False)
    runs = write_tables(tmp_path).set_index("run_id")
    last = history[history.run_id == whole].sort_values("epoch").val_top1.tolist()
    assert runs.last_tenth_gain[whole] == pytest.approx(0.4 * (last[3] - last[2]))
    assert math.isnan(runs.last_tenth_gain[cut])
    assert runs[runs.epochs == 1].last_tenth_gain.isna().all()
    assert runs.train_gap.tolist() == pytest.approx((runs.train_top1 - runs.top1).tolist())
    pd.testing.assert_frame_equal(load_runs(tmp_path).set_index("run_id")[COLUMNS], runs[COLUMNS])
