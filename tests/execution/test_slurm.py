"""What is patched of submitit still fits the installed version; no Slurm is needed."""

import os
import subprocess
from types import SimpleNamespace

import pytest
from hydra.core.utils import JobReturn, JobStatus

pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs pip install 'scaling_study[slurm]'")

import submitit
from submitit.core.utils import FailedJobError, UncompletedJobError
from submitit.slurm.slurm import SlurmJob

from scaling_study.errors import StudyError
from scaling_study.execution import slurm

pytestmark = pytest.mark.slurm
QUEUE = b"1_0 RUNNING\n1_1 COMPLETED\n2 PREEMPTED\n"


@pytest.fixture
def watcher(monkeypatch):
    """A QueueWatcher of the jobs 1_0, 1_1, 2 and 3, of which the queue no longer knows the last."""
    monkeypatch.setattr(subprocess, "check_output", lambda *_, **__: QUEUE)
    made = slurm.QueueWatcher(delay_s=1)
    for job_id in ("1_0", "1_1", "2", "3"):
        made.register_job(job_id)
    return made


def test_states_are_those_of_the_queue(watcher):
    states = {job_id: watcher.get_state(job_id, "force") for job_id in ("1_0", "1_1", "2", "3")}
    assert states == {"1_0": "RUNNING", "1_1": "COMPLETED", "2": "PREEMPTED", "3": "GONE"}
    assert [job_id for job_id in states if watcher.is_done(job_id, "force")] == ["1_1", "2", "3"]


def test_only_jobs_that_have_not_ended_are_cancelled(watcher, monkeypatch):
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    watcher.cancel()
    assert commands == [["scancel", "1_0"]]


def fail():
    raise ValueError("the run's own reason")


def test_the_reason_of_a_failed_job_is_read_from_submitits_error(tmp_path):
    job = submitit.LocalExecutor(tmp_path).submit(fail)
    with pytest.raises(FailedJobError):
        job.results()
    assert slurm.unfinished(lambda job: job.results(), job) == "ValueError: the run's own reason"


def test_other_ends_of_a_job_have_a_reason_too():
    def uncompleted(job):
        raise UncompletedJobError("gone")

    failed = JobReturn(status=JobStatus.FAILED)
    failed.return_value = RuntimeError("two\nlines")
    assert slurm.unfinished(uncompleted, SimpleNamespace(state="TIMEOUT")) == "TIMEOUT"
    assert slurm.unfinished(lambda _: [failed], None) == "two lines"
    assert slurm.unfinished(lambda _: [JobReturn(status=JobStatus.COMPLETED)], None) is None


def test_a_requeued_job_is_waited_for_and_one_that_ended_is_named(monkeypatch):
    monkeypatch.setattr(slurm, "RETRY_SECONDS", 0)
    ends = iter([False, False, True])

    def uncompleted(job):
        raise UncompletedJobError("gone")

    watcher = SimpleNamespace(is_done=lambda job_id, mode: next(ends))
    job = SimpleNamespace(state="PREEMPTED", job_id="7", watcher=watcher, paths=SimpleNamespace(stderr="log"))
    with pytest.warns(UserWarning, match=r"Slurm job 7 did not finish its run \(PREEMPTED\); its log is log"):
        [returned] = slurm.waited_for(uncompleted)(job)
    assert returned.status == JobStatus.COMPLETED
    assert next(ends, None) is None


def test_rejected_jobs_are_reported_and_an_interruption_cancels(watcher, monkeypatch):
    def rejected(*_):
        raise FailedJobError("sbatch: error: invalid partition")

    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(StudyError, match="Slurm does not take the jobs: sbatch: error: invalid partition"):
        slurm.cancelling(rejected)(None, [], 0)
    commands = []
    monkeypatch.setattr(SlurmJob, "watcher", watcher)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    with pytest.raises(KeyboardInterrupt):
        slurm.cancelling(interrupted)(None, [], 0)
    assert commands == [["scancel", "1_0"]]


def test_tasks_of_a_job_find_one_another_as_torchrun_lets_them(monkeypatch):
    given = {"SLURM_JOB_ID": "1", "SLURM_PROCID": "1", "SLURM_NTASKS": "2", "SLURM_LOCALID": "1", "SLURM_NNODES": "1"}
    given |= {"SLURM_JOB_NODELIST": "localhost", "SLURM_NODEID": "0", "SUBMITIT_EXECUTOR": "slurm"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)  # and gone again after the test
    monkeypatch.setattr("submitit.slurm.slurm.SlurmJobEnvironment.hostnames", ["localhost"])
    slurm.export_world()
    assert (os.environ["RANK"], os.environ["WORLD_SIZE"], os.environ["LOCAL_RANK"]) == ("1", "2", "1")
