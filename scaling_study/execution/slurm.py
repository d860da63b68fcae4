"""Sweeps whose runs are jobs of a Slurm cluster (hydra/launcher=submitit_slurm).

Hydra's submitit launcher does the work. Changed here, in the process the user started, is how it submits and waits.
Importing this module needs the extra ``slurm``.
"""

import shutil
import subprocess
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, cast

from hydra.core.utils import JobReturn, JobStatus
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher
from submitit.core.core import InfoWatcher
from submitit.core.utils import FailedJobError, UncompletedJobError
from submitit.slurm.slurm import SlurmJob

from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.pool import Launch

# States in which a job stays.
ENDED = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "GONE", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"}
ENDED |= {"REVOKED", "TIMEOUT"}
POLL_SECONDS_MAX = 15
RETRY_SECONDS = 5


class QueueWatcher(InfoWatcher):
    """States of jobs as squeue reports them. squeue answers on every cluster; sacct, which submitit asks, needs
    accounting, and without it submitit would wait for ever for a job that was killed."""

    def _make_command(self) -> list[str]:
        return ["squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i %T"]

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        states = dict(line.split() for line in (string if isinstance(string, str) else string.decode()).splitlines())
        return {job_id: {"State": states.get(job_id, "GONE")} for job_id in self._registered}

    def get_state(self, job_id: str, mode: str = "standard") -> str:
        return self.get_info(job_id, mode).get("State", "UNKNOWN")

    def is_done(self, job_id: str, mode: str = "standard") -> bool:
        return self.get_state(job_id, mode) in ENDED

    def cancel(self) -> None:
        """Cancel every job that has not ended."""
        if jobs := sorted(job_id for job_id in self._registered if not self.is_done(job_id, "force")):
            subprocess.run(["scancel", *jobs], check=False)


def export_world() -> None:
    """Set the variables of torchrun in a task of a multi-task job, so that its tasks train their run together."""
    from submitit.helpers import TorchDistributedEnvironment

    TorchDistributedEnvironment().export(set_cuda_visible_devices=False)


def set_up() -> None:
    """Patch submitit and its launcher as described above. Raises ConfigError where there is no Slurm."""
    if not shutil.which("sbatch") or not shutil.which("srun"):
        raise ConfigError("hydra/launcher", "submitit_slurm", "there is no sbatch or srun on this machine")
    if isinstance(SlurmJob.watcher, QueueWatcher):  # patched by an earlier command of this process
        return
    job: Any = SlurmJob
    job.watcher = QueueWatcher(delay_s=POLL_SECONDS_MAX)
    job.results = waited_for(job.results)
    SlurmLauncher.launch = cancelling(SlurmLauncher.launch)


def cancelling(launch: Launch) -> Launch:
    """``launch`` that raises StudyError where Slurm rejects the jobs, and cancels submitted jobs when interrupted."""

    def wrapped(launcher: Any, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
        try:
            return launch(launcher, job_overrides, initial_job_idx)
        except FailedJobError as error:
            raise StudyError(f"Slurm does not take the jobs: {error}") from error
        except KeyboardInterrupt:
            cast(QueueWatcher, SlurmJob.watcher).cancel()
            raise

    return wrapped


def waited_for(results: Callable[[SlurmJob], Any]) -> Callable[[SlurmJob], list[JobReturn]]:
    """``SlurmJob.results`` that does not raise: a warning names a job that ends without finishing its run (killed,
    cancelled, out of time too often), and the other jobs are waited for. A job that is back in the queue is waited for
    again."""

    def wrapped(job: SlurmJob) -> Any:
        while reason := unfinished(results, job):
            if job.watcher.is_done(job.job_id, "force"):
                where = f"its log is {job.paths.stderr}"
                warnings.warn(f"Slurm job {job.job_id} did not finish its run ({reason}); {where}", stacklevel=2)
                break
            time.sleep(RETRY_SECONDS)
        return [JobReturn(status=JobStatus.COMPLETED)]  # what a run did is read from its folder

    return wrapped


def unfinished(results: Callable[[SlurmJob], Any], job: SlurmJob) -> str | None:
    """Wait for the job; None, or why it did not finish, in a line."""
    try:
        returned, *_ = results(job)  # one of each task
    except FailedJobError as error:
        return str(error).split("-" * 22)[1].strip().splitlines()[-1]  # of the traceback between two such lines
    except UncompletedJobError:
        return job.state
    if returned.status == JobStatus.FAILED:
        return " ".join(str(returned._return_value).split())
    return None
