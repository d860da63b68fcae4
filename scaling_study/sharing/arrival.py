"""A study that came from elsewhere: checked, compared with what is here, and moved into its place."""

from __future__ import annotations

import filecmp
import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

from scaling_study.errors import StudyError
from scaling_study.records import costs, tables
from scaling_study.records.columns import LATER
from scaling_study.records.reading import ANALYZED, UnreadableTable, analyzed, cells, read_table
from scaling_study.records.store import RunFolder, run_folders, write_bytes
from scaling_study.system.locks import lock_of


def check(folder: Path) -> None:
    """Raise StudyError unless every table of a study folder is whole and every run in it has a usable record."""
    for path in sorted(folder.glob("*.csv")) + sorted(folder.glob("*.parquet")):
        try:
            read(path)
        except UnreadableTable as error:
            raise StudyError(
                f"{path.name} is not a table of {path.stem} ({error.reason}); nothing was written"
            ) from None
    for run in run_folders(folder):
        if usable_record(run) is None or not run.checkpoint.is_file():
            raise StudyError(f"runs/{run.path.name} is no finished run with its weights; nothing was written")


def read(path: Path) -> None:
    """Read a table as the package would later. Raises UnreadableTable."""
    name = path.stem
    if name in tables.TABLES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of single cells, which come whenever the table is used
            read_table(path, name, tables.TABLES[name][0], LATER[name])
    elif name in costs.TABLES and path.suffix == ".csv":
        costs.load_table(path.parent, name)
    elif name in ANALYZED and path.suffix == ".csv":
        analyzed(path)
    else:
        cells(path, name)


def usable_record(run: RunFolder) -> dict | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run.record() if run.config() is not None else None


def require_no_loss(study: str, folder: Path, arrived: Path, files: Mapping[Path, Path]) -> None:
    """Raise StudyError where a study that is here holds runs that the one that arrived has not, or other files.

    files: {place: file that arrived}.
    """
    other = f"so nothing was written; choose another name, study={study}-2"
    if strangers := sorted(run_ids(folder) - run_ids(arrived)):
        count = f"{len(strangers)} run{'s' if len(strangers) > 1 else ''}"
        raise StudyError(f"study={study}: {folder} holds {count} that the data set has not ({strangers[0]}), {other}")
    changed = [place for place, file in files.items() if os.path.lexists(place) and not same(place, file)]
    if changed:
        more = f" and {len(changed) - 1} more files" if len(changed) > 1 else ""
        raise StudyError(f"study={study}: {changed[0]}{more} here differ from those of the data set, {other}")


def run_ids(folder: Path) -> set[str]:
    """Names of the runs of a study folder, in its tables and its run folders."""
    known = {run.path.name for run in run_folders(folder)}
    if tables.has_tables(folder):
        known |= set(tables.stored(folder, "runs")[0].run_id.dropna())
    return known


def same(one: Path, other: Path) -> bool:
    return one.is_file() and filecmp.cmp(one, other, shallow=False)


def put(arrived: Path, folder: Path, figures: Mapping[Path, Path]) -> int:
    """Move the study folder that arrived to its place, and figures, {place: file}, to theirs. Returns how many files
    are new. A study that is not here yet appears in one step."""
    new = fill(figures)
    if not folder.exists():
        files = files_of(arrived)
        arrived.rename(folder)
        return new + len(files)
    with lock_of(folder / ".tables.lock"):
        return new + fill({folder / path.relative_to(arrived): path for path in files_of(arrived)})


def fill(files: Mapping[Path, Path]) -> int:
    """Copy the files whose places, {place: file}, are free. Returns how many."""
    missing = {place: file for place, file in files.items() if not place.exists()}
    for place, file in missing.items():
        write_bytes(place, file.read_bytes())
    return len(missing)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def arrange(download: Path, names: Iterable[str], folder: Path) -> None:
    """Move the named files of a download into ``folder``, and leave whatever else the client wrote."""
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        (download / name).replace(place)
