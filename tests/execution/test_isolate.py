import os
import signal
import sys
import time

import pytest

from scaling_study.execution.isolate import run_isolated


def write(path):
    path.write_text(str(os.getpid()))


def end_with(status):
    sys.exit(status)


def be_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep():
    time.sleep(60)


def test_a_function_runs_in_another_process(tmp_path):
    assert run_isolated(write, tmp_path / "pid") is None
    assert int((tmp_path / "pid").read_text()) != os.getpid()


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [(be_killed, (), "killed by SIGKILL; .* out of memory"), (end_with, (3,), "status 3")],
)
def test_its_death_is_told(function, arguments, words):
    import re

    assert re.search(words, run_isolated(function, *arguments))


def test_an_interruption_stops_the_child():
    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(3)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_isolated(sleep)
    assert time.monotonic() - start < 30
