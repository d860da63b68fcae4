"""Before the first run of a command: refuse what would fail later, and make the folders."""

import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hydra.types import RunMode
from omegaconf import DictConfig

from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.hydra_settings import folder_of_hydra
from scaling_study.planning.jobs import Job
from scaling_study.planning.settings import require_one_setting, require_same_study, settings_of_study
from scaling_study.records.store import require_writable
from scaling_study.records.tables import has_tables, load_runs, require_readable


def prepare(jobs: Sequence[Job], hydra: DictConfig) -> list[Job]:
    """The jobs that are not done yet, once all that they need is checked. Raises ConfigError or StudyError with the
    first thing that would fail later.

    hydra: Hydra's settings of the command.
    """
    config = jobs[0].config
    slurm = hydra.launcher._target_.endswith(".SlurmLauncher")
    if slurm:
        use_slurm(hydra)
    known = settings_of_study(config)
    for job in jobs:
        require_one_setting(job, known)
        known.setdefault(str(job.run.model.name), job.run.settings)  # those of one command share them too
    pending = [job for job in jobs if not job.done]
    if pending:
        from scaling_study.execution.check import check_trainable  # imports torch, which takes seconds

        require_readable(config.study_dir)
        if has_tables(config.study_dir):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they come when the tables are written
                runs = load_runs(config.study_dir)
            for job in {job.run.model.name: job for job in pending}.values():
                require_same_study(job, runs)
        check_trainable(pending, elsewhere=slurm)  # on machines whose GPUs are not known here
        require_places([config.study_dir, config.study_plots_dir], hydra)
    return pending


def use_slurm(hydra: DictConfig) -> None:
    """Refuse what would not end in jobs of a cluster, and have the launcher wait for them as this program wants."""
    choice = ("hydra/launcher", hydra.runtime.choices["hydra/launcher"])
    try:
        from scaling_study.execution import slurm
    except ImportError as error:
        raise ConfigError(*choice, f"{error.name} is missing; pip install 'scaling_study[slurm]'") from error
    if hydra.mode == RunMode.RUN:
        raise ConfigError(*choice, "a single run would train here; add -m to send it to the cluster")
    slurm.set_up()


def require_places(folders: Sequence[Path], hydra: DictConfig) -> None:
    """Make the folders of a study and Hydra's; where one cannot be written to, none is left behind."""
    key, path = folder_of_hydra(hydra)
    created: list[Path] = []
    for folder in (*folders, Path(path)):
        missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
        created = [*missing, *created]  # innermost first
        try:
            require_writable(folder)
        except StudyError as error:
            for place in created:
                with suppress(OSError):
                    place.rmdir()
            if folder not in folders:
                raise ConfigError(key, path, "cannot be written to") from error
            raise
