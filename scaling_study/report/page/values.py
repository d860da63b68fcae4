"""What a page shows, as values: sentences, figures, rows; ``render`` makes them the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from scaling_study.figures.style import METHODS
from scaling_study.report.markdown import COST_NAMES

if TYPE_CHECKING:
    import pandas as pd

RESPONSES = {
    "top1": "test top-1 (%)",
    "top5": "test top-5 (%)",
    "loss": "test loss (nats)",
    "val_top1": "validation top-1 (%)",
    "train_top1": "training top-1 (%)",
    "train_gap": "training minus test top-1 (points)",
    "last_tenth_gain": "gain in the last tenth of training (points)",
}
# Columns whose values, with the number of runs that have each, say how a study was made.
SETUP = [
    *("data", "train_images", "val_images", "test_images", "classes", "model", "recipe", "settings", "epochs"),
    *("batch_size", "optimizer", "device", "threads", "precision", "processes", "python_version", "torch_version"),
    *("timm_version", "package_version", "git_commit"),
]
STATUSES = {"done": "finished", "running": "under way", "failed": "failed", "stopped": "stopped before their end"}
VALUES_MAX = 8  # that are listed of a setting


class Picture(NamedTuple):
    """source: a data URL; text: what it shows, in words; panels: the same as specifications of Vega-Lite."""

    name: str
    source: str
    text: str
    panels: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class StudySection:
    """A study on the page: sentences, (title, Markdown) of the parts of its summary, figures, the main one first."""

    name: str
    answers: Sequence[str]
    limits: Sequence[str]
    parts: Sequence[tuple[str, str]] = ()
    figures: Sequence[Picture] = ()


@dataclass(frozen=True)
class Page:
    """rows: as ``page_rows`` gives them; epochs: the epoch table; refresh_seconds: of a study that is under way."""

    title: str
    studies: Sequence[StudySection]
    rows: pd.DataFrame
    epochs: pd.DataFrame
    refresh_seconds: int | None = None
    written_at: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    version: str = field(default_factory=lambda: version("scaling_study"))


def counts(rows: pd.DataFrame) -> str:
    """How many runs there are of each status, in words."""
    kinds = rows.status.str.split(",").str[0].value_counts()
    parts = [f"{kinds[kind]} {words}" for kind, words in STATUSES.items() if kind in kinds]
    return f"Runs: {', '.join(parts)}." if parts else "No run has begun."


def setup(rows: pd.DataFrame) -> dict[str, str]:
    """{setting: its values, with the number of runs where there are several}."""
    shown = {}
    for column in SETUP:
        if column not in rows:
            continue
        found = rows[column].dropna().astype(str).value_counts()
        if len(found) == 1:
            shown[column] = str(found.index[0])
        elif len(found):
            listed = [f"{value} ({count})" for value, count in found.head(VALUES_MAX).items()]
            more = [f"{len(found) - VALUES_MAX} more"] if len(found) > VALUES_MAX else []
            shown[column] = ", ".join([*listed, *more])
    return shown


def costs_of(rows: pd.DataFrame) -> dict[str, str]:
    """{column: words} of the costs that vary over the finished runs, multiply-adds always."""
    units = {"train_seconds": " (s)", "latency_seconds": " (s)", "activation_bytes": " (bytes)"}
    done = rows[rows.status == "done"]
    varying = [name for name in COST_NAMES if name in done and (name == "flops" or done[name].nunique() > 1)]
    return {name: COST_NAMES[name] + units.get(name, "") for name in varying}


def methods_of(rows: pd.DataFrame) -> list[str]:
    """The methods of the rows: the baseline, then in the order of all figures, then references."""
    found = set(rows.method.dropna())
    known = ["baseline", *METHODS]
    return [name for name in known if name in found] + sorted(found - set(known))
