"""The table of accuracies, ready to be put into a text: Markdown, and LaTeX for the package booktabs."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from scaling_study.report.markdown import number, table
from scaling_study.scaling.coefficients import AXES

DIGITS_MAX = 2  # decimals of an accuracy
LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}
)


def as_markdown(accuracies: pd.DataFrame) -> str:
    """accuracies: as ``analysis.accuracies`` gives them."""
    rows = shown(accuracies, "**{}**".format, " ± ", lambda text: text.replace("|", "\\|"))
    return "\n".join([*table(rows), "", note(accuracies)]) + "\n"


def as_latex(accuracies: pd.DataFrame) -> str:
    """A tabular; needs booktabs. accuracies: as ``analysis.accuracies`` gives them."""
    frame = pd.DataFrame(shown(accuracies, "\\textbf{{{}}}".format, " $\\pm$ ", escaped))
    numbers = {"n", "budget", *AXES, "multiply-adds", "parameters", "top-1 (%)"}
    columns = "".join("r" if name in numbers else "l" for name in frame)
    frame = frame.rename(columns=escaped)
    text = frame.style.hide(axis="index").to_latex(hrules=True, column_format=columns)
    return f"% {note(accuracies)}\n{text}"


def shown(
    accuracies: pd.DataFrame, bold: Callable[[str], str], plus_minus: str, text: Callable[[str], str]
) -> list[dict[str, str]]:
    """Cells of a row each; columns that are the same or missing everywhere are left out, but for the accuracy."""
    digits, rows = digits_of(accuracies.half_width), []
    for row in accuracies.itertuples():
        around = "" if pd.isna(row.half_width) else f"{plus_minus}{row.half_width:.{digits}f}"
        accuracy = f"{row.accuracy:.{digits}f}"
        cells = {"model": text(row.model), "epochs": "" if pd.isna(row.epochs) else f"{row.epochs:g}"}
        cells |= {"method": text(row.method), "budget": "" if pd.isna(row.budget) else f"{row.budget:g}"}
        cells |= {axis: f"{getattr(row, axis):.3g}" for axis in AXES}
        cells |= {"multiply-adds": amount(row.flops), "parameters": amount(row.params), "n": f"{row.n}"}
        rows.append(cells | {"top-1 (%)": f"{bold(accuracy) if row.best else accuracy}{around}"})
    varying = [name for name in rows[0] if name == "top-1 (%)" or len({row[name] for row in rows}) > 1] if rows else []
    return [{name: row[name] for name in varying} for row in rows]


def amount(value: float) -> str:
    return "" if pd.isna(value) else number(value)


def digits_of(half_widths: pd.Series) -> int:
    """Decimals for all accuracies of a table: two significant digits of the usual half-width, DIGITS_MAX at most."""
    usual = half_widths.median()
    if not usual > 0:
        return DIGITS_MAX
    return min(max(1 - math.floor(math.log10(usual)), 0), DIGITS_MAX)


def note(accuracies: pd.DataFrame) -> str:
    """What the table is of, in words."""
    counts = accuracies.n
    seeds = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    lengths = " and ".join(f"{length:g}" for length in sorted(accuracies.epochs.dropna().unique()))
    models = ", ".join(sorted(accuracies.model.unique()))
    around = ", ± half of the 95% interval" if accuracies.half_width.notna().any() else ""
    bold = "; bold: the highest of its budget, distinguishable from the second (5%, not corrected)"
    after = f" after {lengths} epochs" if lengths else ""
    what = f"Test top-1 of {models}{after}, mean over {seeds} seed{'s' if counts.max() > 1 else ''}"
    return f"{what}{around}{bold if accuracies.best.any() else ''}."


def escaped(text: str) -> str:
    """Text in which nothing means anything to LaTeX."""
    return text.translate(LATEX)
