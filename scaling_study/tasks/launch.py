"""What happens before the first run of a command and after its last one, in the process the user started."""

import sys
import warnings
from pathlib import Path

from hydra.experimental.callback import Callback

from scaling_study.errors import ConfigError, StudyError
from scaling_study.records.store import require_writable, run_folders
from scaling_study.tasks import figures, plan, report, tables
from scaling_study.tasks.jobs import job_of, sweep_jobs
from scaling_study.tasks.progress import Progress

OTHER_TASKS = {"plan": plan.run, "tables": tables.run, "figures": figures.run}


class StudyCallback(Callback):
    """Hydra's hooks around a run and a multirun.

    Everything but training happens here, once for the whole sweep, and ends the command: SystemExit is the one
    exception that Hydra lets through from a callback.
    """

    def __getstate__(self):
        return {}  # Hydra sends the callback to its workers; the jobs and the display stay here

    def on_run_start(self, config, **_):
        self.begin(lambda: [job_of(config)])

    def on_multirun_start(self, config, **_):
        self.begin(lambda: sweep_jobs(config))

    def on_run_end(self, config, **_):
        self.end()

    def on_multirun_end(self, config, **_):
        self.end()

    def begin(self, list_jobs):
        warnings.formatwarning = lambda message, *_: f"warning: {message}\n"
        try:
            self.jobs = list_jobs()
            task = self.jobs[0].config.task
            if task in OTHER_TASKS:
                sys.exit(OTHER_TASKS[task](self.jobs))
            prepare(self.jobs)
        except (ConfigError, StudyError) as error:
            sys.exit(f"error: {error}")
        self.progress = Progress([(job.folder, job.run.nominal_cost) for job in self.jobs]).start()

    def end(self):
        self.progress.stop()
        sys.exit(finish(self.jobs))


def prepare(jobs):
    """Refuse before any work what would fail later; stop here when nothing is left to train."""
    config = jobs[0].config
    require_writable(Path(config.results_dir) / config.study)
    require_writable(Path(config.plots_dir) / config.study)
    for job in jobs:
        require_one_setting(job)
    pending = [job for job in jobs if not job.done]
    if not pending:
        print(f"All {len(jobs)} runs are done already; nothing to train.")
        sys.exit(finish(jobs))
    from scaling_study.tasks.check import check_trainable  # imports torch, which takes seconds

    check_trainable(pending)


def require_one_setting(job):
    """A study's runs share data set and recipe: refuse to mix others in."""
    folders = run_folders(Path(job.config.results_dir) / job.config.study)
    known = next((settings for folder in folders if (settings := folder.config())), None)
    if known is None:
        return
    for group in ("data", "recipe"):
        for key, value in job.run.settings[group].items():
            if (old := known.get(group, {}).get(key, value)) != value:
                message = f"study={job.config.study} holds runs with {old}; give these a study=NAME of their own"
                raise ConfigError(f"{group}.{key}", value, message)


def finish(jobs):
    """Tables, figures and summary of the study from what is on disk; the command's exit status."""
    config = jobs[0].config
    runs = tables.write(config)
    mine = runs[runs.run_id.isin([job.run.run_id for job in jobs])]
    print(report.variants(mine))
    figures.draw(config)
    print(report.places(config))
    missing = {job.run.run_id for job in jobs} - set(mine.run_id[mine.status == "done"])
    if not missing:
        return 0
    print(report.failures(runs, missing), file=sys.stderr)
    return 1
