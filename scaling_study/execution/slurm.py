"""Sweeps whose runs are jobs of a Slurm cluster (hydra/launcher=submitit_slurm).

Hydra's submitit launcher does the work. Changed here, in the process the user started, is how it submits and waits.
Importing this module needs the extra ``slurm``.
"""

import shutil
import subprocess
import time
import warnings

from hydra.core.utils import JobReturn, JobStatus
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher
from submitit.core.core import InfoWatcher
from submitit.core.utils import FailedJobError, UncompletedJobError
from submitit.slurm.slurm import SlurmJob

from scaling_study.errors import ConfigError, StudyError

ENDED = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",
    "TIMEOUT", "GONE",
}  # fmt: skip
POLL_SECONDS_MAX = 15
RETRY_SECONDS = 5


class QueueWatcher(InfoWatcher):
    """What squeue says of the jobs: it answers on every cluster, while sacct, which submitit asks, needs accounting;
    without it, submitit would wait for ever for a job that was killed."""

    def _make_command(self):
        return ["squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i %T"]

    def read_info(self, string):
        states = dict(line.split() for line in string.decode().splitlines())
        return {job_id: {"State": states.get(job_id, "GONE")} for job_id in self._registered}

    def get_state(self, job_id, mode="standard"):
        return self.get_info(job_id, mode).get("State", "UNKNOWN")

    def is_done(self, job_id, mode="standard"):
        return self.get_state(job_id, mode) in ENDED

    def cancel(self):
        """Cancel every job that has not ended."""
        if jobs := sorted(job_id for job_id in self._registered if not self.is_done(job_id, "force")):
            subprocess.run(["scancel", *jobs], check=False)


def export_world():
    """In a task of a job of several: say so as torchrun would, so that they train their run together."""
    from submitit.helpers import TorchDistributedEnvironment

    TorchDistributedEnvironment().export(set_cuda_visible_devices=False)


def set_up():
    """Change the installed launcher's ways. Raises ConfigError where Slurm is not."""
    if not shutil.which("sbatch") or not shutil.which("srun"):
        raise ConfigError("hydra/launcher", "submitit_slurm", "there is no sbatch or srun on this machine")
    SlurmJob.watcher = QueueWatcher(delay_s=POLL_SECONDS_MAX)
    SlurmJob.results = patient(SlurmJob.results)
    SlurmLauncher.launch = cancelling(SlurmLauncher.launch)


def cancelling(launch):
    """Say in one line that Slurm takes no jobs; an interruption cancels those it took."""

    def wrapped(launcher, job_overrides, initial_job_idx):
        try:
            return launch(launcher, job_overrides, initial_job_idx)
        except FailedJobError as error:
            raise StudyError(f"Slurm does not take the jobs: {error}") from error
        except KeyboardInterrupt:
            SlurmJob.watcher.cancel()
            raise

    return wrapped


def patient(results):
    """A job that ends without finishing its run (killed, cancelled, out of time too often) is told in a warning and the
    others are waited for, so that the tables hold what they did. One that is back in the queue is waited for again."""

    def wrapped(job):
        while reason := unfinished(results, job):
            if job.watcher.is_done(job.job_id, "force"):
                where = f"its log is {job.paths.stderr}"
                warnings.warn(f"Slurm job {job.job_id} did not finish its run ({reason}); {where}", stacklevel=2)
                break
            time.sleep(RETRY_SECONDS)
        return [JobReturn(status=JobStatus.COMPLETED)]  # what a run did is read from its folder

    return wrapped


def unfinished(results, job):
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
