"""Patches of Hydra's launchers: they start only pending runs, and replace workers that die."""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hydra.utils import get_class

from scaling_study.planning.jobs import Job
from scaling_study.system.output import make_discarding
from scaling_study.system.processes import end_with
from scaling_study.system.workers import RUNS_AT_ONCE

Launch = Callable[[Any, Sequence[Sequence[str]], int], Any]  # launch() of a Hydra launcher

SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
LAUNCHES_MAX = 4  # of a sweep whose worker processes keep dying


@contextmanager
def patched(target: str, points: Mapping[tuple[str, ...], Job]) -> Iterator[None]:
    """Patch the launcher class named ``target``, and the sweeper, until the context is left.

    The launcher starts each run of ``points``, {overrides: Job}, once, unless it is done; one of parallel workers
    also replaces workers that die. The sweeper no longer composes each point for a check of its own.
    """
    launcher: Any = get_class(target)
    sweeper: Any = get_class(SWEEPER)  # of the module as Hydra's search for plugins has loaded it
    launch, validate = launcher.launch, sweeper.validate_batch_is_legal
    sweeper.validate_batch_is_legal = lambda *_: None
    if launcher.__name__ == "JoblibLauncher":
        launcher.launch = relaunching(pending_only(with_workers(launch), points, began=time.time()))
    else:
        launcher.launch = pending_only(launch, points, began=time.time())
    try:
        yield
    finally:
        launcher.launch, sweeper.validate_batch_is_legal = launch, validate


def pending_only(launch: Launch, points: Mapping[tuple[str, ...], Job], began: float) -> Launch:
    """``launch`` without runs that are done or have failed since ``began``, in seconds since the epoch."""

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        jobs = {points[tuple(overrides)].run.run_id: overrides for overrides in job_overrides}
        pending = [o for o in jobs.values() if not (points[tuple(o)].done or points[tuple(o)].failed_since(began))]
        return launch(launcher, pending, initial_job_idx) if pending else []

    return wrapped


def with_workers(launch: Launch) -> Launch:
    """``launch`` with no more workers than runs; the workers end with this process."""

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        pool = launcher.joblib
        if pool["n_jobs"] > 0:
            pool["n_jobs"] = min(pool["n_jobs"], len(job_overrides))
            os.environ[RUNS_AT_ONCE] = str(pool["n_jobs"])  # which the workers share the cores by
        pool |= {"initializer": begin_worker, "initargs": (os.getpid(),)}
        return launch(launcher, job_overrides, initial_job_idx)

    return wrapped


def begin_worker(command: int) -> None:
    """Initialize a worker of the process with the pid ``command``."""
    end_with(command)
    make_discarding()


def relaunching(launch: Launch) -> Launch:
    """``launch`` that starts the remaining runs again when a worker process died, which ends the whole pool."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        for attempt in range(LAUNCHES_MAX):
            try:
                return launch(launcher, job_overrides, initial_job_idx)
            except BrokenProcessPool:
                what = "its runs continue" if attempt + 1 < LAUNCHES_MAX else "it was the last try"
                warnings.warn(f"a worker process died (killed, or out of memory); {what}", stacklevel=2)
        return []

    return wrapped
