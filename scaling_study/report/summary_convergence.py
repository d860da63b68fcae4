"""The summary's part about whether training had come to its end."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pandas as pd

from scaling_study.analysis.convergence import CONVERGED
from scaling_study.report.markdown import coefficients, epochs_text
from scaling_study.report.terminal import UPDATES_FEW
from scaling_study.scaling.coefficients import AXES

NAMED = 5  # variants, at most
# How often the mean of as many seeds lies above that of as many others by more than the range of either, if all are
# draws from one normal distribution (simulated).
CHANCE = {2: 0.107, 3: 0.024, 4: 0.0053, 5: 0.0012}


def convergence_part(table: pd.DataFrame) -> Iterator[str]:
    yield "## Did training converge?"
    yield ""
    yield (
        f"A variant that gained less than {CONVERGED:g} points of validation top-1 in the last tenth of the epochs "
        "(mean over seeds) counts as converged. Where the schedule ends near a rate of 0, little is gained at the end "
        "whatever longer training would bring."
    )
    yield ""
    yield f"- {gains(table)}"
    if table.updates.min() < UPDATES_FEW:
        yield (
            f"- {table.updates.min():g} updates of the weights at the fewest: with so few, nothing gained at the end "
            "may mean that learning had not begun."
        )
    gaps = table.dropna(subset="train_gap")
    if len(gaps):
        most = gaps.loc[gaps.train_gap.idxmax()]
        yield f"- Largest gap between training and test accuracy: {most.train_gap:+.1f} points, {name(most, table)}."
    pairs = comparable_pairs(table)
    if pairs:
        yield f"- {losses(pairs, table)}"


def gains(table: pd.DataFrame) -> str:
    """How many variants converged, and which gained most of those that did not."""
    known = table[table.converged.notna()]
    if known.empty:
        return "No run has the history of two epochs or more, so that nothing is known of their last tenth."
    open_ = known[~known.converged.astype(bool)].sort_values("last_tenth_gain", ascending=False)
    line = f"{len(known) - len(open_)} of {len(known)} variants converged."
    if len(open_):
        names = [f"{name(row, table)} ({row.last_tenth_gain:+.1f})" for row in open_[:NAMED].itertuples()]
        more = f" and {len(open_) - NAMED} more" if len(open_) > NAMED else ""
        line += f" Not so: {', '.join(names)}{more}."
    unknown = len(table) - len(known)
    return line + (f" Of {unknown} more the history is missing or too short." if unknown else "")


def comparable_pairs(table: pd.DataFrame) -> list[tuple[Any, Any]]:
    """(larger, smaller) variants of one model, length and axis, depth or width, both with two seeds or more."""
    known = table[(table.runs > 1) & table.train_loss.notna()]
    pairs = []
    for _, part in known.groupby(["model", "epochs"], dropna=False):
        for axis in ("depth", "width"):
            rows = list(part[part.method.isin([axis, "baseline"])].itertuples())
            pairs += [(a, b) for a, b in permutations(rows, 2) if getattr(a, axis) > getattr(b, axis)]
    return pairs


def losses(pairs: list[tuple[Any, Any]], table: pd.DataFrame) -> str:
    """How often a larger network has the higher training loss, beyond what its seeds differ by."""
    spread = [max(row.train_loss_high - row.train_loss_low for row in pair) for pair in pairs]
    excess = [a.train_loss - b.train_loss - width for (a, b), width in zip(pairs, spread, strict=True)]
    worse = sum(value > 0 for value in excess)
    chance = sum(CHANCE.get(min(a.runs, b.runs), 0.0) for a, b in pairs)
    line = (
        f"Training loss is higher for a deeper or wider network than for a smaller one of the same axis, by more than "
        f"the range over seeds, in {worse} of {len(pairs)} pairs (by chance about {chance:.1f})"
    )
    if not worse:
        return f"{line}."
    a, b = pairs[max(range(len(pairs)), key=excess.__getitem__)]
    return (
        f"{line}, most for {name(a, table)} ({a.train_loss:.2f} nats) above {name(b, table)} ({b.train_loss:.2f}). "
        "More than by chance points at optimization (rate, updates, regularization), not at capacity."
    )


def name(row: Any, table: pd.DataFrame) -> str:
    """The variant in words, with its model and length where the table has several."""
    words = [row.model] if table.model.nunique() > 1 else []
    words += [f"{epochs_text(row.epochs)}:"] if table.epochs.nunique() > 1 and row.epochs > 0 else []
    size = f" {getattr(row, row.method):.3g}" if row.method in AXES else ""
    size = size or ("" if row.method == "baseline" else f" {coefficients(row)}")
    return " ".join([*words, f"{row.method}{size}"])
