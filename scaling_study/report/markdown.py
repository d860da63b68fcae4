"""Numbers, intervals and tables as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

CONTEXT = ("model", "epochs", "device")  # shown only where it differs between rows
PAPER = "Tan & Le (2019)"
UNITS = ((1e18, " E"), (1e15, " P"), (1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"), (1.0, ""))
UNIT_OF = {"activation_bytes": "B", "train_seconds": " s", "latency_seconds": " s"}
COST_NAMES = {
    "flops": "multiply-adds",
    "params": "parameters",
    "activations": "activations",
    "activation_bytes": "training memory",
    "train_seconds": "training time",
    "latency_seconds": "latency",
    "train_flops": "training multiply-adds",
}


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines of a Markdown table from dicts; columns of CONTEXT only where they differ between rows."""
    if not rows:
        yield "Nothing to show."
        return
    names = [name for name in rows[0] if name not in CONTEXT or len({str(row[name]) for row in rows}) > 1]
    yield "| " + " | ".join(names) + " |"
    yield "| " + " | ".join("---" for _ in names) + " |"
    for row in rows:
        yield "| " + " | ".join(str(row[name]) for name in names) + " |"


def epochs_text(count: float) -> str:
    """1 epoch, 2 epochs; nothing for runs of unknown length."""
    return "" if pd.isna(count) else f"{count:g} epoch{'' if count == 1 else 's'}"


def lengths_text(counts: Iterable[float]) -> str:
    """1, 2 and 4 epochs; nothing for runs of unknown length."""
    known = sorted({float(count) for count in counts if not pd.isna(count)})
    if not known:
        return ""
    return f"{joined(f'{count:g}' for count in known)} epoch{'' if known == [1] else 's'}"


def number(value: float) -> str:
    """1234567 as 1.23 M."""
    if not np.isfinite(value):
        return "beyond the curve's reach"
    scale, unit = next((unit for unit in UNITS if abs(value) >= unit[0]), UNITS[-1])
    return f"{value / scale:.3g}{unit}"


def amount(value: float, cost: str) -> str:
    """A cost with its unit: 1.23 M, 4.56 MB, 7.89 ms."""
    unit = UNIT_OF.get(cost, "")
    if unit == " s" and 0 < value < 1:
        return f"{1e3 * value:.3g} ms"
    return f"{number(value)}{unit if np.isfinite(value) else ''}"


def interval(value: float, low: float, high: float, form: str) -> str:
    if pd.isna(value):
        return "none"
    if pd.isna(low):
        return f"{form.format(value)} (no interval)"
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


def coefficients(row: Any) -> str:
    return f"{row.depth:.3g}, {row.width:.3g}, {row.resolution:.3g}"


def triple(row: Any) -> str:
    return f"{row.alpha:g}, {row.beta:g}, {row.gamma:g}"


def ratio(value: float) -> str:
    return "unknown times" if pd.isna(value) else f"{value:.2f} times"


def joined(names: Iterable[str]) -> str:
    """a, b and c."""
    return listed(names, "and")


def alternatives(names: Iterable[str]) -> str:
    """a, b or c."""
    return listed(names, "or")


def listed(names: Iterable[str], word: str) -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
