"""The runs of a sweep, listed before any of them starts. The only file that reads Hydra's sweeper."""

from dataclasses import dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from scaling_study.records.identity import Run, run_of
from scaling_study.records.store import RunFolder
from scaling_study.schema import Config, parse
from scaling_study.tasks.points import configs_of
from scaling_study.tasks.progress import told_when_slow
from scaling_study.tasks.train import folder_of


@dataclass(frozen=True)
class Job:
    """A checked configuration, the run it describes and where that run is kept."""

    config: Config
    run: Run
    folder: RunFolder

    @property
    def done(self):
        record = self.folder.record()
        return record is not None and record["status"] == "done"

    def failed_since(self, moment):
        """Whether the run has a record of a failure that was written after ``moment``, in seconds since the epoch."""
        return not self.done and self.folder.has_record() and self.folder.record_time() > moment


def job_of(cfg):
    return job_from(parse(cfg))


def job_from(config):
    run = run_of(config)
    return Job(config, run, folder_of(config, run))


def sweep_jobs(cfg):
    """{overrides: Job} of the points that Hydra's basic sweeper is about to make of the multirun configuration ``cfg``.

    Points that share a run (the baseline) share a job. Raises ConfigError for the first bad point.
    """
    loader = GlobalHydra.instance().config_loader()
    params = [f"{key}={value}" for key, value in (cfg.hydra.sweeper.params or {}).items()]
    overrides = OverridesParser.create(config_loader=loader).parse_overrides([*params, *cfg.hydra.overrides.task])
    [points] = BasicSweeper.split_arguments(overrides, max_batch_size=None)
    configs = configs_of(loader, cfg, points)
    made, known = {}, {}
    for point in told_when_slow(points, "checking runs"):
        job = job_from(next(configs))
        made[tuple(point)] = known.setdefault(identity(job), job)
    BasicSweeper.validate_batch_is_legal = lambda sweeper, batch: None  # it would compose each of them once more
    return made


def distinct(jobs):
    """The jobs, of those that do the same the last."""
    return list({identity(job): job for job in jobs}.values())


def identity(job):
    """What two jobs that do the same share; an evaluation is more than its run."""
    evaluated = (job.config.evaluate, job.config.data.root) if job.config.task == "evaluate" else None
    return job.run.run_id, repr(evaluated)
