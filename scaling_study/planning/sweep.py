"""The points of a sweep, listed before any run starts. The only file that reads Hydra's sweeper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep
from omegaconf import DictConfig

from scaling_study.errors import ConfigError
from scaling_study.planning.jobs import identity, job_from
from scaling_study.planning.points import configs_of
from scaling_study.system.progress import with_lines_when_slow

if TYPE_CHECKING:
    from scaling_study.planning.jobs import Job

RUNS_MAX = 100_000


def sweep_jobs(cfg: DictConfig) -> dict[tuple[str, ...], Job]:
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
    jobs: dict[tuple[str, ...], Job] = {}
    known: dict[object, Job] = {}
    for point in with_lines_when_slow(points, "checking runs"):
        job = job_from(next(configs))
        jobs[tuple(point)] = known.setdefault(identity(job), job)
    return jobs


def given_keys(hydra: DictConfig) -> dict[str, object]:
    """{dotted key: value} of the keys that a sweep and the command line set, values as given."""
    overrides = OverridesParser.create().parse_overrides(list(hydra.overrides.task))
    return {
        **(hydra.sweeper.params or {}),
        **{o.key_or_group: (o.input_line or "").partition("=")[2] for o in overrides},
    }


def check_length(overrides: Sequence[Override]) -> None:
    """Raise ConfigError unless every swept key has a value and all together make at most RUNS_MAX runs."""
    counts = {}
    for override in overrides:
        key, given = override.get_key_element(), (override.input_line or "").partition("=")[2]
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


def values_of(override: Override) -> int | None:
    """The number of values of a swept key, without listing them; None for a sweep that has no countable values."""
    sweep = override.value()
    if isinstance(sweep, RangeSweep):
        if not sweep.step or sweep.start is None or sweep.stop is None:
            return None
        steps = (float(sweep.stop) - float(sweep.start)) / float(sweep.step)
        return max(0, math.ceil(steps)) if math.isfinite(steps) else RUNS_MAX + 1
    if isinstance(sweep, ChoiceSweep):
        return len(sweep.list)
    return len(list(override.sweep_string_iterator())) if override.is_discrete_sweep() else None
