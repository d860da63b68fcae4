import io
import os
import re
import time

import pytest

from scaling_study.execution.progress import ROWS_MAX, Progress
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
    look = Progress(jobs, io.StringIO()).look()
    assert look.share == (1 + 1 + 2 * 0.5) / 8
    assert look.counts == {"done": 1, "failed": 1, "running": 1}
    assert look.running == [jobs[2][0]]


def test_without_a_terminal_it_prints_plain_lines(jobs):
    stream = io.StringIO()
    progress = Progress(jobs, stream).start()
    jobs[3][0].write_progress(0.25)
    progress.stop()
    assert stream.getvalue().startswith(" 50% of flops, 1 of 4 runs done, 1 failed, 2 running, 0:00:00 elapsed, ")
    assert "\r" not in stream.getvalue()


def test_the_rest_is_expected_at_the_speed_so_far(jobs, monkeypatch):
    progress = Progress(jobs, io.StringIO())
    progress.start_share, progress.start_time = 0.25, 0.0
    monkeypatch.setattr("scaling_study.execution.progress.time.monotonic", lambda: 60.0)
    assert progress.times(0.5) == "0:01:00 elapsed, 0:02:00 left"
    assert progress.times(0.25) == "0:01:00 elapsed, ? left"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A function that gives a terminal of some columns, and what is on it as lines."""
    for name, value in (("TERM", "xterm"), ("NO_COLOR", None), ("FORCE_COLOR", None)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    def make(columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        stream = Terminal()
        return stream, lambda: re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue()).splitlines()

    return make


def test_on_a_terminal_each_running_run_has_a_row(jobs, terminal, monkeypatch):
    jobs[2][0].write_progress(0.5, 1.2345)
    jobs[2][0].write_history([{"epoch": 1, "val_top1": 20.0}, {"epoch": 2, "val_top1": 61.25}])
    stream, lines = terminal(120)
    progress = Progress(jobs, stream).start()
    now = time.monotonic()
    progress.first_seen[jobs[2][0]] = (now - 30, 0.25)
    progress.stop()
    row = next(line for line in lines() if line.startswith("c ") and "0:01:00 left" in line)
    assert re.search(r"^c +\S+ +50% loss 1\.23\d  val 61\.2% +0:01:00 left$", row.rstrip())
    assert any(line.startswith("1 of 4 runs done, 1 failed, 1 running, 0:00:0") for line in lines())


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(jobs, terminal, columns):
    folder = RunFolder(jobs[0][0].path.with_name("a-run-with-a-long-name-" * 3))
    folder.write_progress(0.1, 2.0)
    stream, lines = terminal(columns)
    Progress([*jobs, (folder, 1)], stream).start().stop()
    assert max(map(len, lines())) <= columns


def test_only_so_many_rows_are_shown(tmp_path, terminal):
    folders = [RunFolder(tmp_path / f"run{n}") for n in range(ROWS_MAX + 3)]
    for folder in folders:
        folder.write_progress(0.1)
    stream, lines = terminal(100)
    Progress([(folder, 1) for folder in folders], stream).start().stop()
    assert len({line.split()[0] for line in lines() if line.startswith("run")}) == ROWS_MAX
    assert "and 3 more runs" in lines()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_drawing_gets_plain_lines(jobs, terminal, monkeypatch, name, value):
    stream, _ = terminal(100)
    monkeypatch.setenv(name, value)
    Progress(jobs, stream).start().stop()
    assert stream.getvalue().startswith(" 38% of flops")
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("content", ["", "epoch,val_top1\n", "epoch,val_top1\n1,x\n", "epoch\n1\n"])
def test_what_cannot_be_read_of_a_run_is_not_known(tmp_path, content):
    folder = RunFolder(tmp_path)
    assert folder.latest() == (None, None)
    folder.write_progress(0.1)
    (tmp_path / "history.csv").write_text(content)
    assert folder.latest() == (None, None)


def test_a_failure_of_an_earlier_sweep_is_not_counted(jobs):
    os.utime(jobs[1][0].path / "record.json", (0, 0))
    assert Progress(jobs, io.StringIO()).look().counts == {"done": 1, "failed": 0, "running": 1}
