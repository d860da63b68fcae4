import json
import os
import subprocess
import time

import pytest

from scaling_study.errors import StudyError
from scaling_study.records import store
from scaling_study.records.store import RunFolder, remove_leftovers, require_writable, write_text
from scaling_study.records.tables import run_table

HISTORY = [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.5}]


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "baseline-seed0-00000000")
    folder.write_config({"seed": 0, "coefficients": {}, "model": {}, "data": {}, "recipe": {}})
    folder.write_history(HISTORY)
    folder.write_record({"run_id": folder.path.name, "status": "done", "epochs": 2})
    return folder


def test_a_record_comes_back(folder):
    assert folder.record() == {"run_id": folder.path.name, "status": "done", "epochs": 2}
    assert folder.config()["seed"] == 0
    assert folder.history_lines(2) == ["epoch,train_loss", "1,2.0", "2,1.5"]


def test_finishing_removes_checkpoint_and_progress(folder):
    folder.checkpoint.write_text("x")
    folder.write_progress(0.5)
    assert folder.progress() == 0.5
    folder.write_record({"run_id": folder.path.name, "status": "failed"})
    assert folder.checkpoint.exists()  # a failed run may go on from it
    assert not folder.started()
    folder.write_record({"run_id": folder.path.name, "status": "done", "epochs": 2})
    assert not folder.checkpoint.exists()


@pytest.mark.parametrize("name", ["record.json", "history.csv"])
@pytest.mark.parametrize(
    "damage", [lambda text: text[: len(text) // 2], lambda text: "", lambda text: "\0" * 50, lambda text: "[]"]
)
def test_a_damaged_file_is_named_and_the_run_not_done(folder, name, damage):
    path = folder.path / name
    path.write_text(damage(path.read_text()))
    with pytest.warns(UserWarning, match=name):
        assert folder.record() is None


def test_bytes_that_are_no_text_are_named(folder):
    (folder.path / "record.json").write_bytes(b"\xff\xfe\x80")
    with pytest.warns(UserWarning, match=r"record\.json"):
        assert folder.record() is None


def damage_record(folder, **values):
    """Change keys of the record; a value of None removes nothing, it becomes null."""
    path = folder.path / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("top1", "abc"), ("top1", True), ("top1", 10**400), ("epochs", None), ("epochs", 2.0), ("flops", 2**63),
        ("seed", "0"), ("model", 3), ("small_stem", "yes"), ("resolution_px", 14e30), ("error", ["a"]),
    ],
)  # fmt: skip
def test_a_value_that_no_table_can_hold_is_named_and_the_record_left_out(folder, key, value):
    damage_record(folder, **{key: value})
    with pytest.warns(UserWarning, match=rf"record\.json cannot be used \({key}") as warned:
        assert folder.record() is None
    assert len(warned) == 1


def test_values_that_tables_hold_are_believed(folder):
    values = {"top1": float("nan"), "loss": float("inf"), "phi": None, "depth": 1, "flops": 2**63 - 1, "other": [1]}
    damage_record(folder, small_stem=False, **values)
    [row] = run_table([folder.record()]).itertuples()
    assert (row.depth, row.flops, row.small_stem, row.loss) == (1.0, 2**63 - 1, False, float("inf"))


@pytest.mark.parametrize("text", ["null", "3", '"done"', "[" * 100_000, "1" * 5000])
def test_json_that_is_no_record_is_named(folder, text):
    (folder.path / "record.json").write_text(text)
    with pytest.warns(UserWarning, match=r"record\.json cannot be used"):
        assert folder.record() is None


@pytest.mark.parametrize(
    "text",
    [
        "epoch,train_loss\n1,2.0\n2.5,1.5\n", "epoch,train_loss\n2,2.0\n1,1.5\n", "epoch,loss\n1,2.0\n2,1.5\n",
        "epoch,train_loss\n1,a\n2,1.5\n", "epoch,train_loss\n1,2.0\n2\n", '"' + "a" * 200_000 + "\n1,2.0\n2,1.5\n",
    ],
)  # fmt: skip
def test_a_history_without_its_numbers_is_named(folder, text):
    (folder.path / "history.csv").write_text(text)
    with pytest.warns(UserWarning, match=r"history\.csv cannot be used"):
        assert folder.record() is None


