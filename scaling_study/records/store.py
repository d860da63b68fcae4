"""One folder per run. Every file in it is whole or absent, whatever kills the process."""

import csv
import json
import os
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

import yaml

from scaling_study.errors import StudyError, reason_of
from scaling_study.locks import lock_of

CONFIG, RECORD, HISTORY = "config.yaml", "record.json", "history.csv"
CHECKPOINT, PROGRESS = "checkpoint.pt", "progress.json"  # there while a run is under way
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seven times as fast, where it was built
FREE_BYTES_MIN = 200_000_000  # below this a study is not started: checkpoints and tables would not fit


def write_text(path, text):
    """Replace ``path`` by ``text`` in one step; missing parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


@dataclass(frozen=True)
class RunFolder:
    """Paths and state of one run: ``<results_dir>/<study>/runs/<run_id>``."""

    path: Path

    @property
    def checkpoint(self):
        return self.path / CHECKPOINT

    def lock(self):
        """Held while a process works on this run, and free again when the process dies."""
        self.path.mkdir(parents=True, exist_ok=True)
        return lock_of(self.path / ".lock")

    def write_config(self, settings):
        write_text(self.path / CONFIG, yaml.safe_dump(settings, sort_keys=False))

    def config(self):
        """The settings the run was started with, or None."""
        try:
            return yaml.load((self.path / CONFIG).read_text(encoding="utf-8"), YAML_LOADER)
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            return None

    def write_history(self, rows):
        lines = [",".join(rows[0]), *(",".join(repr(v) for v in row.values()) for row in rows)]
        write_text(self.path / HISTORY, "\n".join(lines) + "\n")

    def write_progress(self, fraction):
        write_text(self.path / PROGRESS, json.dumps({"fraction": fraction}))

    def write_record(self, record, keep_checkpoint=False):
        """Make the run's result final and remove what was needed only on the way."""
        write_text(self.path / RECORD, json.dumps(record, indent=1) + "\n")
        (self.path / PROGRESS).unlink(missing_ok=True)
        if record["status"] == "done" and not keep_checkpoint:
            self.checkpoint.unlink(missing_ok=True)

    def has_record(self):
        return (self.path / RECORD).exists()

    def record_time(self):
        """When the record was written, in seconds since the epoch."""
        return (self.path / RECORD).stat().st_mtime

    def started(self):
        return (self.path / PROGRESS).exists()

    def progress(self):
        """Fraction of the training steps done, 0 when unknown."""
        try:
            return float(json.loads((self.path / PROGRESS).read_text())["fraction"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0

    def record(self):
        """The final record, or None when there is none that can be trusted (said in a warning)."""
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
        except (ValueError, KeyError, TypeError) as error:
            return self.distrust(RECORD, error)
        if record["status"] == "done":
            try:
                self.history_lines(record["epochs"])
            except (OSError, ValueError, KeyError) as error:
                return self.distrust(HISTORY, error)
        return record

    def history_lines(self, epochs):
        """Header and rows of the history as text. Raises ValueError unless it holds ``epochs`` complete rows."""
        lines = (self.path / HISTORY).read_text(encoding="utf-8").splitlines()
        if len(lines) != epochs + 1:
            raise ValueError(f"{max(len(lines) - 1, 0)} of {epochs} epochs")
        columns = len(next(csv.reader(lines[:1])))
        for line in lines[1:]:
            values = [float(value) for value in line.split(",")]
            if len(values) != columns:
                raise ValueError(f"{len(values)} of {columns} columns")
        return lines

    def distrust(self, name, error):
        warnings.warn(f"{self.path / name} cannot be used ({error}); its run counts as not done", stacklevel=3)

    def remove_record(self):
        """Open a failed run again; its checkpoint stays."""
        (self.path / RECORD).unlink(missing_ok=True)

    def clear(self):
        """Forget everything about the run but its lock."""
        for name in (RECORD, HISTORY, CHECKPOINT, PROGRESS):
            (self.path / name).unlink(missing_ok=True)


def run_folders(study_dir):
    """All run folders of a study, by name."""
    return [RunFolder(path) for path in sorted((Path(study_dir) / "runs").glob("*")) if path.is_dir()]


def require_writable(folder):
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
