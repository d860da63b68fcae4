"""The runs of a sweep, listed before any of them starts. The only file that reads Hydra's sweeper."""

from dataclasses import dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from scaling_study.records.identity import Run
from scaling_study.records.store import RunFolder
from scaling_study.schema import Config, parse
from scaling_study.tasks.train import folder_of, run_in_study


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


def job_of(cfg):
    config = parse(cfg)
    run = run_in_study(config)
    return Job(config, run, folder_of(config, run))


def sweep_jobs(cfg):
    """The jobs that Hydra's basic sweeper is about to make of the multirun configuration ``cfg``.

    A run that several points of the sweep share (the baseline) is listed once.
    Raises ConfigError for the first bad point.
    """
    loader = GlobalHydra.instance().config_loader()
    params = [f"{key}={value}" for key, value in (cfg.hydra.sweeper.params or {}).items()]
    overrides = OverridesParser.create(config_loader=loader).parse_overrides([*params, *cfg.hydra.overrides.task])
    [batch] = BasicSweeper.split_arguments(overrides, max_batch_size=None)
    jobs = [job_of(loader.load_sweep_config(cfg, list(point))) for point in batch]
    return list({identity(job): job for job in jobs}.values())


def identity(job):
    """What two jobs that do the same share; an evaluation is more than its run."""
    evaluated = (job.config.evaluate, job.config.data.root) if job.config.task == "evaluate" else None
    return job.run.run_id, repr(evaluated)
