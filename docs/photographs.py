"""Studies on photographs: docs/explanation/photographs.md."""

from __future__ import annotations

import pandas as pd

BUILT = ["built_depth", "built_width", "resolution_px"]
MEANS = ["flops", "val_top1", "top1", "last_tenth_gain"]


def shapes(runs: pd.DataFrame) -> list[str]:
    """A Markdown table of shapes of the baseline's multiply-adds by validation accuracy, the best first; means over
    seeds."""
    done = runs[runs.status == "done"]
    groups = done.groupby(BUILT)
    means = groups[MEANS].mean().assign(n=groups.size(), baseline=groups.method.agg(lambda m: (m == "baseline").any()))
    rows = [
        "| depth, width, pixels | Mflops | runs | validation top-1 | test top-1 | last tenth |",
        "| --- " * 6 + "|",
    ]
    for row in means.reset_index().sort_values("val_top1", ascending=False).itertuples():
        cells = [
            f"{row.built_depth:g}, {row.built_width:.2f}, {row.resolution_px:g}" + " (baseline)" * row.baseline,
            f"{row.flops / 1e6:.3f}",
            f"{row.n}",
            f"{row.val_top1:.2f}",
            f"{row.top1:.2f}",
            f"{row.last_tenth_gain:+.2f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def rates(runs: pd.DataFrame, own: float) -> list[str]:
    """A Markdown table of the networks' validation accuracy by learning rate, of single runs, and of what the rate that
    is best there brings on the test split. own: the recipe's rate."""
    done = runs[runs.status == "done"]
    done = done.assign(network=names_of(done))
    validation = done.pivot(index="network", columns="learning_rate", values="val_top1").sort_values(own)
    test = done.pivot(index="network", columns="learning_rate", values="top1")
    best = validation.idxmax(axis=1)
    heads = [
        "network",
        *(f"at {rate:g}" for rate in validation.columns),
        "best",
        f"test top-1 at {own:g}",
        "at the best",
    ]
    rows = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for name, accuracies in validation.iterrows():
        cells = [name, *("" if pd.isna(value) else f"{value:.2f}" for value in accuracies), f"{best[name]:g}"]
        rows.append(f"| {' | '.join([*cells, *(f'{test.loc[name, at]:.2f}' for at in (own, best[name]))])} |")
    return rows


def names_of(runs: pd.DataFrame) -> pd.Series:
    """The method of each run, with its multiple of the baseline's multiply-adds where there are several."""
    several = runs.flops_target.nunique() > 1
    times = runs.flops_target.map(lambda budget: f", {budget:g} times" if several and pd.notna(budget) else "")
    return runs.method + times.astype("string")
