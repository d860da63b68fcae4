"""Times that were measured elsewhere, from a CSV file, as rows of the latency table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.errors import StudyError, one_line
from scaling_study.records.costs import SETTING

REQUIRED = ("runtime", "seconds", "device")
# Columns of the latency table that the file may have, and what a file without them says; the rest is missing.
OPTIONAL = {
    "threads": None,
    "precision": None,
    "runtime_version": None,
    "batch_size": 1,
    "seconds_p25": None,
    "seconds_p75": None,
    "repeats": None,
    "measured_at": None,
}
NUMBERS = ("seconds", "seconds_p25", "seconds_p75")
COUNTS = ("threads", "batch_size", "repeats", "resolution_px")
UNITS = ("ms", "milliseconds", "us", "microseconds", "ns", "nanoseconds", "fps")
# Multiply-adds per second that no device reaches, and that the slowest stay above: a microcontroller makes 10 million.
SPEED_MAX, SPEED_MIN = 1e16, 1e6
SLOW_SPEED, SLOW_SECONDS = 1e8, 0.05  # what is slower than both is more often a time in milliseconds
LINES_SHOWN = 5


def read_times(path: Path) -> pd.DataFrame:
    """The file as text, a row per time, the columns stripped of spaces. Raises StudyError where it is no table with
    the columns that are needed."""
    try:
        table = pd.read_csv(path, dtype="string", skipinitialspace=True, comment="#", encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise StudyError(f"latency.import={path}: cannot be read as CSV: {one_line(error, 200)}") from error
    table.columns = [str(column).strip() for column in table.columns]
    missing = [column for column in REQUIRED if column not in table]
    named = {"variant_id", "model"} & set(table.columns)
    if "seconds" in missing and (other := [column for column in table if unit_of(column)]):
        raise StudyError(f"latency.import={path}: column {other[0]} is in another unit; give seconds instead")
    if missing or not named:
        needed = "variant_id or model, " * (not named) + ", ".join(missing)
        raise StudyError(f"latency.import={path}: lacks {needed.removesuffix(', ')}; it has {', '.join(table)}")
    if table.empty:
        raise StudyError(f"latency.import={path}: has no rows")
    return table.apply(lambda column: column.str.strip())


def unit_of(column: str) -> str | None:
    """The unit other than seconds that a column's name ends in: latency_ms, time (ms)."""
    last = column.lower().replace("(", " ").replace(")", " ").replace("_", " ").split()
    return last[-1] if last and last[-1] in UNITS else None


def rows_of(table: pd.DataFrame, costs: pd.DataFrame, study: str, path: Path) -> list[dict[str, Any]]:
    """Rows of the latency table, in the order of ``table``, which ``read_times`` gives.

    costs: the cost table of the variants that they may be of. Raises StudyError with the lines that match no variant
    or several, that give the same time twice, and that hold no time in seconds.
    """
    problems, rows = [], []
    first: dict[tuple, int] = {}
    for number, cells in enumerate(table.to_dict("records"), start=2):  # line 1 names the columns
        given = {key: None if pd.isna(value) else value for key, value in cells.items()}
        try:
            row = row_of(given, costs)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        key = tuple(row.get(column) for column in ("variant_id", *SETTING, "runtime_version", "batch_size"))
        if key in first:
            problems.append(f"line {number}: the same as line {first[key]}, for {row['variant_id']} on {row['device']}")
        first.setdefault(key, number)
        rows.append(row | {"study": study})
    if problems:
        more = f"; and {len(problems) - LINES_SHOWN} more" if len(problems) > LINES_SHOWN else ""
        raise StudyError(f"latency.import={path}: nothing was imported; {'; '.join(problems[:LINES_SHOWN])}{more}")
    return rows


def row_of(given: dict[str, Any], costs: pd.DataFrame) -> dict[str, Any]:
    """A row of the latency table from the cells of a line. Raises ValueError, with what is wrong."""
    for column in REQUIRED:
        if given[column] is None:
            raise ValueError(f"{column} is empty")
    values: dict[str, Any] = {column: given.get(column) or default for column, default in OPTIONAL.items()}
    values |= {column: number(column, text) for column, text in (given | values).items() if column in NUMBERS + COUNTS}
    network = match({**given, "resolution_px": values.get("resolution_px")}, costs)
    require_seconds(values, network.flops)
    identity = {column: network[column] for column in ("variant_id", "model", "family", "method", "resolution_px")}
    setting = {column: given[column] for column in ("runtime", "device")}
    median = values.pop("seconds")
    timing = {"seconds_median": median, "images_per_second": values["batch_size"] / median}
    return values | identity | setting | timing | {"source": "imported", "workload": "inference"}


def number(column: str, text: Any) -> float | None:
    """A cell as a number, or None for an empty one."""
    if text is None or isinstance(text, int):
        return text
    value = pd.to_numeric(text, errors="coerce")
    if not np.isfinite(value) or value <= 0 or (column in COUNTS and value != int(value)):
        kind = "whole number" if column in COUNTS else "number"
        raise ValueError(f"{column}={text} must be a {kind} above 0")
    return int(value) if column in COUNTS else float(value)


def match(given: dict[str, Any], costs: pd.DataFrame) -> pd.Series:
    """The row of the cost table that a line is about."""
    known = {name: given[name] for name in ("variant_id", "model", "resolution_px") if given.get(name) is not None}
    if not {"variant_id", "model"} & set(known):
        raise ValueError("variant_id and model are empty")
    found = costs[(costs[list(known)] == known).all(axis=1)]
    words = " ".join(f"{name}={value}" for name, value in known.items())
    if found.empty:
        raise ValueError(f"{words} is none of the sweep's variants")
    if len(found) > 1:
        names = " and ".join(found.variant_id[:2])
        raise ValueError(f"{words} is {len(found)} of the sweep's variants, {names} among them; give variant_id")
    return found.iloc[0]


def require_seconds(values: dict[str, Any], flops: int) -> None:
    """Raise ValueError for quartiles out of order, and for a speed that no device has."""
    seconds, batch_size = values["seconds"], values["batch_size"]
    low, high = values["seconds_p25"] or seconds, values["seconds_p75"] or seconds
    if not low <= seconds <= high:
        raise ValueError(f"seconds={seconds:g} must lie from seconds_p25={low:g} to seconds_p75={high:g}")
    speed = flops * batch_size / seconds
    if not SPEED_MIN <= speed <= SPEED_MAX:
        raise ValueError(f"seconds={seconds:g} would be {speed:.3g} multiply-adds per second: is it in seconds?")


def doubtful(rows: Sequence[dict[str, Any]], costs: pd.DataFrame) -> Iterator[str]:
    """A line where times are so long that they may not be in seconds."""
    flops = costs.set_index("variant_id").flops
    slow = [
        row
        for row in rows
        if row["seconds_median"] > SLOW_SECONDS and flops[row["variant_id"]] * row["images_per_second"] < SLOW_SPEED
    ]
    if slow:
        one = slow[0]
        yield (
            f"{len(slow)} of {len(rows)} times are below {SLOW_SPEED / 1e6:g} million multiply-adds per second, as "
            f"{one['variant_id']} in {one['seconds_median']:g} seconds on {one['device']}: are they in seconds?"
        )
