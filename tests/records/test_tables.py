import json

import pandas as pd
import pytest

import scaling_study
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import EPOCH_COLUMNS, RUN_COLUMNS, load_runs, run_table, write_tables

BASE = {
    "study": "s",
    "source": "measured",
    "method": "width",
    "depth": 1.0,
    "resolution": 1.0,
    "epochs": 1,
    "device": "x",
}


def add(study, width, seed, status="done", **values):
    folder = RunFolder(study / "runs" / f"width-{width}-seed{seed}-00000000")
    record = BASE | {"run_id": folder.path.name, "status": status, "width": width, "seed": seed} | values
    folder.write_history([{"epoch": 1} | dict.fromkeys(list(EPOCH_COLUMNS)[2:], 0.5) | {"val_top1": 50.0}])
    folder.write_record(record)
    return folder


@pytest.fixture
def study(tmp_path):
    study = tmp_path / "results" / "s"
    add(study, 2.0, 1, flops=4_000_000_000, top1=75.5)
    add(study, 1.4, 0, flops=2_000_000, top1=70.25)
    add(study, 3.8, 0, status="failed", error_type="Diverged", error="the loss, it said, became nan")
    return study


def test_runs_and_epochs_become_tidy_typed_tables(study):
    write_tables(study)
    for path in (study, study / "runs.csv", study / "runs.parquet"):
        runs = scaling_study.load_runs(path)
        assert {name: str(kind) for name, kind in runs.dtypes.items()} == RUN_COLUMNS
        assert runs.width.tolist() == [1.4, 2.0, 3.8]  # sorted by method and flops, unknown last
        assert runs.flops.isna().tolist() == [False, False, True]
        assert runs.error[2] == "the loss, it said, became nan"
    history = scaling_study.load_history(study)
    assert history[["epoch", "val_top1"]].to_numpy().tolist() == [[1, 50.0]] * 2
    assert set(history.run_id) == set(runs.run_id[:2])


def test_plain_pandas_reads_the_csv_with_the_right_types(study):
    write_tables(study)
    frame = pd.read_csv(study / "runs.csv")
    assert frame.seed.dtype == "int64"
    assert frame.top1.dtype == "float64"
    assert frame.top1[0] == 70.25


def test_csv_and_parquet_hold_the_same(study):
    write_tables(study)
    pd.testing.assert_frame_equal(
        scaling_study.load_runs(study / "runs.csv"), scaling_study.load_runs(study / "runs.parquet")
    )


def test_a_garbled_run_is_left_out_and_named(study):
    folder = add(study, 5.0, 0)
    (folder.path / "record.json").write_text('{"run_id"')
    with pytest.warns(UserWarning, match="width-5"):
        assert len(write_tables(study)) == 3


def test_rows_that_came_as_tables_are_kept_and_renewed_ones_replaced(study, tmp_path):
    write_tables(study)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("runs.csv", "history.csv"):
        (elsewhere / name).write_text((study / name).read_text())
    assert len(write_tables(elsewhere)) == 3
    add(elsewhere, 2.0, 1, flops=4_000_000_000, top1=99.0)
    runs = write_tables(elsewhere)
    assert runs.width.tolist() == [1.4, 2.0, 3.8]
    assert runs.top1[1] == 99.0
    assert len(scaling_study.load_history(elsewhere)) == 2


def test_a_garbled_table_is_named_and_made_anew(study):
    write_tables(study)
    (study / "runs.csv").write_text("run_id,stu\n1")
    with pytest.warns(UserWarning, match="cannot be read"):
        assert len(write_tables(study)) == 3


def test_a_study_is_named_by_its_folder(study):
    assert set(write_tables(study.rename(study.parent / "new")).study) == {"new"}


def test_an_empty_study_gives_an_empty_table(tmp_path):
    assert write_tables(tmp_path / "new").empty
    assert scaling_study.load_runs(tmp_path / "new").empty


def test_another_csv_is_refused(tmp_path):
    (tmp_path / "runs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="is not a table of runs"):
        scaling_study.load_runs(tmp_path)


def test_unknown_keys_of_newer_records_are_ignored(study):
    folder = add(study, 9.0, 0, color="red", flops=9)
    assert json.loads((folder.path / "record.json").read_text())["color"] == "red"
    assert "color" not in write_tables(study)


def test_earlier_tables_lack_what_the_optimizer_was_given(study):
    later = ["learning_rate", "weight_decay", "batch_size", "optimizer", "updates"]
    given = {"learning_rate": 0.01, "weight_decay": 0.05, "batch_size": 128, "optimizer": "sgd", "updates": 300}
    add(study, 5.0, 0, flops=9_000_000, **given)
    runs = write_tables(study)
    assert runs[runs.width == 5][later].to_dict("records") == [given]
    assert runs[runs.width < 5][later].isna().all(axis=None)
    (study / "runs.parquet").unlink()
    runs.drop(columns=later).to_csv(study / "runs.csv", index=False)
    earlier = load_runs(study)
    assert {name: str(kind) for name, kind in earlier.dtypes.items()} == RUN_COLUMNS
    assert earlier[later].isna().all(axis=None)
    pd.read_csv(study / "history.csv").drop(columns="learning_rate").to_csv(study / "history.csv", index=False)
    with pytest.raises(ValueError, match="lacks learning_rate"):  # histories always had it
        scaling_study.load_history(study / "history.csv")


def test_a_bad_cell_costs_that_cell_and_no_row(tmp_path):
    rows = [
        {"run_id": f"r{n}", "status": "done", "method": "width", "flops": 2**40 + n, "top1": 50.5} for n in range(3)
    ]
    table = run_table(rows)
    text = table.to_csv(index=False).replace(str(2**40 + 1), "inf").replace("50.5", "x", 1)
    (tmp_path / "runs.csv").write_text(text)
    with pytest.warns(UserWarning, match="1 values of column (flops|top1) are no numbers"):
        loaded = load_runs(tmp_path)
    assert len(loaded) == 3
    assert loaded.flops.isna().sum() == loaded.top1.isna().sum() == 1
    assert loaded.flops.max() == 2**40 + 2
