"""Run a function in a process of its own, whose death then does not end the sweep."""

import json
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from scaling_study.errors import StudyError, one_line
from scaling_study.system.output import make_discarding
from scaling_study.system.processes import end_with

# A fork server that has torch loaded starts a child in milliseconds; a fresh interpreter takes seconds.
PRELOAD = ["scaling_study.execution.run"]
SERVER_DIED = 255  # multiprocessing's exit status of a child whose fork server died before it


def run_isolated(function: Callable[..., None], *args: Any) -> str | None:
    """Call ``function(*args)`` in a child process; returns None, or how the child died, in words.

    The function returns its result by writing files, and must record exceptions itself.
    """
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    multiprocessing.set_start_method(method, force=True)  # joblib's workers default to one that children do not know
    context: Any = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(PRELOAD)
    child = context.Process(target=dependent, args=(os.getpid(), function, *args))
    try:
        with cluster_signals_blocked(), script_hidden():
            child.start()
        child.join()
    except (OSError, EOFError) as error:  # the fork server died; the next child starts another one
        return f"the process of the run could not be started ({type(error).__name__}: {error})"
    except BaseException:
        if child.pid is not None:
            child.kill()
        raise
    if child.exitcode == 0:
        return None
    if child.exitcode == SERVER_DIED:  # or the function chose it; the child, if it is left, must not go on unwatched
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    if child.exitcode < 0:
        name = signal.Signals(-child.exitcode).name
        hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
        return f"the process of the run was killed by {name}{hint}"
    return f"the process of the run ended with status {child.exitcode}"


def answer_of(function: Callable[..., Any], *args: Any) -> Any:
    """What ``function(*args)`` returns, values that JSON holds, when it is called in a process of its own.

    Raises StudyError with the reason where it raises any exception or its process dies.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.json"
        death = run_isolated(write_answer, path, function, *args)
        answer: dict[str, Any] = {"error": death or "its process left no answer"}
        if path.exists():
            answer = json.loads(path.read_text(encoding="utf-8"))
    if "error" in answer:
        raise StudyError(answer["error"])
    return answer["value"]


def write_answer(path: Path, function: Callable[..., Any], *args: Any) -> None:
    """Write what ``function(*args)`` returns, or what went wrong, as JSON."""
    answer: dict[str, Any]
    try:
        answer = {"value": function(*args)}
    except StudyError as error:
        answer = {"error": str(error)}
    except Exception as error:  # of whatever kind a library raises over a network that it cannot take
        answer = {"error": f"{type(error).__name__}: {one_line(error, 200)}"}
    path.write_text(json.dumps(answer), encoding="utf-8")


def dependent(parent: int, function: Callable[..., None], *args: Any) -> None:
    """Call the function in the child, which ends when the process that waits for it, or its fork server, does."""
    end_with(parent)
    if (server := os.getppid()) != parent:
        end_with(server)
    make_discarding()
    function(*args)


@contextmanager
def script_hidden() -> Iterator[None]:
    """Processes started here do not import the script that runs in this process.

    multiprocessing has a child import it, for functions defined there. Ours are in this package, and a script that
    starts a sweep without ``if __name__ == "__main__"`` would start it again in the child.
    """
    script: Any = sys.modules["__main__"]
    hidden = {name: getattr(script, name, None) for name in ("__file__", "__spec__")}
    script.__file__ = script.__spec__ = None
    try:
        yield
    finally:
        script.__file__, script.__spec__ = hidden["__file__"], hidden["__spec__"]


@contextmanager
def cluster_signals_blocked() -> Iterator[None]:
    """Processes started here never see the signals with which Slurm announces a preemption or the time limit.

    Slurm sends them to every process of a job, and only the job's own, where submitit handles them, shall answer:
    a child that died of one would be recorded as a failed run. In this process they are delivered afterwards.
    """
    if "SUBMITIT_EXECUTOR" not in os.environ:
        yield
        return
    signals = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        resource_tracker.ensure_running()  # it lifts the block of SIGTERM
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
