"""What happens before the first run of a command and after its last one, in the process the user started."""

import os
import sys
import traceback
from dataclasses import MISSING, fields, replace
from functools import wraps
from pathlib import Path

from hydra.experimental.callback import Callback
from hydra.types import RunMode

from scaling_study.errors import ConfigError, StudyError
from scaling_study.output import make_courteous
from scaling_study.processes import end_with
from scaling_study.records.store import require_writable, run_folders
from scaling_study.records.tables import require_readable
from scaling_study.schema import Data, Recipe
from scaling_study.tasks import (
    analyze,
    cost,
    evaluate,
    figures,
    latency,
    plan,
    pool,
    recommend,
    report,
    tables,
    terminal,
)
from scaling_study.tasks.jobs import distinct, job_of, sweep_jobs
from scaling_study.tasks.progress import Progress, told_when_slow
from scaling_study.tasks.workers import first_of_several, processes_per_run

OTHER_TASKS = {
    "plan": plan.run,
    "cost": cost.run,
    "latency": latency.run,
    "tables": tables.run,
    "figures": figures.run,
    "report": report.run,
    "analyze": analyze.run,
    "recommend": recommend.run,
    "evaluate": evaluate.run,
}


def loud(hook):
    """Hydra turns what a callback raises into a warning and goes on; make it end the command."""

    @wraps(hook)
    def wrapped(self, config, **_):
        try:
            hook(self, config)
        except (ConfigError, StudyError) as error:
            sys.exit(f"error: {error}")
        except Exception:
            traceback.print_exc()
            sys.exit(1)

    return wrapped


class StudyCallback(Callback):
    """Hydra's hooks around a run and a multirun.

    Everything but training happens here, once for the whole sweep, and ends the command: SystemExit is the one
    exception that Hydra lets through from a callback.
    """

    def __getstate__(self):
        return {"command": os.getpid()}  # Hydra sends the callback to its workers; jobs and display stay here

    def on_job_start(self, config, **_):
        """In a worker of this machine: end with the command, whatever ends that."""
        command = getattr(self, "command", os.getpid())
        if command != os.getpid() and "SUBMITIT_EXECUTOR" not in os.environ:
            end_with(command)
            make_courteous()

    @loud
    def on_run_start(self, config):
        self.points = {}
        self.begin([job_of(config)], config.hydra)

    @loud
    def on_multirun_start(self, config):
        self.points = sweep_jobs(config)
        self.begin(distinct(self.points.values()), config.hydra)

    @loud
    def on_run_end(self, config):
        self.end()

    @loud
    def on_multirun_end(self, config):
        self.end()

    def begin(self, jobs, hydra):
        require_one_study(jobs)
        self.jobs, self.progress = jobs, None
        task = jobs[0].config.task
        if processes_per_run() == 1:
            self.start(task, hydra)
        elif task == "train":
            self.start_together(hydra)
        elif first_of_several():
            self.start(task, hydra)
        else:
            sys.exit(0)

    def start(self, task, hydra):
        """Do what is not training and end; else check, and show the progress from now on."""
        if task in OTHER_TASKS:
            sys.exit(OTHER_TASKS[task](self.jobs))
        slurm = hydra.launcher._target_.endswith(".SlurmLauncher")
        if slurm:
            use_slurm(hydra)
        prepare(self.jobs, elsewhere=slurm)
        pool.set_up(hydra.launcher._target_, self.points)
        self.progress = Progress([(job.folder, job.run.nominal_cost) for job in self.jobs]).start()

    def start_together(self, hydra):
        """The same where several processes train each run: the first checks and shows, and tells the others whether
        there is anything to train."""
        from scaling_study.training.distributed import join

        world = join(self.jobs[0].config.device)
        if not world.first:
            if not world.agree(None):
                sys.exit(0)
            return
        go = False
        try:
            self.start("train", hydra)
            go = True
        finally:
            world.agree(go)

    def end(self):
        if self.progress is None:  # not the first of several
            sys.exit(0)
        self.progress.stop()
        sys.exit(finish(self.jobs))


