"""Sweeps through a real Slurm of one node: pytest -m slurm -n 0"""

import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import scaling_study

from ..conftest import SMALL, environment
from ..data.folders import make_folder
from .conftest import wait_until

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]
pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs pip install 'scaling_study[slurm]'")

STUDY = "fractals-micro_mbconv-standard_v1"
EPOCHS = 80  # some ten seconds of a run, within which a test has to meet it
SWEEP = [
    "+sweep=resolution",
    "scaling.resolution=1.5,1.3,1",
    "data=fractals",
    "model=micro_mbconv",
    "recipe=standard_v1",
    f"recipe.epochs={EPOCHS}",
    "device=cpu",
]
SLURM = ["hydra/launcher=submitit_slurm", "hydra.launcher.gpus_per_node=null"]
RUNS = ("resolution-1.5", "resolution-1.3", "baseline")  # in the order of the sweep, which is that of the array
METRICS = ["run_id", "status", "top1", "top5", "loss", "val_top1", "val_loss", "train_top1", "flops", "params"]
EPOCH_METRICS = ["run_id", "epoch", "train_loss", "val_loss", "val_top1"]


def tables(folder):
    results = folder / "results" / STUDY
    return scaling_study.load_runs(results)[METRICS], scaling_study.load_history(results)[EPOCH_METRICS]


@pytest.fixture(scope="session")
def expected(tmp_path_factory, cache):
    """The tables of the sweep made without Slurm."""
    folder = tmp_path_factory.mktemp("expected")
    command = [sys.executable, "-m", "scaling_study", *SWEEP, *SMALL]
    subprocess.run(command, cwd=folder, env=environment(cache), check=True, capture_output=True)
    return tables(folder)


def require_equal(got, expected):
    assert got[0].status.tolist() == ["done"] * 3
    for one, other in zip(got, expected, strict=True):
        assert one.equals(other)


@pytest.fixture
def sweep(slurm, tmp_path, cache):
    """A function that sends the sweep to Slurm; whatever of it is left at the end is stopped."""
    started = []

    def start(*overrides):
        command = [sys.executable, "-m", "scaling_study", *SWEEP, *SMALL, *SLURM, *overrides]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment(cache), **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
    slurm("scancel", "--user=root")


def folder_of(tmp_path, name):
    [folder] = tmp_path.glob(f"results/{STUDY}/runs/{name}-seed0-*")
    return folder


def mid_run(tmp_path, name):
    """Whether the run has finished an epoch and has more to do."""
    found = list(tmp_path.glob(f"results/{STUDY}/runs/{name}-seed0-*/checkpoint.pt"))
    return found and not (found[0].parent / "record.json").exists()


def job_id(tmp_path, name):
    [script, *_] = tmp_path.glob(f"results/{STUDY}/hydra/slurm/*/*_submission.sh")
    return f"{script.parent.name}_{RUNS.index(name)}"


def state(slurm, job):
    return slurm("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={job}").strip()


def processes(job):
    """Numbers of the processes that belong to a task of a job array."""
    array, task = job.split("_")
    wanted = {f"SLURM_ARRAY_JOB_ID={array}".encode(), f"SLURM_ARRAY_TASK_ID={task}".encode()}
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if wanted <= variables(path)]


def variables(path):
    try:
        return set(path.read_bytes().split(b"\0"))
    except OSError:
        return set()


def times_started(tmp_path):
    log = next(tmp_path.glob(f"results/{STUDY}/hydra/*.log")).read_text()
    return Counter(re.findall(r"training (\S+)-seed0", log))


def kill_mid_run(slurm, tmp_path, name):
    """Kill all processes of a run's job once it has done an epoch. Returns the job and the history so far."""
    wait_until(lambda: mid_run(tmp_path, name), f"{name} does not train")
    job = job_id(tmp_path, name)
    assert processes(job)
    slurm("scancel", "--signal=KILL", job)
    wait_until(lambda: state(slurm, job) == "CANCELLED", lambda: state(slurm, job))
    assert not processes(job)
    folder = folder_of(tmp_path, name)
    assert not (folder / "record.json").exists()
    return job, (folder / "history.csv").read_text()


def test_a_killed_job_that_is_requeued_goes_on_and_the_table_is_full(slurm, sweep, tmp_path, expected):
    process = sweep()
    job, history = kill_mid_run(slurm, tmp_path, RUNS[0])
    assert 2 <= history.count("\n") < EPOCHS
    slurm("scontrol", "requeue", job)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert "3 of 3 runs done, 0 failed" in err
    require_equal(tables(tmp_path), expected)
    assert times_started(tmp_path) == {RUNS[0]: 2, RUNS[1]: 1, RUNS[2]: 1}
    # The seconds that the epochs before the kill took stand there still, so they were not trained again.
    assert (folder_of(tmp_path, RUNS[0]) / "history.csv").read_text().startswith(history)


