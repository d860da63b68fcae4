"""Whatever kills a process of a command, nothing of it stays, nothing is lost, and the next command ends the work."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

import scaling_study

SWEEP = ["-m", "scaling.width=1,1.4", "recipe=standard", "recipe.warmup_epochs=1", "recipe.epochs=4", "study=s"]
OPTIONS = ["workers=2", "checkpoint.every_steps=3"]
NUMBERS = ["run_id", "status", "top1", "top5", "loss", "val_top1", "val_loss", "train_top1", "flops", "params"]
EPOCHS = ["run_id", "epoch", "train_loss", "val_loss", "val_top1"]
KILLS = 15  # of each case of the long test


def members(session):
    """{pid: command line} of the processes of a session that have not ended."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, own = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(own) == session and state != "Z":
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
    return found


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def training(folder):
    return bool(list(folder.glob("results/*/runs/*/history.csv")))


def tables(folder):
    study = folder / "results" / "s"
    return scaling_study.load_runs(study)[NUMBERS], scaling_study.load_history(study)[EPOCHS]


@pytest.fixture
def whole(cli, tmp_path):
    """The tables of the sweep that nothing interrupts."""
    folder = tmp_path / "whole"
    folder.mkdir()
    cli(*SWEEP, *OPTIONS, cwd=folder)
    return tables(folder)


def equal(one, other):
    return all(a.equals(b) for a, b in zip(one, other, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_stays_when_the_main_process_is_killed(start, tmp_path, how):
    process = start(tmp_path, *SWEEP, *OPTIONS)
    assert wait_until(lambda: training(tmp_path), 60)
    assert len(members(process.pid)) > 4
    os.kill(process.pid, how)
    process.wait()
    assert wait_until(lambda: not members(process.pid), 15), members(process.pid)
    assert list(tmp_path.glob("results/s/runs/*/checkpoint.pt"))


@pytest.mark.slow
def test_a_sweep_outlives_a_worker(start, tmp_path, whole):
    process = start(tmp_path, *SWEEP, *OPTIONS)
    assert wait_until(lambda: training(tmp_path), 60)
    workers = [pid for pid, command in members(process.pid).items() if "popen_loky" in command]
    os.kill(workers[0], signal.SIGKILL)
    assert process.wait() == 0, process.output.read_text()
    assert "a worker process died" in process.output.read_text()
    assert equal(tables(tmp_path), whole)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(4))
def test_kills_at_random_moments_change_no_number(start, tmp_path, whole, seed):
    """Of any process of the command, during start-up, training and the writing of tables."""
    choose, kills, studies = random.Random(seed), 0, 0
    while kills < KILLS:
        folder = tmp_path / f"killed{studies}"
        folder.mkdir()
        studies, status = studies + 1, None
        while status != 0:
            process = start(folder, *SWEEP, *OPTIONS)
            if kills < KILLS and not wait_until(lambda: process.poll() is not None, choose.uniform(0.1, 9)):  # noqa: B023
                victims = members(process.pid)
                victim = choose.choice([process.pid, choose.choice(sorted(victims))])
                os.kill(victim, signal.SIGKILL)
                kills += 1
            status = process.wait()
            output = process.output.read_text()
            assert wait_until(lambda: not members(process.pid), 20), (members(process.pid), output)  # noqa: B023
        assert equal(tables(folder), whole)
        assert not [path for path in folder.rglob("*.tmp") if f".{process.pid}." in path.name]