def use_slurm(hydra):
    """Refuse what would not end in jobs of a cluster, and have the launcher wait for them as this program wants."""
    choice = ("hydra/launcher", hydra.runtime.choices["hydra/launcher"])
    try:
        from scaling_study.tasks import slurm
    except ImportError as error:
        raise ConfigError(*choice, f"{error.name} is missing; pip install 'scaling_study[slurm]'") from error
    if hydra.mode == RunMode.RUN:
        raise ConfigError(*choice, "a single run would train here; add -m to send it to the cluster")
    slurm.set_up()


def prepare(jobs, elsewhere=False):
    """Refuse before any work what would fail later; stop here when nothing is left to train.

    elsewhere: the runs train on other machines, and whether this one has a GPU says nothing.
    """
    config = jobs[0].config
    known = settings_of_study(config)
    for job in jobs:
        require_one_setting(job, known)
    pending = [job for job in jobs if not job.done]
    if not pending:
        print(f"All {len(jobs)} runs are done already; nothing to train.")
        sys.exit(finish(jobs))
    from scaling_study.tasks.check import check_trainable  # imports torch, which takes seconds

    if elsewhere:
        pending = [replace(job, config=replace(job.config, device="auto")) for job in pending]
    require_readable(Path(config.results_dir) / config.study)
    check_trainable(pending)
    for folder in (config.results_dir, config.plots_dir):  # last: it makes the folders
        require_writable(Path(folder) / config.study)


def require_one_study(jobs):
    """A command works on one study: its tables would otherwise be looked for in the first one's folder."""
    for key in ("study", "results_dir", "plots_dir", "task"):
        values = list(dict.fromkeys(getattr(job.config, key) for job in jobs))
        if len(values) > 1:
            raise ConfigError(key, ",".join(values[:3]), f"must be the same for all runs of a sweep; give {key}=VALUE")


def settings_of_study(config):
    """{model name: settings of a run of it} of the runs that the study has."""
    settings = {}
    for folder in told_when_slow(run_folders(Path(config.results_dir) / config.study), "reading settings of runs"):
        if known := folder.config():
            settings.setdefault(known.get("model", {}).get("name"), known)
    return settings


def require_one_setting(job, settings):
    """A study's runs, of which ``settings`` holds some by model, share data set and recipe but for ``vary``, those of
    one model also the baseline's resolution: refuse to mix others in."""
    if not settings:
        return
    same_model = settings.get(job.run.model.name)
    known = same_model or next(iter(settings.values()))
    for group, schema in (("data", Data), ("recipe", Recipe)):
        mine, theirs = job.run.settings[group], known.get(group, {})
        unsaid = {field.name: field.default for field in fields(schema) if field.default is not MISSING}
        for key in dict.fromkeys([*mine, *(key for key in theirs if key in unsaid)]):
            value = mine.get(key, unsaid.get(key))
            if f"{group}.{key}" in job.config.vary:
                continue
            if (group, key) == ("data", "resolution") and not same_model:
                continue
            if (old := theirs.get(key, unsaid.get(key, value))) != value:
                message = f"study={job.config.study} holds runs with {old}; give these a study=NAME of their own"
                raise ConfigError(f"{group}.{key}", value, message)


def finish(jobs):
    """Tables, figures and summary of the study from what is on disk; the command's exit status."""
    config = jobs[0].config
    runs = tables.rebuild(config)
    mine = runs[runs.run_id.isin([job.run.run_id for job in jobs])]
    print("\n".join([terminal.variants(mine), *terminal.reading(mine)]))
    figures.draw(config, runs)
    print(terminal.places(config))
    missing = {job.run.run_id for job in jobs} - set(mine.run_id[mine.status == "done"])
    if not missing:
        return 0
    print(terminal.failures(runs, missing), file=sys.stderr)
    return 1
