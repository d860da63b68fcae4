"""The runs of a sweep, listed before any of them starts. The only file that reads Hydra's sweeper."""

import math
from dataclasses import dataclass, fields

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, RangeSweep

from scaling_study.errors import ConfigError
from scaling_study.ranges import NAME_MAX
from scaling_study.records.identity import Run
from scaling_study.records.store import RunFolder
from scaling_study.schema import Config, parse
from scaling_study.tasks.points import configs_of
from scaling_study.tasks.progress import told_when_slow
from scaling_study.tasks.train import folder_of, run_in_study

RUNS_MAX = 100_000
RUNS_DIFFER_IN = ("seed", "model", "data", "recipe", "scaling", "evaluate")
COMMON = [field.name for field in fields(Config) if field.name not in RUNS_DIFFER_IN]  # keys a command has one value of


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
    run = run_in_study(config)
    if len(run.run_id.encode()) > NAME_MAX:
        raise ConfigError("model.name", config.model.name, f"makes a folder {run.run_id} of more than {NAME_MAX} bytes")
    return Job(config, run, folder_of(config, run))


def sweep_jobs(cfg):
    """{overrides: Job} of the points that Hydra's basic sweeper is about to make of the multirun configuration ``cfg``.

    Points that share a run (the baseline) share a job.
    Raises ConfigError for the first bad point, for a key without values, and for more than RUNS_MAX points.
    """
    loader = GlobalHydra.instance().config_loader()
    params = [f"{key}={value}" for key, value in (cfg.hydra.sweeper.params or {}).items()]
    overrides = OverridesParser.create(config_loader=loader).parse_overrides([*params, *cfg.hydra.overrides.task])
    check_length(overrides)
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


def given_keys(hydra):
    """{dotted key: value} of a sweep and of the command line, as they stand there."""
    overrides = OverridesParser.create().parse_overrides(list(hydra.overrides.task))
    return {**(hydra.sweeper.params or {}), **{o.key_or_group: o.input_line.partition("=")[2] for o in overrides}}


def check_length(overrides):
    """Raise ConfigError unless every swept key has a value and all together make at most RUNS_MAX runs."""
    counts = {}
    for override in overrides:
        key, given = override.get_key_element(), override.input_line.partition("=")[2]
        values = values_of(override) if override.is_sweep_override() else 1
        if values is None:
            raise ConfigError(key, given, "must be values, as 1,2,4 or range(from,to,step)")
        if values == 0:
            raise ConfigError(key, given, "has no values, so that there is nothing to run")
        counts[key] = values  # the last of a key counts
        runs = max(values, math.prod(counts.values()))
        if runs > RUNS_MAX:
            message = f"makes this a sweep of {runs:.4g} runs; at most {RUNS_MAX} are started by one command"
            raise ConfigError(key, given, message)


def values_of(override):
    """How many values a swept key has, without listing them; None for what the basic sweeper has no values of."""
    sweep = override.value()
    if isinstance(sweep, RangeSweep):
        if not sweep.step or sweep.start is None or sweep.stop is None:
            return None
        steps = (float(sweep.stop) - float(sweep.start)) / float(sweep.step)
        return max(0, math.ceil(steps)) if math.isfinite(steps) else RUNS_MAX + 1
    if isinstance(sweep, ChoiceSweep):
        return len(sweep.list)
    return len(list(override.sweep_string_iterator())) if override.is_discrete_sweep() else None


def identity(job):
    """What two jobs that do the same share: the run and all that a command has one of; an evaluation is more than its
    run."""
    evaluated = (job.config.evaluate, job.config.data.root) if job.config.task == "evaluate" else None
    return job.run.run_id, repr(evaluated), repr([getattr(job.config, key) for key in COMMON])


def require_one_command(jobs):
    """Raise ConfigError where the points of a sweep differ in what a command has one of.

    Its tables, for one, would be looked for in the folder of the first study alone.
    """
    first = jobs[0].config
    for key in COMMON:
        if different := [job.config for job in jobs if getattr(job.config, key) != getattr(first, key)]:
            a, b = flat(key, first), flat(key, different[0])
            name = next(name for name in a if a[name] != b[name])
            raise ConfigError(
                name, f"{a[name]},{b[name]}", f"must be the same for all runs of a sweep; give {name}=VALUE"
            )


def flat(key, config):
    """{dotted key: value} of one of COMMON."""
    value = getattr(config, key)
    return {f"{key}.{name}": v for name, v in vars(value).items()} if hasattr(value, "__dict__") else {key: value}