def test_numbers_of_a_history_are_those_that_pandas_reads(folder):
    (folder.path / "history.csv").write_text("epoch,train_loss\n1,1_0.5\n2, -Infinity\n")
    assert folder.history_lines(2) == ["epoch,train_loss", "1,10.5", "2,-inf"]


def test_text_that_utf8_cannot_hold_is_stored_escaped(folder):
    damage_record(folder, status="failed", error=b"caf\xe9.jpg".decode("utf-8", "surrogateescape"))
    assert folder.record()["error"] == r"caf\udce9.jpg"
    run_table([folder.record()]).to_parquet(folder.path / "runs.parquet")
    write_text(folder.path / "runs.csv", "caf\udce9.jpg")
    assert (folder.path / "runs.csv").read_text() == r"caf\udce9.jpg"


@pytest.mark.parametrize("text", ["[1, 2]", "text", "", "2026-13-45", "a: [", "\0", "{[1]: 2}"])
def test_settings_that_are_no_settings_are_none(folder, text):
    (folder.path / "config.yaml").write_text(text)
    assert folder.config() is None


@pytest.mark.parametrize("fraction", ["NaN", "Infinity", "-1", "1.5", "null", '"a"', "[]", "1" + "0" * 400])
def test_progress_is_a_fraction(folder, fraction):
    (folder.path / "progress.json").write_text(f'{{"fraction": {fraction}}}')
    assert folder.progress() == 0.0


def test_leftovers_of_processes_that_are_gone_are_removed(folder):
    child = subprocess.Popen(["true"])
    child.wait()
    for name, age in (("old", 7200), ("new", 0), ("alive", 7200), ("other", 7200)):
        pid = {"alive": os.getpid(), "other": "x"}.get(name, child.pid)
        path = folder.path / f".{name}.json.{pid}.tmp"
        path.write_text("")
        os.utime(path, (time.time() - age,) * 2)
    remove_leftovers(folder.path)
    assert sorted(path.name.split(".")[1] for path in folder.path.glob(".*.tmp")) == ["alive", "new", "other"]


def test_what_is_set_aside_takes_no_name_twice(folder):
    for text in "abc":
        (folder.path / "record.json").write_text(text)
        folder.set_aside("record.json")
    folder.set_aside("record.json")  # nothing left
    kept = sorted((path.name, path.read_text()) for path in folder.path.glob("record.json*"))
    assert kept == [("record.json.damaged", "a"), ("record.json.damaged2", "b"), ("record.json.damaged3", "c")]


def test_another_runs_record_is_not_believed(folder):
    (folder.path / "record.json").write_text(json.dumps({"run_id": "other", "status": "done", "epochs": 2}))
    with pytest.warns(UserWarning, match="not the record of this run"):
        assert folder.record() is None


def test_writing_leaves_no_temporary_file(folder):
    assert sorted(path.name for path in folder.path.iterdir()) == ["config.yaml", "history.csv", "record.json"]


def test_a_crash_while_writing_leaves_the_old_file(folder, monkeypatch):
    def crash(*_):
        raise OSError("no space left")

    monkeypatch.setattr(store.os, "replace", crash)
    with pytest.raises(OSError, match="no space"):
        folder.write_record({"run_id": folder.path.name, "status": "failed"})
    assert folder.record()["status"] == "done"
    assert not list(folder.path.glob(".*.tmp"))


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot be written to"):
        require_writable(tmp_path / "file" / "study")


def test_a_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(store.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1e6}))
    with pytest.raises(StudyError, match="1 MB free; at least 200 MB"):
        require_writable(tmp_path)
