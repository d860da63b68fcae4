"""How far one method is ahead of the others in several studies, and whether that differs between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scaling_study.analysis.comparisons import compare
from scaling_study.analysis.contrasts import Contrast

COLUMNS = {
    "study": "string",
    "method": "string",
    "other": "string",
    "flops_target": "float64",
    "basis": "string",  # matched: both were trained at these multiply-adds; interpolated: along the other's curve
    "difference": "float64",  # accuracy of method minus other, points
    "low": "float64",  # 95% interval of this difference alone
    "high": "float64",
    "standard_error": "float64",
    "df": "float64",
    "n": "Int64",  # seeds
    "change": "float64",  # by how many points the difference is greater than in the study that others are held against
    "change_low": "float64",  # 95% interval of this change alone
    "change_high": "float64",
}


def leads(
    tables: Mapping[str, pd.DataFrame],
    flops: float,
    *,
    against: str | None = None,
    reference: str = "compound",
    response: str = "top1",
) -> pd.DataFrame:
    """Differences of the method ``reference`` from every other at ``flops`` times the baseline's multiply-adds, a row
    per study and other method, with COLUMNS.

    tables: {name: run table} of studies that share no runs, each of one model and length of training; against: the
    name of the study whose differences the changes are from, by default the first.

    Differences and their intervals are those of ``compare``. A change has the interval of Welch's test, with the
    degrees of freedom of Satterthwaite: measured coverage 0.94 to 0.96 with 2 to 5 seeds of 4 networks and noise that
    differs by a factor of up to 3. ``attrs["notes"]`` of the frame lists what ``compare`` left out. Raises ValueError
    where a study does not hold what is to be compared.
    """
    against = next(iter(tables)) if against is None else against
    if against not in tables:
        raise ValueError(f"against={against}: must be one of {', '.join(tables)}")
    found, notes = {}, []
    for name, runs in tables.items():
        compared, left_out = compare(runs, ["flops"], reference, response)
        found[name] = at_budget(name, compared, flops, reference)
        notes += [f"{name}: {note}" for note in left_out]
    rows = []
    for name, contrasts in found.items():
        for other, (lead, basis) in contrasts.items():
            row = {
                "study": name,
                "method": reference,
                "other": other,
                "flops_target": flops,
                "basis": basis,
                "standard_error": lead.standard_error,
                "df": lead.df,
                "n": lead.n,
            }
            row |= dict(zip(("difference", "low", "high"), (lead.estimate, *lead.interval()), strict=True))
            if name != against and other in found[against]:
                moved = change(found[against][other][0], lead)
                ends = (moved.estimate, *moved.interval())
                row |= dict(zip(("change", "change_low", "change_high"), ends, strict=True))
            rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    table.attrs["notes"] = notes
    return table


def at_budget(name: str, compared: pd.DataFrame, flops: float, reference: str) -> dict[str, tuple[Contrast, str]]:
    """{other method: (difference of ``reference`` from it, basis)}. compared: a frame of ``compare``, of the study."""
    rows = compared[(compared.flops_target == flops) & compared.difference.notna()]
    if rows.empty:
        known = ", ".join(f"{budget:g}" for budget in sorted(set(compared.flops_target.dropna()))) or "none"
        raise ValueError(
            f"{name}: no comparison of {reference} at flops={flops:g} times the baseline; there are {known}"
        )
    if len(parts := rows[["model", "epochs"]].drop_duplicates()) > 1:
        raise ValueError(f"{name}: holds {len(parts)} models or lengths of training; give the runs of one")
    return {
        row.other: (Contrast(row.difference, row.standard_error, row.df, int(row.n), bool(row.paired)), row.basis)
        for row in rows.itertuples()
    }


def change(one: Contrast, other: Contrast) -> Contrast:
    """How much greater ``other`` is than ``one``, of runs that they do not share."""
    parts = np.array([one.standard_error**2, other.standard_error**2])
    df = parts.sum() ** 2 / (parts**2 / [one.df, other.df]).sum()
    return Contrast(other.estimate - one.estimate, float(np.sqrt(parts.sum())), float(df), min(one.n, other.n), False)
