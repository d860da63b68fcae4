import os
from types import SimpleNamespace

import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from scaling_study.execution import pool


def job(name, done=False, failed=False):
    return SimpleNamespace(run=SimpleNamespace(run_id=name), done=done, failed_since=lambda moment: failed)


@pytest.fixture
def launched():
    """([overrides that were launched], function that stands for a launcher's)."""
    calls = []

    def launch(launcher, job_overrides, initial_job_idx):
        calls.append([tuple(overrides) for overrides in job_overrides])
        return calls[-1]

    return calls, launch


def test_what_is_done_or_has_failed_or_stands_twice_is_not_launched(launched):
    calls, launch = launched
    points = {("a",): job("a"), ("b",): job("b", done=True), ("c",): job("c", failed=True), ("again",): job("a")}
    pool.pending_only(launch, points, began=0.0)(None, [list(point) for point in points], 0)
    assert calls == [[("again",)]]
    assert pool.pending_only(launch, points, began=0.0)(None, [["b"]], 0) == []
    assert len(calls) == 1


@pytest.mark.parametrize(("asked", "started"), [(40, 2), (2, 2), (1, 1), (-1, -1)])
def test_there_are_no_more_workers_than_runs(launched, monkeypatch, asked, started):
    monkeypatch.delenv(pool.RUNS_AT_ONCE, raising=False)
    launcher = SimpleNamespace(joblib={"n_jobs": asked})
    pool.with_workers(launched[1])(launcher, [["a"], ["b"]], 0)
    assert launcher.joblib["n_jobs"] == started
    assert launcher.joblib["initargs"] == (os.getpid(),)
    assert os.environ.get(pool.RUNS_AT_ONCE) == (str(started) if started > 0 else None)


@pytest.mark.parametrize("deaths", [1, pool.LAUNCHES_MAX])
def test_dead_workers_are_replaced_a_few_times(deaths):
    left = [TerminatedWorkerError("killed")] * deaths

    def launch(launcher, job_overrides, initial_job_idx):
        if left:
            raise left.pop()
        return "ended"

    with pytest.warns(UserWarning, match="a worker process died"):
        returned = pool.relaunching(launch)(None, [["a"]], 0)
    assert returned == ("ended" if deaths < pool.LAUNCHES_MAX else [])