def test_preempted_jobs_go_on_from_their_checkpoint(slurm, sweep, tmp_path, expected):
    """By the signal that submitit answers with a requeue, by a plain requeue, and by a warning that nothing follows."""
    process = sweep()
    ways = [("scancel", "--signal=USR2"), ("scontrol", "requeue"), ("scancel", "--signal=TERM")]
    for name, way in zip(RUNS, ways, strict=True):
        wait_until(lambda name=name: mid_run(tmp_path, name), f"{name} does not train")
        slurm(*way, job_id(tmp_path, name))
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert "warning" not in err
    require_equal(tables(tmp_path), expected)
    assert times_started(tmp_path) == {RUNS[0]: 2, RUNS[1]: 2, RUNS[2]: 1}
    # Before it asks for the requeue, whose signal may end it before it can say that it did.
    assert "this job is preempted" in next(tmp_path.glob("results/*/hydra/slurm/*_0/*.out")).read_text()


def test_lost_jobs_are_told_and_the_others_are_kept(slurm, sweep, tmp_path, expected):
    """One is killed and one has used up its time limits (submitit takes every signal of a job this short for that)."""
    process = sweep("hydra.launcher.timeout_min=10", "hydra.launcher.max_num_timeout=0")
    wait_until(lambda: mid_run(tmp_path, RUNS[0]), "nothing trains")
    late = job_id(tmp_path, RUNS[0])
    slurm("scancel", "--signal=USR2", late)
    killed, _ = kill_mid_run(slurm, tmp_path, RUNS[1])
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    told = "warning: Slurm job {} did not finish its run ({}); its log is "
    assert told.format(late, "Job not requeued because: timed-out too many times.") in err
    assert told.format(killed, "CANCELLED") in err
    lost = r"\n  resolution-1.3-\S+: not finished\n  resolution-1.5-\S+: not finished\n$"
    assert re.search(r"\nerror: 2 runs are not done; the same command tries them again:" + lost, err)
    assert "Traceback" not in err
    assert tables(tmp_path)[0].status.tolist() == ["done"]

    again = sweep()
    out, err = again.communicate(timeout=300)
    assert again.returncode == 0, out + err
    require_equal(tables(tmp_path), expected)
    assert times_started(tmp_path) == {RUNS[0]: 2, RUNS[1]: 2, RUNS[2]: 1}
    scripts = [path.read_text() for path in tmp_path.glob("results/*/hydra/slurm/*/*_submission.sh")]
    assert sorted(re.findall(r"--array=\S+", "".join(scripts))) == ["--array=0-1%2", "--array=0-2%3"]  # what is left


def test_an_interrupted_command_cancels_its_jobs(slurm, sweep, tmp_path):
    process = sweep()
    wait_until(lambda: mid_run(tmp_path, RUNS[0]), "nothing trains")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.endswith("interrupted; the same command goes on where this one stopped\n")
    wait_until(lambda: not slurm("squeue", "--noheader"), "jobs go on")


def test_the_tasks_of_a_job_train_its_run_together_and_are_preempted_together(slurm, tmp_path, cache):
    make_folder(tmp_path / "set", train=60)
    options = ["-m", "seed=0", "recipe.epochs=60", "recipe.batch_size=8", "data=imagefolder", "data.root=set"]
    options += ["model=micro_mbconv", "recipe=quick_v1", "data.val_images=6", "data.resolution=16"]
    options += ["data.loader_workers=1", "device=cpu", f"study={STUDY}"]
    command = [sys.executable, "-m", "scaling_study", *options, *SLURM, "hydra.launcher.tasks_per_node=2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environment(cache), **pipes) as process:
        wait_until(lambda: mid_run(tmp_path, "baseline"), "nothing trains")
        [script] = tmp_path.glob("results/*/hydra/slurm/*/*_submission.sh")
        slurm("scancel", "--signal=USR2", script.parent.name)  # one job alone is no array
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    runs = scaling_study.load_runs(tmp_path / "results" / STUDY)
    assert runs.status.tolist() == ["done"]
    assert runs.processes.tolist() == [2]
    assert times_started(tmp_path) == {"baseline": 2}
    told = "".join(path.read_text() for path in tmp_path.glob("results/*/hydra/slurm/*/*.out"))
    assert told.count("Requeued job") == 1
    assert "warning" not in err


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["-m", "hydra.launcher.partition=none"],
            "error: Slurm does not take the jobs: sbatch: error: invalid partition",
        ),
        ([], "error: hydra/launcher=submitit_slurm: a single run would train here; add -m"),
    ],
)
def test_what_slurm_cannot_take_is_one_line(slurm, cli, overrides, message):
    result = cli(*overrides, *SLURM, check=False, fresh=True)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(message)
    assert "Traceback" not in result.stderr


def test_without_slurm_it_is_one_line(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = cli("-m", *SLURM, check=False, fresh=True)
    assert result.returncode == 1
    assert result.stderr == "error: hydra/launcher=submitit_slurm: there is no sbatch or srun on this machine\n"
    assert list(tmp_path.iterdir()) == []
