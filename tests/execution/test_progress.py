import io
import os
import time

import pytest

from scaling_study.execution.progress import Progress
from scaling_study.records.store import RunFolder


@pytest.fixture
def jobs(tmp_path):
    """Four runs of cost 1, 1, 2 and 4: done, failed, half way, waiting."""
    folders = [RunFolder(tmp_path / name) for name in "abcd"]
    folders[0].write_history([{"epoch": 1}])
    folders[0].write_record({"run_id": "a", "status": "done", "epochs": 1})
    folders[1].write_record({"run_id": "b", "status": "failed"})
    stamp = time.time() + 60  # after the start of the display that the test makes
    os.utime(folders[1].path / "record.json", (stamp, stamp))
    folders[2].write_progress(0.5)
    return list(zip(folders, (1, 1, 2, 4), strict=True))


def test_the_share_is_weighted_by_cost(jobs):
    share, counts = Progress(jobs, io.StringIO()).look()
    assert share == (1 + 1 + 2 * 0.5) / 8
    assert counts == {"done": 1, "failed": 1, "running": 1}


def test_without_a_terminal_it_prints_plain_lines(jobs):
    stream = io.StringIO()
    progress = Progress(jobs, stream).start()
    jobs[3][0].write_progress(0.25)
    progress.stop()
    assert stream.getvalue().startswith(" 50% of flops, 1 of 4 runs done, 1 failed, 2 running, 00:00 elapsed, ")
    assert "\r" not in stream.getvalue()


def test_the_rest_is_expected_at_the_speed_so_far(jobs, monkeypatch):
    progress = Progress(jobs, io.StringIO())
    progress.start_share, progress.start_time = 0.25, 0.0
    monkeypatch.setattr("scaling_study.execution.progress.time.monotonic", lambda: 60.0)
    assert progress.times(0.5) == "01:00 elapsed, 02:00 left"
    assert progress.times(0.25) == "01:00 elapsed, ? left"


def test_on_a_terminal_it_draws_one_line(jobs):
    stream = io.StringIO()
    stream.isatty = lambda: True
    progress = Progress(jobs, stream).start()
    progress.stop()
    assert "1 of 4 runs done" in stream.getvalue()


def test_a_failure_of_an_earlier_sweep_is_not_counted(jobs):
    os.utime(jobs[1][0].path / "record.json", (0, 0))
    assert Progress(jobs, io.StringIO()).look()[1] == {"done": 1, "failed": 0, "running": 1}
