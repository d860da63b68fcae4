"""Commands from Python."""

import subprocess
import sys

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl

import scaling_study as ss

from ..conftest import SMALL, environment

SCRIPT = f"""
import scaling_study as ss

small = {SMALL!r}
print(len(ss.run("scaling.width=1.4", "recipe.epochs=1", "study=s", *small)))
runs = ss.run("-m", "scaling.width=1,1.4", "recipe.epochs=1", "study=s", *small)
print(sorted(runs.method.tolist()))
"""


@pytest.mark.slow
def test_a_script_without_a_guard_runs_commands_one_after_the_other(tmp_path, cache):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py"]
    options = {"cwd": tmp_path, "env": environment(cache), "capture_output": True, "text": True, "timeout": 120}
    result = subprocess.run(command, check=True, **options)
    lines = result.stdout.splitlines()
    assert lines.count("1") == 1
    assert lines[-1] == "['baseline', 'width']"


def test_a_bad_argument_raises_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ss.ConfigError, match=r"^scaling\.width=-1\.0: must be a number"):
        ss.run("scaling.width=-1")
    with pytest.raises(ss.StudyError, match=r"^widht: must be key=value"):
        ss.run("widht")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_failed_run_is_named(tmp_path, monkeypatch, cache):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ss.StudyError, match=r"status 1; micro_mbconv_v2-baseline-seed0-\w+: Diverged: the training loss"
    ):
        ss.run("recipe.learning_rate=900", "recipe.epochs=3", "study=s", *SMALL)
    assert ss.load_runs(tmp_path / "results" / "s").status.tolist() == ["failed"]


def test_each_run_of_a_sweep_is_composed_once(tmp_path, monkeypatch, cache):
    """One composition is shared by the checks of all points, and the launcher composes each run."""
    composed = []
    load = ConfigLoaderImpl.load_sweep_config
    monkeypatch.setattr(ConfigLoaderImpl, "load_sweep_config", lambda *given: composed.append(given[2]) or load(*given))
    monkeypatch.setattr("scaling_study.execution.train.train_alone", lambda *_: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ss.StudyError, match="status 1"):  # nothing was trained
        ss.run("-m", "seed=0,1,2", "hydra/launcher=basic", *SMALL)
    assert len(composed) == 1 + 3
