"""What happens before the first run of a command and after its last one, in the process the user started."""

import os
import sys
from contextlib import suppress
from dataclasses import MISSING, fields
from functools import wraps
from pathlib import Path

from hydra.experimental.callback import Callback
from hydra.types import RunMode

from scaling_study.errors import ConfigError, Raised, StudyError
from scaling_study.ignored import check_given
from scaling_study.paths import expanded
from scaling_study.ranges import NAME
from scaling_study.records.identity import same_folder
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
from scaling_study.tasks.jobs import distinct, given_keys, job_of, require_one_command, sweep_jobs
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
        except Exception as error:
            raise Raised(error) from error

    return wrapped


class StudyCallback(Callback):
    """Hydra's hooks around a run and a multirun.

    Everything but training happens here, once for the whole sweep, and ends the command: SystemExit is the one
    exception that Hydra lets through from a callback.
    """

    def __getstate__(self):
        return {}  # Hydra sends the callback to its workers; the jobs and the display stay here

    @loud
    def on_run_start(self, config):
        self.points = {}
        check_hydra(config.hydra)
        self.begin([job_of(config)], config.hydra)

    @loud
    def on_multirun_start(self, config):
        check_hydra(config.hydra)
        self.points = sweep_jobs(config)
        self.begin(distinct(self.points.values()), config.hydra)

    @loud
    def on_run_end(self, config):
        self.end()

    @loud
    def on_multirun_end(self, config):
        self.end()

    def begin(self, jobs, hydra):
        require_one_command(jobs)
        check_given(given_keys(hydra), [job.config for job in jobs])
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
        prepare(self.jobs, hydra, elsewhere=slurm)
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


def check_hydra(hydra):
    """Refuse settings of Hydra that it would fail over after work began, or that do not go with this program."""
    folder_of_hydra(hydra)
    if hydra.mode == RunMode.RUN and hydra.sweeper.params:
        raise ConfigError("hydra.mode", "RUN", "would leave out the values of the sweep")
    if hydra.job.chdir:
        raise ConfigError("hydra.job.chdir", True, "must be false: relative paths, as of results_dir, would move")
    if not hydra.sweeper._target_.endswith(".BasicSweeper"):
        choice = hydra.runtime.choices["hydra/sweeper"]
        raise ConfigError("hydra/sweeper", choice, "must be basic: the runs of a sweep are listed before any starts")
    if (batch := hydra.sweeper.get("max_batch_size")) is not None and batch < 1:
        raise ConfigError("hydra.sweeper.max_batch_size", batch, "must be 1 or more, or null")
    if hydra.job.name not in NAME:
        raise ConfigError("hydra.job.name", hydra.job.name, NAME.message)
    if hydra.launcher is None:
        raise ConfigError("hydra.launcher", None, "is needed; give hydra/launcher=workers")
    if hydra.mode == RunMode.MULTIRUN and hydra.launcher._target_.endswith(".JoblibLauncher"):
        check_joblib(hydra.launcher)


def check_joblib(launcher):
    """Refuse what joblib would fail over when the first runs are at work, or in the midst of them."""
    if launcher.n_jobs == 0:
        raise ConfigError("hydra.launcher.n_jobs", 0, "must not be 0; workers=N says how many runs train at once")
    fixed = {"timeout": (None,), "require": (None,), "prefer": ("processes",), "batch_size": ("1", "auto")}
    for key, allowed in (fixed | {"pre_dispatch": ("n_jobs", "2*n_jobs", "all")}).items():
        if (value := launcher.get(key, allowed[0])) not in allowed:
            raise ConfigError(f"hydra.launcher.{key}", value, f"must be {' or '.join(map(str, allowed))}")


def folder_of_hydra(hydra):
    """(key, path) of the folder that Hydra will make. Raises ConfigError for one that it would take literally."""
    key = "hydra.run.dir" if hydra.mode == RunMode.RUN else "hydra.sweep.dir"
    path = str(hydra.run.dir if hydra.mode == RunMode.RUN else hydra.sweep.dir)
    if expanded(key, path) != path:
        raise ConfigError(key, path, "must be a path without ~ and variables, which Hydra does not expand")
    return key, path


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


def prepare(jobs, hydra, elsewhere=False):
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

    require_readable(Path(config.results_dir) / config.study)
    check_trainable(pending, elsewhere)
    require_places([Path(folder) / config.study for folder in (config.results_dir, config.plots_dir)], hydra)


def require_places(folders, hydra):
    """Make the folders of a study and Hydra's; where one cannot be written to, none is left behind."""
    key, path = folder_of_hydra(hydra)
    made = []
    for folder in (*folders, Path(path)):
        missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
        made = [*missing, *made]  # innermost first
        try:
            require_writable(folder)
        except StudyError as error:
            for place in made:
                with suppress(OSError):
                    place.rmdir()
            if folder not in folders:
                raise ConfigError(key, path, "cannot be written to") from error
            raise


def settings_of_study(config):
    """{model name: settings of a run of it} of the runs that the study has."""
    settings = {}
    for folder in told_when_slow(run_folders(Path(config.results_dir) / config.study), "reading settings of runs"):
        if known := folder.config():
            settings.setdefault(str(known["model"].get("name")), known)
    return settings


def require_one_setting(job, settings):
    """A study's runs, of which ``settings`` holds some by model, share data set and recipe but for ``vary``, those of
    one model also the baseline's resolution: refuse to mix others in."""
    if not settings:
        return
    same_model = settings.get(job.run.model.name)
    known = same_model or next(iter(settings.values()))
    for group, schema in (("data", Data), ("recipe", Recipe)):
        mine, theirs = job.run.settings[group], known[group]
        unsaid = {field.name: field.default for field in fields(schema) if field.default is not MISSING}
        for key in dict.fromkeys([*mine, *(key for key in theirs if key in unsaid)]):
            value = mine.get(key, unsaid.get(key))
            if f"{group}.{key}" in job.config.vary:
                continue
            if (group, key) == ("data", "resolution") and not same_model:
                continue
            if (group, key) == ("data", "folder") and same_folder(job.run.data, theirs.get(key)):
                continue
            if (old := theirs.get(key, unsaid.get(key, value))) != value:
                if key == "folder":  # of which the digest says nothing to anybody
                    key, value, old = "root", job.run.data.root, "other images"
                message = f"study={job.config.study} holds runs with {old}; give these a study=NAME of their own"
                raise ConfigError(f"{group}.{key}", value, message)


def finish(jobs):
    """Tables, figures and summary of the study from what is on disk; the command's exit status."""
    config = jobs[0].config
    runs = tables.rebuild(config)
    mine = runs[runs.run_id.isin([job.run.run_id for job in jobs])]
    print("\n".join([terminal.variants(mine), *terminal.reading(mine, config.recipe.batch_size)]))
    drawn = figures.draw(config, runs)
    print(terminal.places(config))
    missing = {job.run.run_id for job in jobs} - set(mine.run_id[(mine.status == "done") & (mine.record == "folder")])
    if not missing:
        return drawn.status
    print(terminal.failures(runs, missing), file=sys.stderr)
    return 1
