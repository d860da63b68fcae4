"""Shapes of the baseline's multiply-adds and what they reach: docs/explanation/photographs.md."""

from __future__ import annotations

import pandas as pd

BUILT = ["built_depth", "built_width", "resolution_px"]


def lines(runs: pd.DataFrame) -> list[str]:
    """A Markdown table of the shapes by validation accuracy, the best first; mean over seeds."""
    done = runs[runs.status == "done"]
    columns = ["flops", "val_top1", "top1", "last_tenth_gain"]
    means = done.groupby(BUILT)[columns].mean().assign(n=done.groupby(BUILT).size())
    rows = [
        "| depth, width, pixels | Mflops | runs | validation top-1 | test top-1 | last tenth |",
        "| --- " * 6 + "|",
    ]
    for row in means.reset_index().sort_values("val_top1", ascending=False).itertuples():
        shape = f"{row.built_depth:g}, {row.built_width:.2f}, {row.resolution_px:g}"
        start = " (baseline)" if (row.built_depth, row.built_width) == (1, 1) else ""
        cells = [shape + start, f"{row.flops / 1e6:.3f}", f"{row.n}", f"{row.val_top1:.2f}", f"{row.top1:.2f}"]
        rows.append(f"| {' | '.join([*cells, f'{row.last_tenth_gain:+.2f}'])} |")
    return rows
