import logging

import pytest

from scaling_study.execution import train
from scaling_study.planning.jobs import job_from
from scaling_study.records import store


def full(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_told_in_one_line_and_the_sweep_goes_on(config, tmp_path, monkeypatch, capsys):
    made = config(f"results_dir={tmp_path}", "study=s")
    monkeypatch.setattr(logging, "captureWarnings", lambda _: None)
    monkeypatch.setattr(train, "job_of", lambda _: job_from(made))
    monkeypatch.setattr(store.os, "replace", full)
    train.train_job(None)
    line = capsys.readouterr().err
    assert line.startswith("error: baseline-seed0-")
    assert "its files cannot be written ([Errno 28] No space left on device: " in line
    assert line.count("\n") == 1
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_run_whose_record_cannot_be_written_ends_without_a_traceback(config, tmp_path, monkeypatch):
    monkeypatch.setattr("scaling_study.execution.run.train_and_record", full)
    with pytest.raises(SystemExit, match="1"):
        train.child(config(), None, None)
