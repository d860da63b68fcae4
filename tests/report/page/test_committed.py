"""The committed pages hold what the committed tables do."""

import html
import json
import re
from pathlib import Path

import blocks
import pandas as pd
import pytest

from scaling_study.records.tables import load_runs

RESULTS = Path(__file__).parents[3] / "results"


def page_of(study):
    return (RESULTS / study / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("study", blocks.COMMITTED)
def test_runs_are_those_of_the_table(study):
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page_of(study), flags=re.DOTALL)
    data = json.loads(text)
    shown = pd.DataFrame(data["rows"], columns=data["columns"]).set_index("run_id").sort_index()
    runs = load_runs(RESULTS / study).set_index("run_id").sort_index()
    assert shown.index.tolist() == runs.index.tolist()
    for column in ("top1", "flops", "params", "seed"):
        if column in shown:
            assert shown[column].astype(float).tolist() == pytest.approx(runs[column].astype(float).tolist()), column


@pytest.mark.parametrize("study", [*blocks.COMMITTED, "imagenet-family"])
def test_answers_are_those_of_the_summary(study):
    summary = (RESULTS / study / "summary.md").read_text(encoding="utf-8")
    answers = summary.partition("## In short")[2].partition("\n## ")[0].strip().splitlines()
    words = html.unescape(page_of(study))
    assert answers
    assert [answer for answer in answers if answer.removeprefix("- ") not in words] == []
