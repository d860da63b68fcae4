import json

import pytest

from scaling_study.errors import StudyError
from scaling_study.records import store
from scaling_study.records.store import RunFolder, require_writable

HISTORY = [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.5}]


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "baseline-seed0-00000000")
    folder.write_config({"seed": 0})
    folder.write_history(HISTORY)
    folder.write_record({"run_id": folder.path.name, "status": "done", "epochs": 2})
    return folder


def test_a_record_comes_back(folder):
    assert folder.record() == {"run_id": folder.path.name, "status": "done", "epochs": 2}
    assert folder.config() == {"seed": 0}
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


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot be written to"):
        require_writable(tmp_path / "file" / "study")


def test_a_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(store.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1e6}))
    with pytest.raises(StudyError, match="1 MB free; at least 200 MB"):
        require_writable(tmp_path)
