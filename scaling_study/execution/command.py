"""One command: its arguments composed by Hydra, its runs listed and checked, and the start of its training.

The only file that uses Hydra's application class. Hydra's own entry, ``hydra.main``, calls a function for each run of a
sweep and offers none for the sweep as a whole, which is where every task but training happens.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import hydra.version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from scaling_study.config.arguments import checked
from scaling_study.config.ignored import check_given
from scaling_study.config.paths import CONF
from scaling_study.config.schema import Config
from scaling_study.errors import StudyError
from scaling_study.execution.hydra_settings import check_hydra
from scaling_study.planning.jobs import Job, distinct, job_of, require_one_command
from scaling_study.planning.sweep import given_keys, sweep_jobs

CONFIG_NAME = "config"


@dataclass(frozen=True)
class Command:
    """jobs: those of the sweep, each once; points: {overrides: Job} of a sweep, {} of a single run; hydra: Hydra's own
    settings; config: that of the first job, for the keys that all jobs share."""

    application: Hydra
    config_name: str
    overrides: list[str]
    mode: RunMode
    hydra: DictConfig
    points: dict[tuple[str, ...], Job]
    jobs: list[Job]

    @property
    def config(self) -> Config:
        return self.jobs[0].config

    def launch(self, function: Any) -> None:
        """Have Hydra's launcher call ``function(cfg)`` for each run of the command, which may be in other processes."""
        start = self.application.run if self.mode == RunMode.RUN else self.application.multirun
        start(config_name=self.config_name, task_function=function, overrides=self.overrides)


@contextmanager
def application(options: Any) -> Iterator[Hydra]:
    """Hydra with the files of conf/ and those of --config-dir. Raises StudyError where there is no such folder."""
    search_path = create_config_search_path(os.path.abspath(options.config_path or CONF))
    if options.config_dir is not None:
        folder = os.path.abspath(options.config_dir)
        if not os.path.isdir(folder):
            raise StudyError(f"--config-dir={options.config_dir}: there is no such folder")
        search_path.prepend("command-line", f"file://{folder}", anchor=SearchPathQuery(provider="schema"))
    hydra.version.setbase("1.3")
    try:
        yield Hydra.create_main_hydra2("scaling_study", search_path)
    finally:
        GlobalHydra.instance().clear()


def options_of(arguments: list[str]) -> Any:
    """The arguments of a command line, checked, as Hydra's parser gives them. Raises StudyError and ConfigError."""
    return get_args_parser().parse_args(checked(arguments))


def show(app: Hydra, options: Any) -> bool:
    """Print what --help, --cfg, --info and the like ask for. Returns whether one of them was given."""
    name = options.config_name or CONFIG_NAME
    if options.help:
        app.app_help(config_name=name, args_parser=get_args_parser(), args=options)
    elif options.hydra_help:
        app.hydra_help(config_name=name, args_parser=get_args_parser(), args=options)
    elif options.cfg:
        given = {"cfg_type": options.cfg, "package": options.package, "resolve": options.resolve}
        app.show_cfg(config_name=name, overrides=options.overrides, **given)
    elif options.info:
        app.show_info(options.info, config_name=name, overrides=options.overrides)
    elif options.shell_completion:
        app.shell_completion(config_name=name, overrides=options.overrides)
    else:
        return False
    return True


def composed(app: Hydra, options: Any) -> Command:
    """The command that the options describe. Raises ConfigError, StudyError and what Hydra and OmegaConf raise."""
    name, overrides = options.config_name or CONFIG_NAME, list(options.overrides)
    mode = app.get_mode(config_name=name, overrides=overrides)
    if options.multirun or mode is None:
        mode = RunMode.MULTIRUN if options.multirun else RunMode.RUN
        overrides.append(f"hydra.mode={mode.name}")
    cfg = app.compose_config(name, overrides, run_mode=mode, with_log_configuration=False)
    check_hydra(cfg.hydra)
    points = sweep_jobs(cfg) if mode == RunMode.MULTIRUN else {}
    jobs = distinct(points.values()) if points else [job_of(cfg)]
    require_one_command(jobs)
    check_given(given_keys(cfg.hydra), [job.config for job in jobs])
    return Command(app, name, overrides, mode, cfg.hydra, points, jobs)
