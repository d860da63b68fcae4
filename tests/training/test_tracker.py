import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from scaling_study.errors import ConfigError
from scaling_study.training import tracker
from scaling_study.training.tracker import require_tracker, start_tracker

HISTORY = [{"epoch": 1, "train_loss": 2.0, "val_top1": 10.0}, {"epoch": 2, "train_loss": 1.5, "val_top1": 20.0}]


@pytest.fixture
def installed(monkeypatch):
    """Put a fake library in the place of one that may not be installed."""

    def make(name, **content):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**content))
        monkeypatch.setattr(tracker, "find_spec", lambda name: name)

    return make


def use(name, folder):
    with start_tracker(name, folder, "run") as track:
        track.step(3, 2.5)
        track.epochs(HISTORY[:1])
        track.epochs(HISTORY)


def test_tensorboard_gets_every_number_once(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    use("tensorboard", tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    told = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert told == {
        "step/train_loss": [(3, 2.5)],
        "epoch/train_loss": [(1, 2.0), (2, 1.5)],
        "epoch/val_top1": [(1, 10.0), (2, 20.0)],
    }


def test_mlflow_gets_the_same(tmp_path, installed, monkeypatch):
    told = []

    @contextmanager
    def start_run(run_name):
        told.append(run_name)
        yield

    installed("mlflow", start_run=start_run, log_metric=lambda name, value, step: told.append((name, value, step)))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigError, match="needs the variable MLFLOW_TRACKING_URI"):
        require_tracker("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "somewhere")
    use("mlflow", tmp_path)
    assert told[:2] == ["run", ("step/train_loss", 2.5, 3)]
    assert told[-1] == ("epoch/val_top1", 20.0, 2)
    assert len(told) == 6


def test_wandb_gets_the_same_with_a_count_of_steps_and_one_of_epochs(tmp_path, installed, monkeypatch):
    logged, started = [], {}

    @contextmanager
    def init(**options):
        started.update(options)
        yield SimpleNamespace(define_metric=lambda *_, **__: None, log=logged.append)

    installed("wandb", init=init, Settings=dict, login=lambda prompt: False)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    with pytest.raises(ConfigError, match="needs wandb login, or the variable WANDB_MODE=offline"):
        require_tracker("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    use("wandb", tmp_path / "study" / "runs" / "run")
    assert (started["id"], started["group"], started["resume"]) == ("run", "study", "allow")
    assert logged[0] == {"step/train_loss": 2.5, "step": 3}
    assert logged[-1] == {"epoch/val_top1": 20.0, "epoch": 2}
    assert len(logged) == 5


def test_a_tracker_that_fails_is_left_alone():
    def refuse(name, value, step):
        calls.append(name)
        raise ConnectionError("no route")

    calls = []
    track = tracker.Tracker(refuse)
    with pytest.warns(UserWarning, match=r"the tracker failed and gets no more numbers \(no route\)"):
        track.epochs(HISTORY)
    track.step(1, 2.0)
    assert len(calls) == 1


def test_none_writes_nothing(tmp_path):
    use("none", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_tracker_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(tracker, "find_spec", lambda name: None)
    require_tracker("none")
    with pytest.raises(ConfigError, match=r"tracker=mlflow: needs the optional package: pip install"):
        require_tracker("mlflow")
