"""One folder per run. Every file in it is whole or absent, whatever kills the process."""

import csv
import io
import itertools
import json
import os
import shutil
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from scaling_study.errors import StudyError, encodable, one_line, reason_of
from scaling_study.records.columns import EPOCH_COLUMNS, misfit
from scaling_study.system.locks import lock_of
from scaling_study.system.processes import exists

# What reading a file of JSON or CSV raises where its content is not as expected.
MALFORMED = (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, csv.Error)
CONFIG, RECORD, HISTORY = "config.yaml", "record.json", "history.csv"
CHECKPOINT, PROGRESS = "checkpoint.pt", "progress.json"  # there while a run is under way
SETTINGS = ("coefficients", "model", "data", "recipe")  # groups of CONFIG
FILES = (CONFIG, RECORD, HISTORY, CHECKPOINT, PROGRESS)
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seven times as fast, where it was built
LEFTOVER_SECONDS = 3600.0  # after which a temporary file is no longer being written, here or on another host
FREE_BYTES_MIN = 200_000_000  # below this a study is not started: checkpoints and tables would not fit


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in one step; missing parent folders are made.

    What UTF-8 cannot hold, as bytes of file names that are no text, is escaped. Raises OSError, and leaves no file
    behind, when it cannot be written.
    """
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, as ``write_text`` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename is None:
            error.filename = str(path)  # which the system leaves out for a full disk
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left in ``folder`` of files they were writing: ``.NAME.PID.tmp``."""
    for path in Path(folder).glob(".*.tmp"):
        pid = path.name.split(".")[-2]
        try:
            old = time.time() - path.stat().st_mtime > LEFTOVER_SECONDS
            if pid.isdecimal() and old and not exists(int(pid)):
                path.unlink()
        except (OSError, OverflowError):  # another process was faster, or it is not ours
            continue


class Latest(NamedTuple):
    """loss: of training, nats; val_top1: at the end of the latest epoch, percent. None where not known."""

    loss: float | None
    val_top1: float | None


