"""The table of accuracies as Markdown and LaTeX."""

import pandas as pd
import pytest

from scaling_study.analysis.accuracies import COLUMNS
from scaling_study.report.typeset import as_latex, as_markdown, digits_of, escaped

ROWS = [
    {"method": "depth", "budget": 2, "depth": 2, "width": 1, "accuracy": 68.312, "half_width": 0.57, "best": False},
    {"method": "width", "budget": 2, "depth": 1, "width": 1.4567, "accuracy": 72.569, "half_width": 0.61, "best": True},
]


@pytest.fixture
def table():
    common = {"model": "micro_mbconv_v2", "epochs": 12, "resolution": 1, "flops": 5.5e5, "params": 6e4, "n": 5}
    return pd.DataFrame([common | row for row in ROWS])[list(COLUMNS)].astype(COLUMNS)


def test_markdown(table):
    assert as_markdown(table).splitlines() == [
        "| method | depth | width | top-1 (%) |",
        "| --- | --- | --- | --- |",
        "| depth | 2 | 1 | 68.31 ± 0.57 |",
        "| width | 1 | 1.46 | **72.57** ± 0.61 |",
        "",
        "Test top-1 of micro_mbconv_v2 after 12 epochs, mean over 5 seeds, ± half of the 95% interval; "
        "bold: the highest of its budget, distinguishable from the second (5%, not corrected).",
    ]


def test_latex(table):
    table["model"] = ["a_b", "c&d"]
    assert as_latex(table).splitlines()[1:] == [
        r"\begin{tabular}{llrrr}",
        r"\toprule",
        r"model & method & depth & width & top-1 (\%) \\",
        r"\midrule",
        r"a\_b & depth & 2 & 1 & 68.31 $\pm$ 0.57 \\",
        r"c\&d & width & 1 & 1.46 & \textbf{72.57} $\pm$ 0.61 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    assert escaped("\\{~^%") == r"\textbackslash{}\{\textasciitilde{}\textasciicircum{}\%"


def test_single_seeds_have_no_interval_and_nothing_bold(table):
    text = as_markdown(table.assign(half_width=float("nan"), best=False, n=1))
    assert "| width | 1 | 1.46 | 72.57 |" in text
    assert text.endswith("Test top-1 of micro_mbconv_v2 after 12 epochs, mean over 1 seed.\n")


@pytest.mark.parametrize(("half", "digits"), [(0.057, 2), (0.57, 2), (5.7, 1), (57, 0), (float("nan"), 2), (0, 2)])
def test_digits_are_those_that_the_interval_tells(half, digits):
    assert digits_of(pd.Series([half])) == digits
