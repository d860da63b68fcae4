"""The real command line under torchrun: two processes per run, a sweep after a folder of images."""

import subprocess
import sys

import pytest

import scaling_study
from scaling_study.errors import ConfigError
from scaling_study.execution.check import check_trainable
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import Job, folder_of

from .conftest import environment
from .data.folders import make_folder

SMALL = [
    "data=imagefolder", "data.val_images=6", "data.resolution=16", "data.loader_workers=1", "recipe.epochs=2",
    "recipe.warmup_epochs=0.5", "device=cpu", "study=s",
]  # fmt: skip


def torchrun(cwd, cache, *overrides):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*launcher, "-m", "scaling_study", "-m", *SMALL, *overrides]
    return subprocess.run(
        command, cwd=cwd, env=environment(cache), capture_output=True, text=True, timeout=200, check=False
    )


SWEEP = ["recipe.optimizer=sgd", "recipe.batch_size=10", "data.root=set", "seed=0,1"]


@pytest.mark.slow
def test_a_sweep_of_runs_on_two_processes(tmp_path, cache):
    make_folder(tmp_path / "set")
    done = torchrun(tmp_path, cache, *SWEEP)
    assert done.returncode == 0, done.stderr
    runs = scaling_study.load_runs(tmp_path / "results" / "s")
    assert runs.status.tolist() == ["done", "done"]
    assert runs.processes.tolist() == [2, 2]
    assert runs.micro_batch_size.tolist() == [5, 5]
    assert (runs.train_images == 30).all()
    assert done.stdout.count("Tables:") == 1  # of the first process only
    assert "2 of 2 runs done, 0 failed" in done.stderr
    again = torchrun(tmp_path, cache, *SWEEP)
    assert again.returncode == 0
    assert again.stdout.count("nothing to train") == 1


@pytest.mark.slow
def test_a_run_that_fails_in_all_processes_does_not_end_the_sweep(tmp_path, cache):
    make_folder(tmp_path / "set")
    explosive = ["recipe.learning_rate=1000", "recipe.weight_decay=1000", "recipe.epochs=8"]
    failed = torchrun(tmp_path, cache, *SWEEP, *explosive)
    assert failed.returncode != 0
    runs = scaling_study.load_runs(tmp_path / "results" / "s")
    assert runs.error_type.tolist() == ["Diverged"] * 2


def test_a_batch_that_cannot_be_shared_is_refused(config, tmp_path, monkeypatch):
    root = make_folder(tmp_path / "set", train=30)
    made = config("data=imagefolder", f"data.root={root}", "data.val_images=6", "recipe.batch_size=33")
    run = run_of(made)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(ConfigError, match=r"recipe.batch_size=33: must be a multiple of the 2 processes that share it"):
        check_trainable([Job(made, run, folder_of(made, run))])
