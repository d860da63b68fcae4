"""Processes that end with the one that needs them, however that one ends."""

import os
import select
import signal
import threading
import time
from functools import cache

POLL_SECONDS = 0.5  # where the system does not report the end of a process


@cache
def end_with(pid: int) -> None:
    """Kill this process as soon as process ``pid`` of this machine has ended, also when that was killed itself.

    A killed process cannot end those that it started, which would go on, and hold memory and files, for good.
    """
    threading.Thread(target=wait_and_kill, args=(pid,), daemon=True, name=f"end with {pid}").start()


def wait_and_kill(pid: int) -> None:
    wait(pid)
    os.kill(os.getpid(), signal.SIGKILL)


def wait(pid: int) -> None:
    """Return when there is no process ``pid``, which need not be a child of this one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not Linux, or an old one
        while exists(pid):
            time.sleep(POLL_SECONDS)
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll()
    os.close(descriptor)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
