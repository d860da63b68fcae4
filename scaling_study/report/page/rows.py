"""Runs as rows of the page: those of the run table, and those without a record, by their folders."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import Timeout

from scaling_study.planning.identity import EARLIER_NAMES
from scaling_study.planning.proposed import scaling_keys
from scaling_study.records.columns import EPOCH_COLUMNS, RUN_COLUMNS
from scaling_study.records.store import HISTORY, RunFolder, run_folders
from scaling_study.scaling.coefficients import AXES

# Of the run table, in the order of the page's table.
SHOWN = [
    *("study", "status", "method", "depth", "width", "resolution", "resolution_px", "flops_ratio", "seed", "model"),
    *("data", "recipe", "settings", "epochs", "train_images", "top1", "top5", "loss", "val_top1", "val_loss"),
    *("train_top1", "train_loss", "last_tenth_gain", "train_gap", "flops", "params", "activations", "activation_bytes"),
    *("train_flops", "train_seconds", "learning_rate", "weight_decay", "batch_size", "device", "error", "run_id"),
]
LATER_NAMES = {earlier: name for name, earlier in EARLIER_NAMES.items()}
SPLITS = ("train_images", "val_images", "test_images")


def page_rows(runs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The rows of the run table, with ``command`` and ``variant``, and after them those that ``under_way`` gives."""
    more = [row for row in under_way(folder) if row["run_id"] not in set(runs.run_id)]
    table = pd.concat([runs, pd.DataFrame(more, columns=list(RUN_COLUMNS)).astype(RUN_COLUMNS)], ignore_index=True)
    table = table.assign(study=folder.name)  # which may have been renamed
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    return table.assign(command=[command(row) for row in records], variant=[variant(row) for row in records])


def under_way(folder: Path) -> Iterator[dict[str, Any]]:
    """What is known of the runs in ``folder``, a study's, that have a folder and no record: status ``running`` where a
    process works on it, else ``stopped``, and how far it is."""
    for run in run_folders(folder):
        settings = None if run.has_record() else run.config()
        if settings is None:
            continue
        known = {group: settings[group].get("name") for group in ("model", "data", "recipe")}
        recipe, coefficients = settings["recipe"], settings.get("coefficients", {})
        status = f"{'running' if is_held(run) else 'stopped'}, {100 * run.progress():.0f}%"
        yield known | {
            **{axis: coefficients.get(axis) for axis in AXES},
            **{key: recipe.get(key) for key in ("epochs", "batch_size", "learning_rate", "weight_decay")},
            **{key: settings["data"].get(key) for key in SPLITS},
            **{key: settings.get(key) for key in ("method", "seed", "flops_target")},
            **{"run_id": run.path.name, "study": folder.name, "status": status},
        }


def is_held(run: RunFolder) -> bool:
    """Whether a process works on a run."""
    try:
        with run.lock().acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # of a folder that may be read alone, as a copy
        return False


def epochs_of(history: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The epoch table, with the epochs so far of the runs that ``under_way`` gives."""
    tables = [history]
    for run in run_folders(folder):
        file = run.path / HISTORY
        if not run.has_record() and file.exists():
            with suppress(OSError, ValueError):  # of a damaged file, with which the run will start again
                rows = pd.read_csv(file).assign(run_id=run.path.name).reindex(columns=list(EPOCH_COLUMNS))
                tables.append(rows.astype(EPOCH_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def variant(row: Mapping[str, Any]) -> str:
    """What runs that differ in their seed alone have in common, in words."""
    axes = ", ".join(f"{axis} {row[axis]:.4g}" for axis in AXES if row[axis] is not None and row[axis] != 1)
    stages = f"stage depths {row['stage_depth']}" if row["stage_depth"] else None
    epochs = f"{row['epochs']} epochs" if row["epochs"] is not None else None
    parts = (str(row["model"]), row["method"], axes, stages, row["settings"], epochs)
    return ", ".join(part for part in parts if part)


def command(row: Mapping[str, Any]) -> str:
    """The command that trains a row's run again, in a study of its own, as far as the table tells: without a folder of
    images, and without a network or images of the user's own."""
    changes = [change.partition("=")[::2] for change in str(row["settings"] or "").split()]
    pairs = {key: row[key] for key in ("model", "data", "recipe")}
    if row["optimizer"] is None:  # a record from before the recipes of today
        pairs["recipe"] = LATER_NAMES.get(row["recipe"], row["recipe"])
    pairs |= {f"recipe.{key}": value for key, value in changes} | {"recipe.epochs": row["epochs"]}
    pairs |= {f"data.{key}": row[key] for key in SPLITS[:2]}
    try:
        pairs |= {f"scaling.{key}": value for key, value in scaling_keys(nullable(row)).items()}
    except (TypeError, ValueError, ZeroDivisionError):  # of references from timm and of records of other versions
        return ""
    pairs |= {"seed": row["seed"], "study": f"{row['study']}-again"}
    given = (shlex.quote(f"{key}={written(value)}") for key, value in pairs.items() if value is not None)
    return " ".join(["python -m scaling_study", *given])


def nullable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in row.items()}


def written(value: Any) -> str:
    """A value as on the command line, floats with all their digits."""
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    return str(value)
