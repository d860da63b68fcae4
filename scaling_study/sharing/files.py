"""Which files of a study are shared, by the names that they have in the repository."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from scaling_study.errors import StudyError
from scaling_study.records.reading import cells
from scaling_study.records.store import CHECKPOINT, CONFIG, HISTORY, RECORD, RunFolder, run_folders

CARD, PAGE = "README.md", "report.html"
TEXTS = ("summary.md", "accuracies.md", "accuracies.tex")
FIGURES = "figures"  # the folder of the repository that holds what lies in plots_dir
RUN_FILES = (CONFIG, RECORD, HISTORY, CHECKPOINT)  # without the first three the weights cannot be evaluated
TABLE = re.compile(r"\w+\.(csv|parquet)", re.ASCII)
FIGURE = re.compile(rf"{FIGURES}/\w[\w.-]*\.(png|svg)", re.ASCII)
WEIGHTS = re.compile(rf"runs/(\w[\w.=+,-]*)/({'|'.join(map(re.escape, RUN_FILES))})")
# A path from the root, of two parts or more; not what follows a word, as in 1/2/3, or the colon of an address.
LOCAL_PATH = re.compile(r"(?<![\w.:/~])(?:/[\w.@+-]+){2,}|\b[A-Za-z]:\\\w+")


def to_send(study_dir: Path, plots_dir: Path, weights: bool = False) -> dict[str, Path]:
    """{name in the repository: file} of a study, by name. weights: with those that finished runs kept."""
    files = [path for path in study_dir.glob("*") if TABLE.fullmatch(path.name) or path.name in (*TEXTS, PAGE)]
    found = {path.name: path for path in files}
    found |= {f"{FIGURES}/{path.name}": path for path in plots_dir.glob("*")}
    for folder in run_folders(study_dir) if weights else ():
        if has_weights(folder):
            found |= {f"runs/{folder.path.name}/{name}": folder.path / name for name in RUN_FILES}
    return {name: path for name, path in sorted(found.items()) if is_sent(name) and path.is_file()}


def outdated(there: Iterable[str], files: Collection[str]) -> list[str]:
    """Names of the tables, texts and figures of the repository that the study has not, or no longer: with them it would
    be a mixture of two studies. Weights, which a push may leave out, are none of them."""
    return sorted(name for name in there if is_sent(name) and not WEIGHTS.fullmatch(name) and name not in files)


def is_sent(name: str) -> bool:
    return name == PAGE or is_taken(name)


def is_taken(name: str) -> bool:
    """Whether a file of a repository belongs to a study. The page of task=report, which runs scripts, is not taken from
    others: it can be made again from the tables."""
    return name in TEXTS or any(kind.fullmatch(name) for kind in (TABLE, FIGURE, WEIGHTS))


def has_weights(folder: RunFolder) -> bool:
    """Whether a run is done and kept its weights."""
    record = folder.record() if folder.checkpoint.is_file() and not folder.started() else None
    return record is not None and record["status"] == "done" and folder.config() is not None


def to_take(names: Iterable[str], weights: bool = False) -> list[str]:
    """The names of those files of a repository that are a study's, sorted. Raises StudyError for one that would lead
    out of the study's folder: such a repository is not to be trusted in anything."""
    names = sorted(names)
    for name in names:
        if name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts:
            raise StudyError(f"the repository holds a file {name!r}, which leads out of its folder; nothing is taken")
    return [name for name in names if is_taken(name) and (weights or not WEIGHTS.fullmatch(name))]


def runs_with_weights(names: Iterable[str]) -> list[str]:
    """Names of the runs whose weights are among the files."""
    return sorted({found[1] for name in names if (found := WEIGHTS.fullmatch(name)) and found[2] == CHECKPOINT})


def local_paths(path: Path) -> dict[str, str]:
    """{column: the first path of this machine in it} of a table. Raises UnreadableTable."""
    return paths_in(cells(path, path.stem))


def paths_in(table: pd.DataFrame) -> dict[str, str]:
    """{column: the first path from the root of a file system in it}, of the columns of text that hold one."""
    found = {}
    for column in table.select_dtypes(["object", "string"]):
        matches = (LOCAL_PATH.search(str(value)) for value in table[column].dropna())
        if first := next(filter(None, matches), None):
            found[str(column)] = first[0]
    return found


def megabytes(paths: Sequence[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 1e6
