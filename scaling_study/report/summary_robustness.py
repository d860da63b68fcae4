"""The summary's part about which verdicts stay when a part of the data or a choice of the analysis is changed."""

from collections.abc import Iterator

import pandas as pd

from scaling_study.report.markdown import COST_NAMES, joined, table


def robustness_part(robustness: pd.DataFrame) -> Iterator[str]:
    yield "## Do the verdicts depend on one part of the data?"
    yield ""
    yield (
        "Each verdict was checked again without the largest networks, without one seed, and with another cost held "
        "equal. A different result does not refute the verdict, since it has less data or answers another question; "
        "but the verdict then depends on what was changed."
    )
    yield ""
    known = robustness[robustness.agrees.notna()]
    groups = known.groupby(["model", "epochs", "question"], dropna=False, sort=False)
    yield from table(
        [
            {
                "model": model,
                "epochs": epochs,
                "question": question,
                "verdict": rows.verdict.iloc[0],
                "same in": f"{rows.agrees.sum()} of {len(rows)} checks",
                "different result": differing(rows) or "none",
            }
            for (model, epochs, question), rows in groups
        ]
    )
    missing = robustness[robustness.agrees.isna()]
    if len(missing):
        yield ""
        several = robustness[["model", "epochs"]].drop_duplicates().shape[0] > 1
        for row in missing.itertuples():
            where = f"{row.model}, {'' if pd.isna(row.epochs) else f'epochs: {row.epochs}, '}" if several else ""
            yield f"- {where}{'' if row.variation == 'none' else f'{short(row.variation)}: '}{row.result}"


def differing(rows: pd.DataFrame) -> str:
    """The variations whose result is another, by result: ``worse: by latency, without seed 1``."""
    other = rows[~rows.agrees]
    parts = [(result, joined(map(short, part.variation))) for result, part in other.groupby("result", sort=False)]
    return "; ".join(f"{result}: {names}" for result, names in parts)


def short(variation: str) -> str:
    first, _, cost = variation.partition(" ")
    if variation == "without the largest point":
        return "without the largest networks"
    return f"by {COST_NAMES.get(cost, cost)}" if first == "by" else variation
