"""The summary's part about shapes of equal cost: is the baseline balanced, and what would another shape bring?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from scaling_study.report.markdown import coefficients, epochs_text, interval, joined, table

TRADES = {
    "depth-width": "depth and width",
    "depth-resolution": "depth and resolution",
    "resolution-width": "resolution and width",
}


def shape_part(shape: pd.DataFrame) -> Iterator[str]:
    yield "## Is the baseline's shape balanced?"
    groups = list(shape.groupby(["model", "epochs"], dropna=False))
    for (model, epochs), rows in groups:
        name = f"{joined(filter(None, (model, epochs_text(epochs))))}: " if len(groups) > 1 else ""
        yield ""
        yield f"{name}{trained_words(rows)} {optimum_words(rows)} {loss_words(rows)}"
        yield ""
        yield from table([trained_row(row) for row in rows[rows.what == "trained"].itertuples()])


def shape_sentence(shape: pd.DataFrame | None) -> str | None:
    """The opening's sentence on the shapes of equal cost."""
    return None if shape is None or shape.empty else trained_words(shape)


def trained_words(rows: pd.DataFrame) -> str:
    """How the trained shapes compare with the baseline."""
    shapes = rows[(rows.what == "trained") & (rows.axis != "baseline")]
    best = next(shapes.itertuples())  # they are in order of accuracy
    seeds = f"n = {rows.n.min()} seed{'s' if rows.n.min() > 1 else ''} each"
    of = f"{len(shapes)} other shapes with the baseline's multiply-adds ({seeds}, by validation top-1)"
    lead = interval(best.value, best.low, best.high, "{:+.2f}")
    which = f"depth, width, resolution {coefficients(best)}, is {lead} points above the baseline"
    better = (shapes.status == "better").sum()
    if better:
        are = "is" if better == 1 else "are"
        return f"Of {of}, {better} {are} better than it by more than the noise: the best, {which}."
    if best.status == "no interval":
        return f"Of {of}, the best, {which}; without a second seed that may be chance."
    return f"Of {of}, none is better than it by more than the noise: the best, {which}."


def optimum_words(rows: pd.DataFrame) -> str:
    """Where the surface has its best shape, and what that gains."""
    best = rows[rows.what == "optimum"]
    where = joined(f"{row.axis} {interval(row.value, row.low, row.high, '{:.2f}')}" for row in best.itertuples())
    words = f"A quadratic surface through all shapes has its best at {where} times the baseline's"
    if (best.status == "edge").all():
        words += ", at the edge of what was trained, so that a better one may lie beyond"
    elif (best.edge_share > 0.025).any():
        words += ", and the intervals reach the edge of what was trained"
    gain = next(rows[rows.what == "gain"].itertuples(), None)
    if gain is None:
        return f"{words}: the baseline itself."
    sure = {
        "better": "more than the noise",
        "worse": "less than the baseline",
        "not distinguishable": "not more than the noise",
        "no interval": "without an interval",
    }
    return f"{words}; it gains {interval(gain.value, gain.low, gain.high, '{:+.2f}')} points, {sure[gain.status]}."


def loss_words(rows: pd.DataFrame) -> str:
    """What a trade by a factor of two of an axis's cost loses."""
    parts = []
    for row in rows[rows.what == "loss of a doubling"].itertuples():
        known = {"open": ", not clear", "concave": ", so that no shape between the trained ones is best"}.get(
            row.status, ""
        )
        parts.append(
            f"{interval(row.value, row.low, row.high, '{:.2f}')} points between {TRADES[row.axis]}"
            f"{known if pd.notna(row.low) else ''}"
        )
    return f"From there, a factor of 2 in an axis's cost, paid for by the other, loses {'; '.join(parts)}."


def trained_row(row: Any) -> dict[str, Any]:
    return {
        "traded": TRADES.get(row.axis, row.axis),
        "depth, width, resolution": coefficients(row),
        "multiply-adds": f"{row.flops_ratio:.3f}x",
        "validation top-1": f"{row.accuracy:.2f}",
        "sd": "" if pd.isna(row.sd) else f"{row.sd:.2f}",
        "points above the baseline": ""
        if row.axis == "baseline"
        else interval(row.value, row.low, row.high, "{:+.2f}"),
        "verdict": row.status,
        "n": row.n,
    }
