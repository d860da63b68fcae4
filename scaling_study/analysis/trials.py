"""How many settings of training each method was tried with, and which runs are compared for it."""

from __future__ import annotations

import pandas as pd

from scaling_study.analysis.observations import STUDY
from scaling_study.analysis.settings import envelope, equal_settings
from scaling_study.records.columns import VARIANT

TRIED = [name for name in VARIANT if name != "flops"]  # a failed run may not have come to count its flops
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "method": "string",
    "networks": "Int64",
    "settings": "Int64",  # that were tried, of the network with the fewest
    "settings_max": "Int64",  # of the network with the most
    "failed": "Int64",  # runs; a setting with which training fails was tried
    "alike": "boolean",  # whether all networks of the model were tried with the same settings
}


def to_compare(
    runs: pd.DataFrame, settings: str | None = None, best: bool | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """(the runs that are compared, notes on that).

    settings: those of ``equal_settings``, which raises ValueError where no run has them. best: each network at its own
    best as by ``envelope``; None: of the models whose networks were all trained with the same settings, more than one.
    Otherwise the runs as they are, of which the analysis takes the most frequent settings.
    """
    if settings is not None:
        return equal_settings(runs, settings)
    if best is False or runs.empty or not {"settings", "val_top1"} <= {*runs.columns}:
        return runs, []
    models, parts, notes = runs.model.nunique(dropna=False), [], []
    for model, rows in runs.groupby("model", dropna=False, sort=False):
        variants = tried(rows)
        alike, start = tuned_alike(variants), "" if models == 1 else f"{model}: "
        if best or (alike and rows.val_top1.notna().any()):
            rows, lines = envelope(rows)
            notes += [start + line for line in lines]
        if not alike and len(variants) and variants.settings.map(len).min() > 1:
            notes.append(
                f"{start}unequal tuning, {counts_text(variants)}: "
                + ("more settings are better by luck alone" if best else
                   "train what is missing, or compare each at its own best nevertheless with analysis.envelope=true")
            )  # fmt: skip
        parts.append(rows)
    if not notes:
        return runs, []
    return pd.concat(parts, ignore_index=True), notes


def trials(runs: pd.DataFrame) -> pd.DataFrame:
    """The settings that the networks of each method were tried with: a frame with COLUMNS, empty where every network
    of a model had one.

    An equal number of trials for every method is the rule of fair comparison of AlgoPerf (Dahl et al. 2023, arXiv
    2306.07179): with more of them a method's best is better by luck alone.
    """
    rows = []
    if {"settings", *STUDY} <= {*runs.columns}:
        for model, part in runs.groupby("model", dropna=False):
            variants = tried(part)
            if len(variants) == 0 or variants.settings.map(len).max() < 2:
                continue
            for (epochs, method), own in variants.groupby(["epochs", "method"], dropna=False, sort=False):
                counts = own.settings.map(len)
                row = {"model": model, "epochs": epochs, "method": method, "networks": len(own)}
                row |= {"settings": counts.min(), "settings_max": counts.max(), "failed": own.failed.sum()}
                rows.append(row | {"alike": tuned_alike(variants)})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def tried(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each network: columns method, settings (a frozenset) and failed (runs)."""
    frame = runs[runs.status.isin(["done", "failed"])]
    frame = frame.assign(settings=frame.settings.fillna(""), failed=frame.status == "failed")
    keys = [name for name in (*TRIED, "epochs") if name in frame]
    groups = frame.groupby(keys, dropna=False, sort=False)
    return groups.agg(settings=("settings", frozenset), failed=("failed", "sum")).reset_index()


def tuned_alike(variants: pd.DataFrame) -> bool:
    """Whether all networks of ``tried`` had the same settings, and more than one."""
    sets = set(variants.settings)
    return len(sets) == 1 and len(next(iter(sets))) > 1


def counts_text(variants: pd.DataFrame) -> str:
    """Settings of the networks of each method in words, as depth 3 to 5."""
    counts = variants.settings.map(len).groupby(variants.method, sort=False)
    return ", ".join(
        f"{method} {spread(least, most)}"
        for method, least, most in zip(counts.groups, counts.min(), counts.max(), strict=True)
    )


def spread(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"
