"""The summary's part about tuning: how many settings each method was tried with, and whose best may lie beyond them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scaling_study.analysis.settings import TUNED
from scaling_study.analysis.trials import spread
from scaling_study.report.markdown import joined, table


def trials_part(trials: pd.DataFrame, runs: pd.DataFrame, rates: pd.DataFrame | None) -> Iterator[str]:
    """runs: those that are compared; rates: the table of best rates, where there is one."""
    yield "## Was every method tuned alike?"
    yield ""
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "method": row.method,
                "networks": row.networks,
                "settings tried per network": spread(row.settings, row.settings_max),
                "failed runs": row.failed,
            }
            for row in trials.itertuples()
        ]
    )
    yield ""
    for model, rows in trials.groupby("model"):
        start = f"{model}: " if trials.model.nunique() > 1 else ""
        tuned = TUNED in set(runs.settings[runs.model == model].dropna()) if "settings" in runs else False
        yield f"- {start}{tuning_sentence(rows, tuned)}"
    if rates is not None and len(edge := rates[rates.at_edge.fillna(False).astype(bool)]):
        for (rate, method), rows in edge.groupby(["rate", "method"], sort=False):
            networks = "its network" if len(rows) == 1 else f"{len(rows)} of its networks"
            values = joined(f"{value:.3g}" for value in sorted(set(rows.value)))
            yield (
                f"- {method}: the best {str(rate).replace('_', ' ')} of {networks} is at the end of what was tried "
                f"({values}), so it may be better still than shown."
            )


def tuning_sentence(rows: pd.DataFrame, tuned: bool) -> str:
    compared = (
        "and is compared at its own best, which the validation split of the other seeds picked"
        if tuned
        else "but all are compared at the same; analysis.envelope=true compares each at its own best"
    )
    if rows.alike.all():
        return f"Every network was tried with the same {rows.settings.iloc[0]} settings, {compared}."
    most = rows[rows.settings_max == rows.settings_max.max()].method
    fewest = rows[rows.settings == rows.settings.min()].method
    return (
        f"No: networks of {joined(dict.fromkeys(fewest))} were tried with as few as {rows.settings.min()} settings, of "
        f"{joined(dict.fromkeys(most))} with {rows.settings_max.max()}; "
        + ("more settings are better by luck alone." if tuned else "networks are compared at the most frequent ones.")
    )
