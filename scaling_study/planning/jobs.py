"""Jobs: a checked configuration, the run that it describes, and the folder where its study keeps that run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from omegaconf import DictConfig

from scaling_study.config.parsing import parse
from scaling_study.config.ranges import NAME_MAX
from scaling_study.config.schema import Config
from scaling_study.errors import ConfigError
from scaling_study.planning.identity import Run, run_of
from scaling_study.records.store import RunFolder

RUNS_DIFFER_IN = ("seed", "model", "data", "recipe", "scaling", "evaluate")
COMMON = [field.name for field in fields(Config) if field.name not in RUNS_DIFFER_IN]  # keys a command has one value of


@dataclass(frozen=True)
class Job:
    """A checked configuration, the run it describes and where that run is kept."""

    config: Config
    run: Run
    folder: RunFolder

    @property
    def done(self) -> bool:
        record = self.folder.record()
        return record is not None and record["status"] == "done"

    def failed_since(self, moment: float) -> bool:
        """Whether the run has a record of a failure that was written after ``moment``, in seconds since the epoch."""
        return not self.done and self.folder.has_record() and self.folder.record_time() > moment


def job_of(cfg: DictConfig) -> Job:
    return job_from(parse(cfg))


def job_from(config: Config) -> Job:
    run = run_in_study(config)
    if len(run.run_id.encode()) > NAME_MAX:
        raise ConfigError("model.name", config.model.name, f"makes a folder {run.run_id} of more than {NAME_MAX} bytes")
    return Job(config, run, folder_of(config, run))


def folder_of(config: Config, run: Run) -> RunFolder:
    return RunFolder(config.study_dir / "runs" / run.run_id)


def run_in_study(config: Config) -> Run:
    """The run that ``config`` describes, under the name that its study uses for it, which may be an earlier one."""
    run = run_of(config)
    if run.data.name != "imagefolder" or folder_of(config, run).path.exists():
        return run
    if not (config.study_dir / "runs").is_dir() or run.earlier is None:
        return run
    return run.earlier if folder_of(config, run.earlier).path.exists() else run


def distinct(jobs: Iterable[Job]) -> list[Job]:
    """The jobs without duplicates; of equal ones the last is kept."""
    return list({identity(job): job for job in jobs}.values())


def identity(job: Job) -> tuple[str, str, str]:
    """Equal for two jobs that do the same: the run, the keys that a command has one value of, and what is evaluated."""
    evaluated = (job.config.evaluate, job.config.data.root) if job.config.task == "evaluate" else None
    return job.run.run_id, repr(evaluated), repr([getattr(job.config, key) for key in COMMON])


def require_one_command(jobs: Sequence[Job]) -> None:
    """Raise ConfigError where the points of a sweep differ in a key that a command has one value of.

    With two studies, for example, only the first would get tables.
    """
    first = jobs[0].config
    for key in COMMON:
        if different := [job.config for job in jobs if getattr(job.config, key) != getattr(first, key)]:
            a, b = flat(key, first), flat(key, different[0])
            name = next(name for name in a if a[name] != b[name])
            raise ConfigError(
                name, f"{a[name]},{b[name]}", f"must be the same for all runs of a sweep; give {name}=VALUE"
            )


def flat(key: str, config: Config) -> dict[str, Any]:
    """{dotted key: value} of one of COMMON."""
    value = getattr(config, key)
    return {f"{key}.{name}": v for name, v in vars(value).items()} if hasattr(value, "__dict__") else {key: value}
