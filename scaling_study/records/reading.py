"""One reader for all tables of a study: whole or refused by name, and the same from CSV as from Parquet."""

import csv
import io
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.errors import StudyError, one_line

TRUTH = {"true": True, "false": False}
# Tables of task=analyze that task=figures draws: columns that hold words, and columns that hold numbers or truths.
ANALYZED = {
    "comparisons": (
        "model cost method other basis verdict",
        "epochs cost_value flops_target difference low high standard_error df n paired p p_holm",
    ),
    "fit_curves": ("model method cost", "epochs cost_value accuracy low high run_low run_high extrapolated"),
    "frontier": (
        "cost model method",
        "epochs cost_value depth width resolution flops n accuracy low high pareto probability",
    ),
    "law_curves": (
        "model cost path",
        "epochs budget depth width resolution accuracy low high extrapolated ceiling ceiling_low ceiling_high",
    ),
    "law_map": (
        "model cost",
        "epochs budget depth width resolution share_depth share_resolution accuracy extrapolated best",
    ),
    "search": ("model verdict", "epochs alpha beta gamma flops_ratio n accuracy behind low high p_holm"),
    "isocompute": (
        "model method what basis",
        "train_flops networks n value low high at_edge flops_ratio epochs epochs_low epochs_high "
        "accuracy accuracy_low accuracy_high",
    ),
    "rates": (
        "model rate what method",
        "epochs depth width resolution rates n value low high at_edge own_rate loss loss_low loss_high",
    ),
    "rate_curves": (
        "model recipe rate method",
        "epochs depth width resolution value own n accuracy low high top1",
    ),
    "regime": ("model effect verdict", "flops_target epochs points low high p_holm n"),
    "shape": (
        "model what axis status",
        "epochs value low high edge_share depth width resolution flops_ratio accuracy sd n",
    ),
    "shape_curves": ("model pair", "epochs multiplier accuracy low high"),
    "time_fits": (
        "device precision time family predictor status",
        "threads n exponent exponent_low exponent_high correlation correlation_low correlation_high residual_factor",
    ),
}


class UnreadableTable(StudyError, ValueError):
    """A file that is not a whole table of its kind, for ``reason``."""

    def __init__(self, path: Path, name: str, reason: object) -> None:
        self.path, self.reason = Path(path), one_line(reason, 200)
        super().__init__(
            f"{path} is not a table of {name}: {self.reason}; move it away or mend it, nothing was written"
        )


def read_table(path: Path, name: str, columns: Any, later: Any = (), strict: bool = False) -> tuple[pd.DataFrame, dict]:
    """(frame, bad cells) of a CSV or Parquet file: ``columns``, {name: pandas type}, and no others.

    Columns of ``later`` may be absent and then are missing values. Bad cells, {column: mask}, are those of a number's
    or a truth's column that hold something else; they are missing in the frame and named in a warning. With
    ``strict`` they are refused: a table of one format would lose them when it is written again.
    Raises FileNotFoundError without the file, UnreadableTable when it is damaged or another table.
    """
    frame = cells(path, name)
    if missing := [column for column in columns if column not in frame and column not in later]:
        raise UnreadableTable(path, name, lacking(missing))
    typed, bad = {}, {}
    for column, kind in columns.items():
        values = frame[column] if column in frame else pd.Series([None] * len(frame), dtype="object")
        if kind == "string":
            typed[column] = values.astype("string").replace("", pd.NA)
            continue
        typed[column], wrong = converted(values, kind, strict)
        if count := int(wrong.sum()):
            if strict:
                raise UnreadableTable(path, name, f"column {column} holds {count} values that are no numbers")
            if count > 1 and count == int((values.notna() & (values != "")).sum()):
                raise UnreadableTable(path, name, f"column {column} holds no numbers")
            warnings.warn(
                f"{path}: {count} values of column {column} are no numbers and count as missing", stacklevel=3
            )
            bad[column] = wrong
    return pd.DataFrame(typed), bad


