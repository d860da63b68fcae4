"""What Hydra's launchers are handed of a sweep, and how the runs of this machine survive the death of a worker."""

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hydra.utils import get_class

from scaling_study.planning.jobs import Job
from scaling_study.system.output import make_courteous
from scaling_study.system.processes import end_with
from scaling_study.system.workers import RUNS_AT_ONCE

Launch = Callable[[Any, Sequence[Sequence[str]], int], Any]  # launch() of a Hydra launcher

LAUNCHES_MAX = 4  # of a sweep whose worker processes keep dying


def set_up(target: str, points: Mapping[tuple[str, ...], Job]) -> None:
    """Change the launcher class named ``target``: it is handed each run of ``points``, {overrides: Job}, once, and none
    that is done, and one of parallel workers starts new ones when they die."""
    launcher: Any = get_class(target)
    launch = launcher.launch
    if launcher.__name__ == "JoblibLauncher":
        launcher.launch = enduring(pending_only(with_workers(launch), points, began=time.time()))
    else:
        launcher.launch = pending_only(launch, points, began=time.time())


def pending_only(launch: Launch, points: Mapping[tuple[str, ...], Job], began: float) -> Launch:
    """Launch what is neither done nor has failed since ``began``."""

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        jobs = {points[tuple(overrides)].run.run_id: overrides for overrides in job_overrides}
        pending = [o for o in jobs.values() if not (points[tuple(o)].done or points[tuple(o)].failed_since(began))]
        return launch(launcher, pending, initial_job_idx) if pending else []

    return wrapped


def with_workers(launch: Launch) -> Launch:
    """Launch with no more workers than there are runs, which end with this process."""

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        pool = launcher.joblib
        if pool["n_jobs"] > 0:
            pool["n_jobs"] = min(pool["n_jobs"], len(job_overrides))
            os.environ[RUNS_AT_ONCE] = str(pool["n_jobs"])  # which the workers share the cores by
        pool |= {"initializer": begin_worker, "initargs": (os.getpid(),)}
        return launch(launcher, job_overrides, initial_job_idx)

    return wrapped


def begin_worker(command: int) -> None:
    """What a worker does first, of the process ``command``."""
    end_with(command)
    make_courteous()


def enduring(launch: Launch) -> Launch:
    """Launch again what is left when a worker process died, which ends all of a pool."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        for attempt in range(LAUNCHES_MAX):
            try:
                return launch(launcher, job_overrides, initial_job_idx)
            except BrokenProcessPool:
                what = "its runs go on" if attempt + 1 < LAUNCHES_MAX else "it was the last try"
                warnings.warn(f"a worker process died (killed, or out of memory); {what}", stacklevel=2)
        return []

    return wrapped
