"""Run a function in a process of its own, so that its death is an answer and not the end of the sweep."""

import multiprocessing
import os
import signal

# A fork server that has torch loaded starts a child in milliseconds; a fresh interpreter takes seconds.
PRELOAD = ["scaling_study.tasks.run"]


def run_isolated(function, *args):
    """Call ``function(*args)`` in a child process; returns None, or how the child died, in words.

    The function hands over its result by writing files; what it raises it must record itself.
    """
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    multiprocessing.set_start_method(method, force=True)  # joblib's workers default to one that children do not know
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(PRELOAD)
    child = context.Process(target=function, args=args)
    child.start()
    try:
        child.join()
    except BaseException:
        child.kill()
        raise
    if child.exitcode == 0:
        return None
    if child.exitcode < 0:
        name = signal.Signals(-child.exitcode).name
        hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
        return f"the process of the run was killed by {name}{hint}"
    return f"the process of the run ended with status {child.exitcode}"


def die_with_parent():
    """In a child: be killed when the parent is, where the system can do that (Linux), so that no orphan
    keeps training a run that a new sweep would then have to wait for."""
    try:
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() == 1:
        os._exit(1)
