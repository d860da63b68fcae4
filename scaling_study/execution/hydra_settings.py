"""Hydra's own settings that this program does not support, refused before any work."""

from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig

from scaling_study.config.paths import expanded
from scaling_study.config.ranges import NAME
from scaling_study.errors import ConfigError


def check_hydra(hydra: DictConfig) -> None:
    """Raise ConfigError for settings that would fail after work began, or that this program does not support."""
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


def check_joblib(launcher: Any) -> None:
    """Raise ConfigError for settings that joblib would reject after the first runs have started."""
    if launcher.n_jobs == 0:
        raise ConfigError("hydra.launcher.n_jobs", 0, "must not be 0; workers=N sets how many runs train at once")
    fixed = {"timeout": (None,), "require": (None,), "prefer": ("processes",), "batch_size": ("1", "auto")}
    for key, allowed in (fixed | {"pre_dispatch": ("n_jobs", "2*n_jobs", "all")}).items():
        if (value := launcher.get(key, allowed[0])) not in allowed:
            raise ConfigError(f"hydra.launcher.{key}", value, f"must be {' or '.join(map(str, allowed))}")


def folder_of_hydra(hydra: DictConfig) -> tuple[str, str]:
    """(key, path) of the folder that Hydra will make.

    Raises ConfigError for a path with ~ or variables, which Hydra takes literally.
    """
    key = "hydra.run.dir" if hydra.mode == RunMode.RUN else "hydra.sweep.dir"
    path = str(hydra.run.dir if hydra.mode == RunMode.RUN else hydra.sweep.dir)
    if expanded(key, path) != path:
        raise ConfigError(key, path, "must be a path without ~ and variables, which Hydra does not expand")
    return key, path
