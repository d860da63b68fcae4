import os
import signal
import subprocess
import sys
import time

import pytest

from scaling_study.system import processes

CHILD = (
    "import sys, time; from scaling_study.system.processes import end_with; end_with(int(sys.argv[1])); time.sleep(60)"
)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_ends_with_another_that_is_not_its_parent(how):
    with (
        subprocess.Popen(["sleep", "60"]) as other,
        subprocess.Popen([sys.executable, "-c", CHILD, str(other.pid)]) as dependent,
    ):
        time.sleep(0.5)
        assert dependent.poll() is None
        other.send_signal(how)
        assert dependent.wait(timeout=10) == -signal.SIGKILL


def test_the_end_of_a_process_is_seen_without_the_help_of_the_system_too(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen(["sleep", "0.2"]) as other:
        thread = processes.threading.Thread(target=processes.wait, args=(other.pid,))
        thread.start()
        other.wait()  # a dead child that nobody waits for still counts as there
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_a_process_that_is_gone_needs_no_wait():
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    start = time.monotonic()
    processes.wait(gone.pid)
    assert not processes.exists(gone.pid)
    assert time.monotonic() - start < 30
