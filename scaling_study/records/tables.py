"""Tidy tables of runs and of epochs, rebuilt from the records."""

import io
import warnings
from pathlib import Path

import pandas as pd

from scaling_study.locks import lock_of
from scaling_study.records.columns import EPOCH_COLUMNS, RUN_COLUMNS
from scaling_study.records.store import remove_leftovers, run_folders, write_text

# Columns that tables of earlier versions lack; they read as missing values.
LATER = {
    "stage_depth", "small_stem", "flops_nominal", "flops_target", "flops_ratio", "family", "param_bytes", "processes",
    "micro_batch_size", "data_wait_fraction", "unreadable_images",
}  # fmt: skip
ORDER = ["model", "method", "flops", "depth", "width", "resolution", "seed", "run_id"]


def run_table(records):
    """Records (dicts) to the run table: all columns of RUN_COLUMNS, typed, sorted, unknown keys left out."""
    frame = pd.DataFrame.from_records(list(records), columns=list(RUN_COLUMNS))
    return frame.astype(RUN_COLUMNS).sort_values(ORDER, ignore_index=True, na_position="last")


def read_study(study_dir):
    """(run table, epoch table) from the run folders of a study."""
    records, epochs = [], [",".join(EPOCH_COLUMNS)]
    for folder in run_folders(study_dir):
        record = folder.record()
        if record is None:
            continue
        records.append(record | {"study": Path(study_dir).name})  # a study may be renamed
        if record["status"] == "done":
            epochs += [f"{folder.path.name},{row}" for row in folder.history_lines(record["epochs"])[1:]]
    return run_table(records), pd.read_csv(io.StringIO("\n".join(epochs))).astype(EPOCH_COLUMNS)


def write_tables(study_dir):
    """Rebuild runs.csv/.parquet and history.csv/.parquet of a study; returns the run table.

    Rows of the existing tables whose run has no folder here (a study that was copied as tables) are kept.
    """
    study_dir = Path(study_dir)
    study_dir.mkdir(parents=True, exist_ok=True)
    here = [folder.path.name for folder in run_folders(study_dir)]
    with lock_of(study_dir / ".tables.lock"):
        remove_leftovers(study_dir)
        runs, history = read_study(study_dir)
        runs = with_rows_from_elsewhere(runs, study_dir, load_runs, here).sort_values(ORDER, ignore_index=True)
        history = with_rows_from_elsewhere(history, study_dir, load_history, here)
        for name, frame in (("runs", runs), ("history", history)):
            write_text(study_dir / f"{name}.csv", frame.to_csv(index=False))
            temporary = study_dir / f".{name}.parquet.tmp"
            frame.to_parquet(temporary, index=False)
            temporary.replace(study_dir / f"{name}.parquet")
    return runs


def with_rows_from_elsewhere(table, study_dir, load, here):
    """``table`` and those rows of the study's table on disk whose run_id is not among ``here``."""
    try:
        old = load(study_dir)
    except FileNotFoundError:
        return table
    except ValueError as error:
        warnings.warn(f"a table of {study_dir} cannot be read ({error}) and is made anew", stacklevel=3)
        return table
    kept = old[~old.run_id.isin(here)]
    return pd.concat([table, kept], ignore_index=True) if len(kept) else table


def load_runs(path):
    """The run table of a study: one row per run, columns and types of RUN_COLUMNS.

    path: a study folder (``results/<study>``), its runs.csv or its runs.parquet.
    Raises FileNotFoundError when there is no such table, ValueError when columns are missing.
    """
    frame = read_table(path, "runs")
    missing = [column for column in RUN_COLUMNS if column not in frame and column not in LATER]
    if missing:
        raise ValueError(f"{path} is not a run table: it lacks {', '.join(missing)}")
    return with_numbers(frame.reindex(columns=list(RUN_COLUMNS)), path).astype(RUN_COLUMNS)


def with_numbers(frame, path):
    """The frame with what is no finite number in a number's column as missing, of which a warning tells."""
    for name, kind in RUN_COLUMNS.items():
        if kind not in ("Int64", "float64") or pd.api.types.is_integer_dtype(frame[name]):
            continue
        values = (
            pd.to_numeric(frame[name], errors="coerce")
            .astype(float)
            .replace([float("inf"), -float("inf")], float("nan"))
        )
        lost = int((values.isna() & frame[name].notna()).sum())
        if lost:
            warnings.warn(f"{path}: {lost} values of column {name} are no numbers and count as missing", stacklevel=3)
        frame[name] = values.round() if kind == "Int64" else values
    return frame


def load_history(path):
    """The epoch table of a study: one row per run and epoch, columns and types of EPOCH_COLUMNS.

    path: a study folder, its history.csv or its history.parquet.
    """
    frame = read_table(path, "history")
    later = [name for name in ("data_wait_seconds",) if name not in frame]
    return frame.assign(**dict.fromkeys(later, float("nan"))).astype(EPOCH_COLUMNS)


def read_table(path, name):
    path = Path(path)
    if path.is_dir():
        path = path / f"{name}.csv"
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
