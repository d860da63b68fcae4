"""The methods from baselines of equal multiply-adds, from few pixels and many channels to many pixels and few channels:
docs/explanation/results.md. ``python docs/balance.py`` draws the figure of plots/baselines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matched import observed, points, row

import scaling_study as ss
from scaling_study.analysis.contrasts import Contrast, contrast
from scaling_study.analysis.leads import change
from scaling_study.figures.chart import Chart
from scaling_study.figures.leads import leading
from scaling_study.figures.printed import save
from scaling_study.scaling.coefficients import AXES

ROOT = Path(__file__).parents[1]
PLOTS = ROOT / "plots" / "baselines"
# By the baseline, from few pixels to few channels. Changes are from the one between.
STUDIES = {
    "20 pixels": "fractals_v2-matched",
    "24 pixels": "fractals_v2-matched_24px",
    "36 pixels": "fractals_v2-matched_36px",
}
BETWEEN = "24 pixels"
CHANNELS = {"20 pixels": "all channels", "24 pixels": "0.93 of them", "36 pixels": "0.54 of them"}
BUDGET = 4.0  # multiples of the baselines' multiply-adds


def tables() -> dict[str, pd.DataFrame]:
    """{baseline: run table} of the committed studies."""
    return {name: ss.load_runs(ROOT / "results" / study) for name, study in STUDIES.items()}


def lines(runs: Mapping[str, pd.DataFrame], between: str = BETWEEN) -> list[str]:
    """A Markdown table of how far compound scaling is ahead of each axis and of the best of them from each baseline,
    and how much farther than from the one ``between``; then how far that baseline is ahead of the others.

    Intervals are 95%, each for itself. That of the best axis is not corrected for that the same runs picked the axis.
    """
    table = ss.leads(runs, BUDGET, against=between)
    others = [name for name in runs if name != between]
    heads = [
        "compound minus",
        *(f"from {name}" for name in runs),
        *(f"change from {between} to {name}" for name in others),
    ]
    rows = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for axis in AXES:
        found = table[table.other == axis].set_index("study")
        cells = [points(*found.loc[name, ["difference", "low", "high"]]) for name in runs]
        cells += [points(*found.loc[name, ["change", "change_low", "change_high"]]) for name in others]
        rows.append(f"| {' | '.join([axis, *cells])} |")
    best = table.loc[table.groupby("study").difference.idxmin()].set_index("study")
    leads = {row.Index: Contrast(row.difference, row.standard_error, row.df, row.n, False) for row in best.itertuples()}
    cells = [f"{words(leads[name])}, {best.other[name]}" for name in runs]
    cells += [words(change(leads[between], leads[name])) for name in others]
    rows.append(f"| {' | '.join(['the best axis', *cells])} |")
    gaps = {name: change(baseline(runs[name]), baseline(runs[between])) for name in others}
    ahead = [f"{words(gap)} points ahead of that of {name}" for name, gap in gaps.items()]
    return [*rows, "", f"The baseline of {between} is {' and '.join(ahead)}."]


def control(runs: pd.DataFrame) -> list[str]:
    """A Markdown table of the one network of a study that follows no method, against the methods at BUDGET, whose
    multiply-adds it has; intervals are 95%, each for itself."""
    seen = observed(runs)
    [index] = np.flatnonzero(seen.variants.method == "custom")
    built = runs[runs.method == "custom"].iloc[0]
    against = ("compound", *AXES)
    gaps = [contrast(seen, {int(index): 1.0, row(seen, method, BUDGET): -1.0}) for method in against]
    heads = ["depth, width, pixels", "Mflops", "seeds", "top-1", *(f"minus {method}" for method in against)]
    cells = [
        f"{built.built_depth:g}, {built.built_width:.2f}, {built.resolution_px:g}",
        f"{built.flops / 1e6:.2f}",
        f"{np.isfinite(seen.values[index]).sum()}",
        f"{seen.means[index]:.1f}",
        *map(words, gaps),
    ]
    return [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|", f"| {' | '.join(cells)} |"]


def baseline(runs: pd.DataFrame) -> Contrast:
    """The baseline's accuracy."""
    seen = observed(runs)
    return contrast(seen, {row(seen, "baseline", 1.0): 1.0})


def words(found: Contrast) -> str:
    return points(found.estimate, *found.interval())


def chart(runs: Mapping[str, pd.DataFrame]) -> Chart:
    """The differences from each baseline."""
    named = {f"{name},\n{CHANNELS[name]}": found for name, found in runs.items()}
    return leading(ss.leads(named, BUDGET), ordered=True)


if __name__ == "__main__":
    save(chart(tables()), PLOTS / "leads", ["png", "svg"])
