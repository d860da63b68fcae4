"""Figures keep their own settings, and one that cannot be drawn keeps nothing else from being done."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scaling_study.figures import of_runs
from scaling_study.figures.printed import save
from scaling_study.planning.identity import run_of
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import load_runs
from scaling_study.report import drawing
from scaling_study.tasks import figures
from scaling_study.tasks.train import finish

RESULTS = Path(__file__).parents[2] / "results"
STUDY = "fractals-search"
SETTINGS = "text.usetex: True\nfont.size: 30\naxes.facecolor: red\nsvg.fonttype: path\nfigure.dpi: 20\n"
HOSTILE = {"MPLBACKEND": "of_no_module", "MATPLOTLIBRC": "matplotlibrc"}
DRAW = f"""
from pathlib import Path
from scaling_study.records.tables import load_runs
from scaling_study.report.drawing import draw_runs
drawn = draw_runs(load_runs({str(RESULTS / STUDY)!r}), Path("plots/s"))
raise SystemExit(drawn.status)
"""


@pytest.fixture
def study(tmp_path):
    """The config of a copy of a committed study, and its folder."""
    folder = tmp_path / "results" / STUDY
    shutil.copytree(RESULTS / STUDY, folder)
    options = {"study": STUDY, "cost": "flops", "analysis": SimpleNamespace(runtime=None)}
    options |= {"figures": None, "formats": ["png", "svg"], "venue": None, "columns": 1}
    return SimpleNamespace(study_dir=folder, study_plots_dir=tmp_path / "plots", **options), folder


@pytest.mark.slow
def test_a_users_settings_of_matplotlib_change_nothing(tmp_path):
    (tmp_path / "matplotlibrc").write_text(SETTINGS)
    environment = os.environ | HOSTILE | {"PYTHONPATH": str(RESULTS.parent)}
    subprocess.run([sys.executable, "-c", DRAW], cwd=tmp_path, env=environment, check=True, timeout=100)
    for name, draw in of_runs(load_runs(RESULTS / STUDY)).items():
        *_, file = save(draw(), tmp_path / "again" / name, drawing.ALL.formats)
        assert (tmp_path / "plots" / "s" / file.name).read_bytes() == file.read_bytes()


def test_a_figure_that_fails_is_named_and_the_rest_drawn(tmp_path, capsys):
    whole = of_runs(load_runs(RESULTS / STUDY))

    def broken():
        raise RuntimeError("latex could not\nbe found")

    drawn = drawing.write(tmp_path, "runs", lambda: {"bad": broken, "nothing": lambda: None, **whole})
    assert [path.name for path in drawn.files] == ["axes.png", "axes.svg", "methods.png", "methods.svg"]
    assert drawn.status == 1
    line = "warning: figure bad could not be drawn (RuntimeError: latex could not be found)\n"
    assert capsys.readouterr().err == line


def test_figures_of_which_none_can_be_drawn_are_named(tmp_path, capsys):
    drawn = drawing.write(tmp_path, "runs", lambda: 1 / 0)
    assert (drawn.files, drawn.status) == ([], 1)
    assert capsys.readouterr().err.startswith("warning: figures of runs could not be drawn (ZeroDivisionError")


def damaged(name):
    return {
        "empty": lambda data: b"",
        "half": lambda data: data[: len(data) // 2],
        "noise": lambda data: bytes(range(256)) * 9,
        "text in numbers": lambda data: data.replace(b"0.", b"zero."),
    }[name]


SLOW = pytest.mark.slow


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", [pytest.param("empty", marks=SLOW), "half", pytest.param("noise", marks=SLOW), "text in numbers"]
)
def test_a_damaged_table_of_the_analysis_is_named_and_the_rest_drawn(study, capsys, damage):
    config, folder = study
    file = folder / "search.csv"
    file.write_bytes(damaged(damage)(file.read_bytes()))
    status = figures.run([SimpleNamespace(config=config)])
    output = capsys.readouterr()
    assert status == 1
    [line] = output.err.splitlines()
    assert "search" in line
    assert line.startswith("warning: ")
    drawn = {Path(path).stem for path in output.out.split()}
    assert drawn == {"axes", "methods", "learning_curves", "frontier", "law", "law_map"}


@pytest.mark.slow
def test_a_cost_table_that_cannot_be_read_is_named(study, capsys):
    config, folder = study
    (folder / "costs.csv").write_text("x\n1\n")
    assert figures.run([SimpleNamespace(config=config)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "costs.csv cannot be read" in line


def test_training_ends_with_status_1_and_with_tables_when_a_figure_fails(config, tmp_path, capsys, monkeypatch):
    made = config(f"results_dir={tmp_path}/results", f"plots_dir={tmp_path}/plots", "study=s")
    run = run_of(made)
    folder = RunFolder(tmp_path / "results" / "s" / "runs" / run.run_id)
    columns = {"method": "baseline", "model": "micro_mbconv", "data": "fractals", "recipe": "quick", "seed": 0}
    columns |= {"flops": 10**6, "top1": 50.0, "depth": 1.0, "width": 1.0, "resolution": 1.0, "resolution_px": 14}
    folder.write_history([{"epoch": 1, "train_loss": 1.0}])
    folder.write_record({"run_id": run.run_id, "status": "done", "epochs": 1, **columns})
    assert finish([SimpleNamespace(config=made, run=run)]) == 0

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    (tmp_path / "results" / "s" / "runs.csv").unlink()
    assert finish([SimpleNamespace(config=made, run=run)]) == 1
    assert "warning: figure axes could not be drawn (OSError" in capsys.readouterr().err
    assert (tmp_path / "results" / "s" / "runs.csv").exists()