def analyzed(path: Path) -> pd.DataFrame:
    """A table of ANALYZED as pandas reads it. Raises FileNotFoundError and UnreadableTable as read_table does."""
    path = Path(path)
    words, numbers = (columns.split() for columns in ANALYZED[path.stem])
    cells(path, path.stem)
    frame = pd.read_csv(path)
    if missing := [column for column in [*words, *numbers] if column not in frame]:
        raise UnreadableTable(path, path.stem, lacking(missing))
    for column in numbers:
        if not (pd.api.types.is_numeric_dtype(frame[column]) or frame[column].dropna().isin([True, False]).all()):
            raise UnreadableTable(path, path.stem, f"column {column} holds text")
    return frame.assign(**{column: frame[column].astype("str") for column in words if len(frame)})


def lacking(columns: Any) -> str:
    return f"it lacks {', '.join(columns[:5])}" + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")


def cells(path: Path, name: str) -> Any:
    """The frame of a file: of a CSV as text, "" for what is missing."""
    path = Path(path)
    if not path.exists() and not path.is_symlink():
        raise FileNotFoundError(f"there is no {path}")
    try:
        if not path.is_file():
            raise ValueError("it is not a file")
        return pd.read_parquet(path) if path.suffix == ".parquet" else text_cells(path.read_bytes())
    except Exception as error:  # whatever pandas and pyarrow make of damaged bytes
        raise UnreadableTable(path, name, error) from error


def text_cells(content: Any) -> Any:
    """The frame of a CSV's bytes, all cells as text. Raises ValueError unless every row is complete."""
    text = content.decode("utf-8-sig")
    if not text.strip():
        raise ValueError("it is empty")
    if not text.endswith(("\n", "\r")):
        raise ValueError("its last line is cut off")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    header, *rows = [row for row in lines if row]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} of {len(header)} columns")
    if len(set(header)) < len(header):
        raise ValueError("two columns have one name")
    return pd.DataFrame(rows, columns=header, dtype="object")


def converted(values: Any, kind: str, strict: bool = False) -> Any:
    """(values as ``kind``, mask of cells that hold something else); digits are kept to the last one.

    Infinity, and a fraction where whole numbers belong, are missing and rounded; ``strict``: kept and something else.
    """
    if kind != "boolean" and pd.api.types.is_integer_dtype(values):
        return values.astype(kind), np.zeros(len(values), dtype=bool)
    readers = {"Int64": exact, "float64": number} if strict else {"Int64": whole, "float64": finite}
    read = truth if kind == "boolean" else readers[kind]
    given = (values.notna() & (values != "")).fillna(False).to_numpy(dtype=bool)
    if kind == "float64" and (numbers := all_finite(values, given)) is not None:
        return numbers, ~given & False
    known = [read(value) if there else None for value, there in zip(values, given, strict=True)]
    wrong = np.array([value is None for value in known], dtype=bool) & given
    return pd.Series(known, dtype="object").astype(kind), wrong


def all_finite(values: Any, given: Any) -> pd.Series | None:
    """The values as numbers where all that are ``given`` are finite, else None: the common case, faster."""
    try:
        known = np.where(given, values.to_numpy(dtype=object, na_value="nan"), "nan").astype(float)
    except (TypeError, ValueError):
        return None
    return pd.Series(known) if np.isfinite(known[given]).all() else None


def number(value: Any) -> Any:
    """A number, finite or not, or None."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def finite(value: Any) -> Any:
    """A finite number, or None."""
    known = number(value)
    return known if known is not None and math.isfinite(known) else None


def whole(value: Any) -> Any:
    """A whole number that 64 bits hold, rounded where it is none, or None."""
    try:
        known = int(value) if isinstance(value, (str, int)) else finite(value)
    except ValueError:
        known = finite(value)
    return round(known) if known is not None and abs(known) < 2**63 else None


def exact(value: Any) -> Any:
    """A whole number that 64 bits hold, or None."""
    known = whole(value)
    return known if known == number(value) or str(known) == value else None


def truth(value: Any) -> Any:
    """True, False, or None for anything else."""
    return TRUTH.get(str(value).lower())