@dataclass(frozen=True)
class RunFolder:
    """Paths and state of one run: ``<results_dir>/<study>/runs/<run_id>``."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        return self.path / CHECKPOINT

    def lock(self) -> Any:
        """Held while a process works on this run, and free again when the process dies."""
        self.path.mkdir(parents=True, exist_ok=True)
        return lock_of(self.path / ".lock")

    def write_config(self, settings: dict[str, Any]) -> None:
        write_text(self.path / CONFIG, yaml.safe_dump(settings, sort_keys=False))

    def config(self) -> dict[str, Any] | None:
        """The settings that the run was started with, or None, with a warning where the file cannot be read."""
        path = self.path / CONFIG
        try:
            settings = yaml.load(path.read_text(encoding="utf-8"), YAML_LOADER)
            if not isinstance(settings, dict):
                raise ValueError("it holds no keys")
            if missing := [key for key in SETTINGS if not isinstance(settings.get(key), dict)]:
                raise ValueError(f"it lacks {', '.join(missing)}")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:  # ValueError: a date that there is not
            warnings.warn(f"{path} cannot be used ({one_line(error, 200)})", stacklevel=2)
            return None
        return settings

    def is_of_others(self, settings: dict[str, Any]) -> bool:
        """Whether the folder was started with readable settings that differ from ``settings``."""
        return self.config() not in (None, yaml.load(yaml.safe_dump(settings), YAML_LOADER))

    def write_history(self, rows: Sequence[dict[str, Any]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.path / HISTORY, text.getvalue())

    def write_progress(self, fraction: float, loss: float | None = None) -> None:
        """fraction: of the training steps; loss: of the latest, nats."""
        write_text(self.path / PROGRESS, json.dumps({"fraction": fraction, "loss": loss}))

    def write_record(self, record: dict[str, Any], keep_checkpoint: bool = False) -> None:
        """Make the run's result final and remove what was needed only on the way."""
        write_text(self.path / RECORD, json.dumps(record, indent=1) + "\n")
        (self.path / PROGRESS).unlink(missing_ok=True)
        if record["status"] == "done" and not keep_checkpoint:
            self.checkpoint.unlink(missing_ok=True)

    def has_record(self) -> bool:
        return (self.path / RECORD).exists()

    def record_time(self) -> float:
        """When the record was written, in seconds since the epoch."""
        return (self.path / RECORD).stat().st_mtime

    def started(self) -> bool:
        return (self.path / PROGRESS).exists()

    def progress(self) -> float:
        """Fraction of the training steps done, 0 to 1; 0 when unknown."""
        try:
            fraction = float(json.loads((self.path / PROGRESS).read_text())["fraction"])
        except (OSError, *MALFORMED):
            return 0.0
        return fraction if 0.0 <= fraction <= 1.0 else 0.0

    def latest(self) -> Latest:
        """What is known of a run under way; what cannot be read is not known."""
        loss, top1 = None, None
        with suppress(OSError, *MALFORMED):
            loss = float(json.loads((self.path / PROGRESS).read_text())["loss"])
        with suppress(OSError, *MALFORMED), (self.path / HISTORY).open(encoding="utf-8") as file:
            *_, last = csv.DictReader(file)
            top1 = float(last["val_top1"])
        return Latest(loss, top1)

    def record(self) -> dict[str, Any] | None:
        """The final record, or None; a record that cannot be trusted gives a warning.

        Known keys hold what their column of the run table holds; text is such that UTF-8 can hold it.
        """
        try:
            text = (self.path / RECORD).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            return self.distrust(RECORD, error)
        try:
            record = json.loads(text)
            if record["status"] not in ("done", "failed") or record["run_id"] != self.path.name:
                raise ValueError("it is not the record of this run")
            if problem := misfit(record):
                raise ValueError(problem)
        except MALFORMED as error:
            return self.distrust(RECORD, error)
        if record["status"] == "done":
            try:
                self.history_lines(record["epochs"])
            except (OSError, *MALFORMED) as error:
                return self.distrust(HISTORY, error)
        return {key: encodable(value) for key, value in record.items()}

    def history_lines(self, epochs: int) -> list[str]:
        """Header and rows of the history as text. Raises one of MALFORMED unless it holds ``epochs`` complete rows of
        numbers, one per epoch."""
        lines = (self.path / HISTORY).read_text(encoding="utf-8").splitlines()
        if len(lines) != epochs + 1:
            raise ValueError(f"{max(len(lines) - 1, 0)} of {epochs} epochs")
        columns = next(csv.reader(lines[:1]))
        if columns != list(EPOCH_COLUMNS)[1 : len(columns) + 1]:
            raise ValueError("its columns are not those of a history")
        rows = [lines[0]]
        for epoch, line in enumerate(lines[1:], start=1):
            first, *values = line.split(",")
            if len(values) + 1 != len(columns):
                raise ValueError(f"{len(values) + 1} of {len(columns)} columns")
            if first != str(epoch):
                raise ValueError(f"{first!r} in place of epoch {epoch}")
            rows.append(",".join([first, *(repr(float(value)) for value in values)]))  # as pandas reads them too
        return rows

    def distrust(self, name: str, error: BaseException) -> Any:
        reason = one_line(error) or type(error).__name__
        warnings.warn(f"{self.path / name} cannot be used ({reason}); its run counts as not done", stacklevel=1)

    def remove_record(self) -> None:
        """Open a failed run again; its checkpoint stays."""
        (self.path / RECORD).unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """``set_aside`` of one of FILES."""
        set_aside(self.path / name)


def set_aside(path: Path) -> None:
    """Rename a file, or what is in its place, to ``NAME.damaged``, numbered where that is taken."""
    if os.path.lexists(path):
        path.rename(free_name(path))


def copy_aside(path: Path) -> Path:
    """Copy a file, which is about to be replaced, to ``NAME.damaged``, numbered where that is taken."""
    return Path(shutil.copy2(path, free_name(path)))


def free_name(path: Path) -> Path:
    """``NAME.damaged``, ``NAME.damaged2`` and so on: the first that is not taken."""
    numbers = itertools.chain([""], map(str, itertools.count(2)))
    names = (path.with_name(f"{path.name}.damaged{number}") for number in numbers)
    return next(name for name in names if not os.path.lexists(name))


def run_folders(study_dir: str | Path) -> list[RunFolder]:
    """All run folders of a study, by name."""
    return [RunFolder(path) for path in sorted((Path(study_dir) / "runs").glob("*")) if path.is_dir()]


def require_writable(folder: Path) -> None:
    """Raise StudyError unless files can be written under ``folder`` and there is space for a study."""
    folder = Path(folder)
    probe = folder / f".probe.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be written to ({reason_of(error)}); choose another results_dir or plots_dir"
        ) from error
    if free < FREE_BYTES_MIN:
        raise StudyError(f"{folder} has {free / 1e6:.0f} MB free; at least {FREE_BYTES_MIN / 1e6:.0f} MB are needed")
