"""Tidy tables of runs and of epochs, rebuilt from the records."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scaling_study.errors import StudyError, encodable
from scaling_study.records.built import with_built
from scaling_study.records.columns import EPOCH_COLUMNS, LATER, RUN_COLUMNS
from scaling_study.records.compute import with_train_flops
from scaling_study.records.convergence import with_convergence
from scaling_study.records.reading import UnreadableTable, read_table
from scaling_study.records.store import copy_aside, remove_leftovers, run_folders, set_aside, write_text
from scaling_study.system.locks import lock_of

TABLES = {"runs": (RUN_COLUMNS, ["run_id"]), "history": (EPOCH_COLUMNS, ["run_id", "epoch"])}  # columns, key
SUFFIXES = (".csv", ".parquet")  # the first one's values count where both are readable
ORDER = ["model", "method", "flops", "depth", "width", "resolution", "seed", "run_id"]


def run_table(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Records (dicts) to the run table: all columns of RUN_COLUMNS, typed, sorted, unknown keys left out."""
    rows = [{name: encodable(value) for name, value in record.items()} for record in records]
    frame = pd.DataFrame.from_records(rows, columns=list(RUN_COLUMNS))
    return frame.astype(RUN_COLUMNS).sort_values(ORDER, ignore_index=True, na_position="last")


