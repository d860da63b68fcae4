"""A study's part of the page: what of very large tables it holds, and the order of its figures."""

import pandas as pd
import pytest

from scaling_study.analysis.accuracies import COLUMNS
from scaling_study.figures.chart import Chart
from scaling_study.report.page.sections import VARIANTS_MAX, listed, pictures


@pytest.mark.parametrize("count", [VARIANTS_MAX, VARIANTS_MAX + 1])
def test_of_more_variants_the_first_are_listed_and_it_says_so(count):
    table = pd.DataFrame(dict.fromkeys(COLUMNS, 1.0), index=range(count)).assign(
        model="net", method="width", best=False
    )
    text = listed(table.astype(COLUMNS))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + VARIANTS_MAX
    assert text.startswith(f"The first {VARIANTS_MAX} of {count} variants") == (count > VARIANTS_MAX)


def test_the_main_figure_of_a_study_of_lengths_is_what_its_first_answer_is_about(tmp_path):
    nothing = Chart("", (), (1, 1))
    charts = {name: (tmp_path / f"{name}.svg", nothing) for name in ("methods-1epochs", "fits", "regime")}
    for path, _ in charts.values():
        path.write_text("<svg/>")
    assert [picture.name for picture in pictures(charts)] == ["regime", "fits", "methods-1epochs"]
