"""task=report: a page from records or from tables alone, of one study or several, written again as runs get further."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from scaling_study.errors import ConfigError
from scaling_study.records.store import RunFolder
from scaling_study.report.drawing import Drawn
from scaling_study.tasks import report

RESULTS = Path(__file__).parents[2] / "results"
STUDY = "fractals_v2-power"


@pytest.fixture
def run(config, tmp_path):
    """Run the task on a copy of the tables of a committed study."""
    (tmp_path / STUDY).mkdir()
    shutil.copy(RESULTS / STUDY / "runs.csv", tmp_path / STUDY)

    def call(*overrides, study=STUDY):
        given = config("task=report", f"study={study}", f"results_dir={tmp_path}", "analysis.draws=100", *overrides)
        return report.run([SimpleNamespace(config=given)])

    return call


@pytest.fixture
def undrawn(monkeypatch):
    """No figures, which take seconds."""
    for name in ("draw_runs", "draw_costs", "draw_analysis"):
        monkeypatch.setattr(report, name, lambda *_, **__: Drawn())


def data_of(path):
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"))[1])


@pytest.mark.slow
def test_a_table_alone_makes_a_page(run, tmp_path, capsys):
    assert run() == 0
    path = tmp_path / STUDY / "report.html"
    assert re.search(rf"^Page: {re.escape(str(path))} \(\d\.\d MB, 58 runs\)$", capsys.readouterr().out, re.MULTILINE)
    text = path.read_text(encoding="utf-8")
    assert "compound scaling (all three axes grown by one rule) is better than width" in text
    assert "Not tested: " in text
    assert "Compound against the other methods at equal cost" in text
    assert text.count("data:image/svg+xml;base64,") >= 4
    assert len(data_of(path)["rows"]) == 58
    assert not (tmp_path / "plots").exists()


@pytest.mark.slow
def test_studies_share_a_page(run, undrawn, tmp_path):
    shutil.copytree(tmp_path / STUDY, tmp_path / "b")
    assert run(f"report.studies=[{STUDY},b]") == 0
    data = data_of(tmp_path / "report.html")
    place = data["columns"].index("study")
    assert {row[place] for row in data["rows"]} == {STUDY, "b"}


def test_a_study_without_a_finished_run_says_so(run, tmp_path):
    (tmp_path / "c").mkdir()
    assert run(study="c") == 0
    text = (tmp_path / "c" / "report.html").read_text(encoding="utf-8")
    assert "No run has begun." in text
    assert "there is no finished run" in text


@pytest.mark.slow
def test_a_study_of_costs_alone_has_a_page(run, tmp_path):
    shutil.copytree(RESULTS / "imagenet-family", tmp_path / "d")
    assert run(study="d") == 0
    text = (tmp_path / "d" / "report.html").read_text(encoding="utf-8")
    assert "No run has finished" in text
    assert "Published accuracy against the measured cost" in text
    assert set(re.findall(r'href="#(\w+)"', text)) == {"answer", "limits", "findings", "setup"}


@pytest.mark.parametrize(("overrides", "message"), [
    (["study=none"], r"^study=none: there is no folder \S+/none$"),
    (["report.studies=[none]"], r"^report\.studies=\['none'\]: there is no folder \S+/none$"),
])  # fmt: skip
def test_what_is_not_there_is_named(run, overrides, message):
    with pytest.raises(ConfigError, match=message):
        run(*overrides)


def test_a_name_twice_is_refused(config):
    with pytest.raises(
        ConfigError, match=r"^report\.studies=\['a', 'a'\]: must be a list of names of studies, each at most once"
    ):
        config("task=report", "report.studies=[a,a]")


@pytest.mark.slow
def test_watching_writes_again_as_runs_get_further_and_ends(run, undrawn, tmp_path, monkeypatch, capsys):
    path, texts = tmp_path / STUDY / "report.html", []
    folder = RunFolder(tmp_path / STUDY / "runs" / "x")
    folder.path.mkdir(parents=True)
    settings = {"seed": 1, "coefficients": {}, "model": {"name": "m"}, "data": {"name": "d"}, "recipe": {"name": "r"}}
    folder.write_config(settings)
    folder.write_progress(0.2)

    def sleep(seconds):
        texts.append(path.read_text(encoding="utf-8"))
        if len(texts) == 2:
            folder.write_progress(0.4)
        if len(texts) == 4:
            shutil.rmtree(folder.path)

    monkeypatch.setattr(report.time, "sleep", sleep)
    with folder.lock():
        assert run("report.watch=true") == 0
    assert len(re.findall("^Page: .* runs\\)$", capsys.readouterr().out, re.MULTILINE)) == 3
    assert len(texts) == 3 + report.IDLE_SECONDS / report.LOOK_SECONDS
    shown = [(re.search(r"running, \d+%", text) or [None])[0] for text in texts]
    assert shown[:5] == ["running, 20%"] * 2 + ["running, 40%"] * 2 + [None]
    assert ['http-equiv="refresh"' in text for text in texts[:5]] == [True] * 4 + [False]