def read_study(study_dir: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(run table, epoch table) from the run folders of a study."""
    records, epochs = [], []
    for folder in run_folders(study_dir):
        record = folder.record()
        if record is None:
            continue
        records.append(record | {"study": Path(study_dir).name, "record": "folder"})  # a study may be renamed
        if record["status"] == "done":
            header, *rows = (line.split(",") for line in folder.history_lines(record["epochs"]))
            epochs += [{"run_id": folder.path.name} | dict(zip(header, map(float, row), strict=True)) for row in rows]
    return run_table(records), pd.DataFrame.from_records(epochs, columns=list(EPOCH_COLUMNS)).astype(EPOCH_COLUMNS)


def write_tables(study_dir: str | Path) -> pd.DataFrame:
    """Rebuild runs.csv/.parquet and history.csv/.parquet of a study; returns the run table.

    Rows of the existing tables are kept whose run has no folder here (a study that was copied as tables), and those of
    finished runs whose folder holds no usable record any more. Raises UnreadableTable, and writes nothing, when a
    table is there but can be read in neither format; a file that cannot be read is set aside, never overwritten.
    """
    study_dir = Path(study_dir)
    study_dir.mkdir(parents=True, exist_ok=True)
    with lock_of(study_dir / ".tables.lock"):
        remove_leftovers(study_dir)
        old_runs, damaged_runs, incomplete_runs = stored(study_dir, "runs")
        old_history, damaged_history, incomplete_history = stored(study_dir, "history")
        folders = [folder.path.name for folder in run_folders(study_dir)]
        runs, history = read_study(study_dir)
        lost = (runs.status == "failed") & runs.run_id.isin(old_runs.run_id[old_runs.status == "done"])
        runs = runs[~lost]  # of a finished run whose record was damaged, and that failed when it was trained again
        kept = kept_rows(old_runs, folders, set(runs.run_id), study_dir)
        runs = with_train_flops(with_built(joined(runs, kept).sort_values(ORDER, ignore_index=True)))
        kept_epochs = ~old_history.run_id.isin(folders) | old_history.run_id.isin(kept.run_id)
        history = joined(history, old_history[kept_epochs])
        runs = with_convergence(runs, history)
        for path in (*damaged_runs, *damaged_history):
            set_aside(path)
        for path in (*incomplete_runs, *incomplete_history):
            name = copy_aside(path).name
            warnings.warn(f"{path} holds cells that are no numbers in either format; kept as {name}", stacklevel=2)
        for name, frame in (("runs", runs), ("history", history)):
            write_text(study_dir / f"{name}.csv", frame.to_csv(index=False))
            write_parquet(study_dir / f"{name}.parquet", frame)
    return runs


def rebuild(study_dir: str | Path) -> pd.DataFrame:
    """``write_tables`` for a study that is there. Raises StudyError when there is no such folder."""
    if not Path(study_dir).is_dir():
        raise StudyError(f"study={Path(study_dir).name}: there is no folder {study_dir}")
    return write_tables(study_dir)


def kept_rows(old: pd.DataFrame, folders: Sequence[str], recorded: set[str], study_dir: str | Path) -> pd.DataFrame:
    """The rows of the earlier run table ``old`` that no record replaces, with the column ``record`` set."""
    here = old.run_id.isin(folders)
    damaged = here & ~old.run_id.isin(recorded) & (old.status == "done").fillna(False)
    if damaged.any():
        names = list(old.run_id[damaged])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        warnings.warn(
            f"{study_dir}: there is no usable record of {', '.join(names[:3])}{more}; the tables keep what they hold",
            stacklevel=3,
        )
    record = here.map({True: "damaged", False: "table"}).astype("string")
    return old.assign(record=record)[~here | damaged]


def joined(table: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, kept], ignore_index=True) if len(kept) else table


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Replace ``path`` by the frame in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        frame.to_parquet(temporary, index=False)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def require_readable(study_dir: str | Path) -> None:
    """Raise UnreadableTable when the tables of a study would not let themselves be made anew after training."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they come when the tables are written
        for name in TABLES:
            stored(study_dir, name)


def stored(study_dir: str | Path, name: str) -> tuple[pd.DataFrame, list[Path], list[Path]]:
    """(table, unreadable files, incomplete files) of a table of TABLES in a study folder; empty when there is none.

    Incomplete files hold cells of the wrong type that neither format has as a number; they are missing in the table.

    Where one format cannot be read the other is used, where both can the rows of both are. Either gives a warning.
    Raises UnreadableTable when there are files and none can be read.
    """
    columns, key = TABLES[name]
    tables, refused = [], []
    for suffix in SUFFIXES:
        try:
            path = Path(study_dir) / f"{name}{suffix}"
            table, bad = read_table(path, name, columns, LATER[name])
            if wrong := [column for column in key if column in bad]:  # which identify rows
                raise UnreadableTable(path, name, f"column {wrong[0]} holds text")
            tables.append((path, table, bad))
        except UnreadableTable as error:
            refused.append(error)
        except FileNotFoundError:
            pass  # a table may be in one format, or not there yet
    if refused and not tables:
        raise refused[0]
    for damaged in refused:
        warnings.warn(f"{damaged.path} cannot be read ({damaged.reason}); the other format counts", stacklevel=3)
    if not tables:
        return pd.DataFrame(columns=list(columns)).astype(columns), [], []
    frame = united(*((table, bad) for _, table, bad in tables), key=key, where=f"{study_dir}: {name}")
    incomplete = [path for path, table, bad in tables if has_lost_cells(frame, table, bad, key)]
    return frame, [damaged.path for damaged in refused], incomplete


def has_lost_cells(frame: pd.DataFrame, table: pd.DataFrame, bad: dict[str, Any], key: list[str]) -> bool:
    """Whether a bad cell of ``table`` is missing in ``frame``, the union of both formats."""
    keys = pd.MultiIndex.from_frame(frame[key])
    for column, wrong in bad.items():
        missing = keys[frame[column].isna()]
        if pd.MultiIndex.from_frame(table.loc[wrong, key]).isin(missing).any():
            return True
    return False


def united(
    first: tuple[pd.DataFrame, dict], second: tuple[pd.DataFrame, dict] | None = None, *, key: list[str], where: str
) -> pd.DataFrame:
    """The rows of both (frame, bad cells), those of the first where a key is in both; its bad cells from the second."""
    frame, bad = first
    if second is None:
        return frame
    other = second[0]
    mine, theirs = pd.MultiIndex.from_frame(frame[key]), pd.MultiIndex.from_frame(other[key])
    known = other.drop_duplicates(key)
    known.index = pd.MultiIndex.from_frame(known[key])
    for column, wrong in bad.items():
        values = known[column].reindex(mine[wrong]).array
        frame.loc[wrong, column] = values
    extra = other[~theirs.isin(mine)]
    if len(extra) or not mine.isin(theirs).all():
        warnings.warn(f"{where}.csv and .parquet differ in their rows; those of both count", stacklevel=4)
    return joined(frame, extra)


def load_runs(path: str | Path) -> pd.DataFrame:
    """The run table of a study: one row per run, columns and types of RUN_COLUMNS.

    path: a study folder (``results/<study>``), its runs.csv or its runs.parquet.
    Raises FileNotFoundError when there is no such table, ValueError when it cannot be read.

    >>> import scaling_study as ss
    >>> runs = ss.load_runs("results/fractals-reference")
    >>> round(float(runs[runs.method == "width"].top1.mean()), 1)
    88.9
    """
    return load(path, "runs")


def load_history(path: str | Path) -> pd.DataFrame:
    """The epoch table of a study: one row per run and epoch, columns and types of EPOCH_COLUMNS.

    path: a study folder, its history.csv or its history.parquet. Raises as load_runs does.

    >>> import scaling_study as ss
    >>> int(ss.load_history("results/fractals-reference").epoch.max())
    2
    """
    return load(path, "history")


def has_tables(study_dir: str | Path, name: str = "runs") -> bool:
    """Whether a study folder holds a table of TABLES in any format, readable or not."""
    return any((Path(study_dir) / f"{name}{suffix}").exists() for suffix in SUFFIXES)


def load(path: str | Path, name: str) -> pd.DataFrame:
    path = Path(path)
    if path.is_dir() and path.name not in [f"{name}{suffix}" for suffix in SUFFIXES]:
        if not has_tables(path, name):
            raise FileNotFoundError(f"there is no {path / name}.csv or .parquet")
        table = stored(path, name)[0]
    else:
        table = read_table(path, name, TABLES[name][0], LATER[name])[0]
    return with_train_flops(with_built(table)) if name == "runs" else table
