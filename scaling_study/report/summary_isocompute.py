"""The summary's words on equal training compute: with one budget, which network for how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from scaling_study.analysis.isocompute import BEST, LENGTH, SIZE
from scaling_study.report.markdown import interval, number, table


def isocompute_part(isocompute: pd.DataFrame) -> Iterator[str]:
    yield "## With one training budget, which network for how long?"
    yield ""
    yield (
        "Networks of several sizes trained for equal compute (multiply-adds of all training: three times those of "
        "every image seen), the larger for fewer epochs. The best size is the bottom of a curve of validation error "
        "(its logarithm) over the logarithm of the multiply-adds; an interval that ends at the smallest or largest "
        "trained network may go beyond it. At the edge: the best itself may lie beyond."
    )
    for (model, method), rows in isocompute.groupby(["model", "method"], sort=False):
        yield ""
        yield from table([level_row(row) for row in rows[rows.what == BEST].itertuples()])
        yield ""
        yield recommendation(model, method, rows)


def level_row(row: Any) -> dict[str, Any]:
    return {
        "model": row.model,
        "method": row.method,
        "training multiply-adds": number(row.train_flops),
        "best size, times the baseline's multiply-adds": relative(row) + (", at the edge" if row.at_edge else ""),
        "for epochs": interval(row.epochs, row.epochs_low, row.epochs_high, "{:.3g}"),
        "validation top-1": interval(row.accuracy, row.accuracy_low, row.accuracy_high, "{:.2f}"),
        "networks": row.networks,
        "n": row.n,
    }


def relative(row: Any) -> str:
    """The best size in multiples of the baseline, with its interval."""
    unit = row.value / row.flops_ratio
    return interval(row.flops_ratio, row.low / unit, row.high / unit, "{:.3g}")


def recommendation(model: str, method: str, rows: pd.DataFrame) -> str:
    """What to train with the largest compute whose best is between trained sizes, and how it grows with compute."""
    levels = rows[rows.what == BEST]
    inside = levels[~levels.at_edge.astype(bool)]
    if inside.empty:
        return (
            f"At every level the best {method} network of {model} is the smallest or the largest that was trained: "
            "other sizes are needed."
        )
    row = next(inside.nlargest(1, "train_flops").itertuples())
    words = (
        f"With {number(row.train_flops)} training multiply-adds, train {model} by {method} with "
        f"{row.flops_ratio:.3g} times the baseline's multiply-adds for {row.epochs:.3g} epochs "
        f"(`scaling.method={method} scaling.flops={row.flops_ratio:.3g} recipe.epochs={max(round(row.epochs), 1)}`)."
    )
    grown = rows[rows.what == SIZE]
    if grown.empty:
        return f"{words} How that grows with compute needs a second level whose best is not at the edge."
    size = next(grown.itertuples())
    length = next(rows[rows.what == LENGTH].itertuples())
    powers = [interval(row.value, row.low, row.high, "{:.2f}") for row in (size, length)]
    return f"{words} The best size grows as the compute to the power {powers[0]}, the length of training {powers[1]}."


def isocompute_sentence(isocompute: pd.DataFrame | None) -> str | None:
    """The best network at the largest compute, for the opening."""
    if isocompute is None or isocompute.empty:
        return None
    rows = isocompute[isocompute.what == BEST]
    row = next(rows.nlargest(1, "train_flops").itertuples())
    edge = ", but a network beyond the trained sizes may be better" if row.at_edge else ""
    return (
        f"With {number(row.train_flops)} multiply-adds for all training, the best {row.method} network has "
        f"{relative(row)} times the baseline's multiply-adds and is trained for "
        f"{interval(row.epochs, row.epochs_low, row.epochs_high, '{:.3g}')} epochs{edge}."
    )
