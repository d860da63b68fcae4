import shutil
from pathlib import Path

import pandas as pd
import pytest
from huggingface_hub import constants

from scaling_study.cli import execute
from scaling_study.config.messages import line_of
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import write_tables

from .. import hub_server

ROOT = Path(__file__).parents[2]
STUDY = "fractals_v2-rule"
RUNS = 6  # of it, which are analyzed at once


@pytest.fixture(scope="session")
def server():
    with hub_server.running() as hub:
        yield hub


@pytest.fixture
def hub(server, monkeypatch, tmp_path):
    """The stand-in, empty, as the Hub that commands talk to with the token of its user."""
    server.clear()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", hub_server.TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # a protocol of its own, which the stand-in has not
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    return server


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder that commands are started in, with a study of tables and two figures."""
    folder = tmp_path / "here"
    for kind in ("results", "plots"):
        (folder / kind).mkdir(parents=True)
    page = shutil.ignore_patterns("report.html")  # which task=pull leaves where it is; a test adds one
    shutil.copytree(ROOT / "results" / STUDY, folder / "results" / "mine", ignore=page)
    shorten(folder / "results" / "mine")
    plots = folder / "plots" / "mine"
    plots.mkdir()
    for name in ("methods.png", "methods.svg"):
        shutil.copy(ROOT / "plots" / STUDY / name, plots)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(capsys):
    """Call the command line in this process. Returns (exit status, what it printed); the status is 1 where it ends with
    an error, whose line is printed last."""

    def call(*arguments):
        capsys.readouterr()
        try:
            status = execute([*arguments])[0]
        except Exception as error:
            return 1, f"{capsys.readouterr().out}error: {line_of(error)}"
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return call


@pytest.fixture
def pushed(hub, here, command):
    """The stand-in after ``task=push`` of the study, which is in user/study."""
    status, said = command("task=push", "study=mine", "hub.repo=user/study", "analysis.draws=100")
    assert status == 0, said
    return hub


@pytest.fixture
def shared(hub, here):
    """The same without a push: the study's files, put there by other software."""
    tables, figures = files_of(here / "results/mine"), files_of(here / "plots/mine")
    hub.add("user/study", {**tables, **{f"figures/{name}": file for name, file in figures.items()}})
    return hub


def shorten(folder):
    """Leave the first RUNS runs of a study, as its tables are written again from."""
    runs = pd.read_parquet(folder / "runs.parquet").head(RUNS)
    for name in ("runs", "history"):
        table = pd.read_parquet(folder / f"{name}.parquet")
        table = table[table.run_id.isin(runs.run_id)]
        table.to_parquet(folder / f"{name}.parquet", index=False)
        table.to_csv(folder / f"{name}.csv", index=False)
    write_tables(folder)


def files_of(folder):
    """{name: content} of what a study or a folder of figures holds, without locks and other hidden files."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def add_run(study_dir, checkpoint=b"weights", status="done"):
    """Give the first run of a study's table a folder, as checkpoint.keep=true leaves it. Returns its name."""
    runs = pd.read_parquet(study_dir / "runs.parquet")
    row = runs[runs.status == "done"].iloc[0].dropna().to_dict()
    history = pd.read_parquet(study_dir / "history.parquet").query("run_id == @row['run_id']").dropna(axis=1)
    folder = RunFolder(study_dir / "runs" / row["run_id"])
    folder.write_config({"coefficients": {}, "model": {}, "data": {}, "recipe": {}})
    folder.write_history(history.drop(columns="run_id").to_dict("records"))
    folder.checkpoint.write_bytes(checkpoint)
    folder.write_record({**row, "status": status}, keep_checkpoint=True)
    return row["run_id"]
