"""The summary's part about the law of the three axes: what each axis brings, balance, and the best direction."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from scaling_study.analysis.training_axes import AT_EQUAL_LENGTH, EXPONENT, GROWTH
from scaling_study.report.markdown import epochs_text, interval, joined, number, table
from scaling_study.scaling.coefficients import AXES

GAIN = "gain of the first doubling"
SHAPE = "shape at equal cost"


def law_part(law: pd.DataFrame) -> Iterator[str]:
    training = law.quantity.isin([EXPONENT, AT_EQUAL_LENGTH, GROWTH])
    if not training.all():
        yield from axes_part(law[~training])
    if training.any():
        yield from [""] * (not training.all())
        yield "## Longer training and more images"
        for model, rows in law[training].groupby("model"):
            yield ""
            yield training_sentence(model, rows)


def training_sentence(model: str, rows: pd.DataFrame) -> str:
    """By which powers of epochs and training images the error falls."""
    names = {"epochs": "epochs", "train_images": "training images"}
    parts = []
    for row in rows[rows.quantity == EXPONENT].itertuples():
        words = f"{names[row.axis]} to the power {interval(-row.value, -row.high, -row.low, '{:.2f}')}"
        for change in rows[(rows.quantity == GROWTH) & (rows.axis == row.axis)].itertuples():
            span = interval(-change.value, -change.high, -change.low, "{:+.3f}")
            words += f", a power that changes by {span} with each doubling of the network's multiply-adds"
        parts.append(words)
    text = f"{model}: over all its networks, each compared with itself, error falls as {joined(parts)}"
    for row in rows[rows.quantity == AT_EQUAL_LENGTH].itertuples():
        span = interval(-row.value, -row.high, -row.low, "{:.2f}")
        text += f"; of equally many images seen, as the number of different ones to the power {span}"
    return f"{text}."


def axes_part(law: pd.DataFrame) -> Iterator[str]:
    yield "## One law for the three axes"
    yield ""
    yield (
        "One curve of test error over depth, width and resolution together, fitted to all networks. A ceiling is the "
        "accuracy that growing one axis alone never exceeds. Costs are multiply-adds relative to the baseline's; "
        "extrapolated: beyond the trained sizes."
    )
    groups = list(law.groupby(["model", "epochs"], dropna=False))
    for (model, epochs), rows in groups:
        if len(groups) > 1:
            yield ""
            yield f"### {', '.join(filter(None, (model, epochs_text(epochs))))}"
        yield ""
        yield from table(list(axis_rows(rows)))
        yield ""
        yield balance(rows)
        yield ""
        yield from table([budget_row(rows, budget) for budget in budgets_of(rows)])


def axis_rows(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for axis in AXES:
        own = rows[rows.axis == axis]
        if len(own):
            gain, end = one(own, GAIN), one(own, "ceiling")
            yield {
                "axis": axis,
                "doubling the baseline's cost brings": points(gain),
                "ceiling": interval(end.value, end.low, end.high, "{:.1f}")
                if end.status == "estimated"
                else f"unknown, above {end.low:.1f}",
            }


def one(rows: pd.DataFrame, quantity: str, budget: float | None = None) -> Any:
    found = rows[rows.quantity == quantity]
    return next((found if budget is None else found[found.budget == budget]).itertuples())


def points(row: Any) -> str:
    text = interval(row.value, row.low, row.high, "{:+.2f}")
    return f"extrapolated: {text}" if row.extrapolated else text


def balance(rows: pd.DataFrame) -> str:
    """Whether the axes bring as much as each other at the baseline, and whether another shape of its cost is better."""
    gains = rows[rows.quantity == GAIN].sort_values("value", ascending=False)
    ahead = [(a.axis, b.axis) for a in gains.itertuples() for b in gains.itertuples() if a.low > b.high]
    if ahead:
        more = [
            f"more with {axis} than with {joined(b for a, b in ahead if a == axis)}" for axis in dict(ahead)
        ]  # of the axes that are ahead of another
        words = f"The baseline is not balanced: a doubling of its cost brings {joined(more)}."
    else:
        words = "The intervals of what the axes bring at the baseline overlap, so it may be balanced."
    gain = one(rows, "gain of that shape")
    if not gain.value > 0:
        return f"{words} No other shape of the same cost is predicted to be better."
    far = ", which is extrapolated" if gain.extrapolated else ""
    sure = "" if gain.low > 0 else "; the interval includes 0, so no other shape is shown to be better"
    return (
        f"{words} At the baseline's cost the law prefers {triple_of(rows, SHAPE, 1.0)}{far}, by "
        f"{interval(gain.value, gain.low, gain.high, '{:+.2f}')} points{sure}."
    )


def triple_of(rows: pd.DataFrame, quantity: str, budget: float) -> str:
    """Coefficients of the axes that varied, such as ``depth 1.20, width 1.10``."""
    found = rows[(rows.quantity == quantity) & (rows.budget == budget)]
    return ", ".join(f"{row.axis} {row.value:.2f}" for row in found.itertuples())


def lead_words(lead: Any) -> str:
    if lead.value == 0 and lead.low == lead.high:
        return f"none, {lead.axis} alone is best"
    return f"{interval(lead.value, lead.low, lead.high, '{:+.2f}')}, {lead.axis}"


def budgets_of(rows: pd.DataFrame) -> list[float]:
    return sorted(set(rows.budget[rows.quantity == "best direction"]))


def budget_row(rows: pd.DataFrame, budget: float) -> dict[str, Any]:
    at = rows[rows.budget == budget]
    top, lead = one(at, "accuracy of the best direction"), one(at, "lead of the best direction")
    directions = at[at.quantity == "best direction"]
    cells = {row.axis: interval(row.value, row.low, row.high, "{:.2f}") for row in directions.itertuples()}
    return {
        "cost": f"{number(budget)}x{', extrapolated' if top.extrapolated else ''}",
        **{f"best {axis}": cells[axis] for axis in AXES if axis in cells},
        "accuracy": interval(top.value, top.low, top.high, "{:.1f}"),
        "lead over the best axis alone": lead_words(lead),
    }
