"""task=pull against a stand-in for the Hub."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

import scaling_study as ss
from scaling_study.errors import StudyError
from scaling_study.sharing import files

from .conftest import ROOT, add_run, files_of

PULL = ("task=pull", "study=theirs", "hub.repo=user/study")
PUSH = ("task=push", "study=mine", "hub.repo=user/study", "analysis.draws=100")


def test_a_study_arrives_byte_for_byte_and_can_be_used(pushed, here, command):
    status, said = command(*PULL)
    assert status == 0
    mine = {name: file for name, file in files_of(here / "results/mine").items() if "/" not in name}
    assert files_of(here / "results/theirs") == mine
    assert files_of(here / "plots/theirs") == files_of(here / "plots/mine")
    assert f"{len(mine) + 2} files" in said
    assert sorted(os.listdir(here / "results")) == ["mine", "theirs"]  # nothing is left beside
    assert os.stat(here / "results/theirs").st_mode == os.stat(here / "results/mine").st_mode
    assert ss.load_runs(here / "results/theirs").equals(ss.load_runs(here / "results/mine"))
    assert command("task=figures", "study=theirs", "figures=[methods]", "formats=[png]")[0] == 0
    assert command("task=tables", "study=theirs")[0] == 0


def test_pulled_twice_is_the_same_and_what_is_missing_is_added(shared, here, command):
    assert command(*PULL)[0] == 0
    before = files_of(here)
    assert "none of them new here" in command(*PULL)[1]
    (here / "results/theirs/summary.md").unlink()
    shutil.rmtree(here / "plots/theirs")
    assert " 3 of them new here" in command(*PULL)[1]
    assert files_of(here) == before


@pytest.mark.parametrize(
    "changed", ["results/theirs/summary.md", "plots/theirs/methods.svg", "results/theirs/runs.csv"]
)
def test_files_that_differ_are_kept(shared, here, command, changed):
    assert command(*PULL)[0] == 0
    path = here / changed
    path.write_text(path.read_text().replace("0.1.0", "0.1.1") + "\n")
    before = files_of(here)
    status, said = command(*PULL)
    assert (status, said.count("\n")) == (1, 0)
    assert f"study=theirs: {changed} here differ" in said
    assert "choose another name, study=theirs-2" in said
    assert files_of(here) == before


@pytest.mark.parametrize("kind", ["table", "folder"])
def test_runs_of_ones_own_are_kept(shared, here, command, kind):
    folder = here / "results/theirs"
    folder.mkdir()
    if kind == "folder":
        (folder / "runs" / "mine-seed0-12345678").mkdir(parents=True)
    else:
        shutil.copy(ROOT / "results/fractals-search/runs.csv", folder)
    before = files_of(here)
    status, said = command(*PULL)
    assert (status, said.count("\n")) == (1, 0)
    assert "study=theirs: results/theirs holds " in said
    assert "that the data set has not" in said
    assert files_of(here) == before


def test_without_a_name_the_study_is_named_after_the_data_set(shared, here, command):
    assert command("task=pull", "hub.repo=user/study")[0] == 0
    assert (here / "results/user_study/runs.csv").exists()


def test_a_revision_gives_the_study_as_it_was(shared, here, command):
    first = shared.repos["user/study"].sha()
    shared.add("user/study", {"summary.md": b"# Later\n"})
    assert command(*PULL, f"hub.revision={first}")[0] == 0
    assert files_of(here / "results/theirs")["summary.md"] == files_of(here / "results/mine")["summary.md"]
    status, said = command(*PULL, "hub.revision=nothing")
    assert (status, said.count("\n")) == (1, 0)
    assert "hub.revision=nothing: " in said
    assert "has no such branch, tag or commit" in said


@pytest.mark.slow
def test_weights_come_only_where_asked_for(hub, here, command):
    run = add_run(here / "results/mine", checkpoint=b"weights")
    assert command(*PUSH, "hub.weights=true")[0] == 0
    assert command(*PULL)[0] == 0
    assert not (here / "results/theirs/runs").exists()
    assert command(*PULL, "hub.weights=true")[0] == 0
    folders = [files_of(here / f"results/{name}/runs/{run}") for name in ("mine", "theirs")]
    assert folders[0] == folders[1]
    assert folders[1]["checkpoint.pt"] == b"weights"


def test_weights_without_a_usable_record_are_refused(hub, here, command):
    run = add_run(here / "results/mine")
    assert command(*PUSH, "hub.weights=true")[0] == 0
    hub.add("user/study", {f"runs/{run}/record.json": b"{}"})
    status, said = command(*PULL, "hub.weights=true")
    assert (status, said.count("\n")) == (1, 0)
    assert f"runs/{run} is no finished run with its weights; nothing was written" in said
    assert not (here / "results/theirs").exists()


@pytest.mark.parametrize(
    "name", ["x/../../x.csv", "figures/../../x.png", "/etc/x.csv", "runs/../../record.json", "..\\x"]
)
def test_names_that_lead_out_of_the_study_are_known(name):
    with pytest.raises(StudyError, match=r"leads out of its folder; nothing is taken$"):
        files.to_take(["runs.csv", name])


def test_a_data_set_with_such_a_name_is_refused(shared, here, command):
    shared.add("user/study", {"../x.csv": b"a\n1\n"})
    before = files_of(here)
    status, said = command(*PULL)
    assert (status, said.count("\n")) == (1, 0)
    assert "leads out of its folder; nothing is taken" in said
    assert files_of(here) == before


def test_files_of_other_kinds_are_left(shared, here, command):
    others = ["run.sh", "conf/task/x.yaml", "report.html", ".hidden.csv", "a b.csv", "figures/x.html", "runs/a/x.py"]
    shared.add("user/study", dict.fromkeys(others, b"a\n1\n"))
    assert command(*PULL)[0] == 0
    mine = {name for name in files_of(here / "results/mine") if "/" not in name}
    assert {*files_of(here / "results/theirs")} == mine


@pytest.mark.parametrize(
    ("name", "content"),
    [("runs.csv", b"a,b\n1,2\n"), ("runs.parquet", b"no parquet"), ("costs.csv", b"a\n1\n"), ("odd.csv", b"a,b\n1\n")],
)
def test_a_table_that_cannot_be_read_is_refused(shared, here, command, name, content):
    shared.add("user/study", {name: content})
    status, said = command(*PULL)
    assert (status, said.count("\n")) == (1, 0)
    assert f"{name} is not a table of {name.partition('.')[0]} (" in said
    assert sorted(os.listdir(here / "results")) == ["mine"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("pattern", "answer", "message"),
    [
        ("GET /api/datasets", (401, {}), "does not know this token (401)"),
        ("GET /api/datasets", (404, {"X-Error-Code": "RepoNotFound"}), "hub.repo=user/study: there is no data set"),
        ("GET /api/datasets", (403, {"X-Error-Code": "GatedRepo"}), "hub.repo=user/study: its owner grants access"),
        ("revision|study$", (500, {}), "the Hub answered 500 (it is a test); try again later"),
        ("resolve", (404, {"X-Error-Code": "EntryNotFound"}), "the Hub answered 404"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(shared, command, pattern, answer, message):
    shared.refuse = {pattern: answer}
    status, said = command(*PULL)
    assert (status, said.count("\n")) == (1, 0)
    assert message in said
    assert sorted(os.listdir("results")) == ["mine"]


def test_private_studies_need_a_token_and_public_ones_none(shared, here, command, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert "or it is private and you may not read it" in command(*PULL)[1]
    shared.repos["user/study"].private = False
    assert command(*PULL)[0] == 0


def test_a_data_set_of_something_else_is_no_study(hub, here, command):
    hub.add("user/study", {"train.csv": b"a\n1\n"})
    assert "hub.repo=user/study: this data set holds no table of runs or costs" in command(*PULL)[1]
    hub.add("user/study", {"runs.csv": (here / "results/mine/runs.csv").read_bytes()})
    assert "hub.weights=True: user/study holds no weights" in command(*PULL, "hub.weights=true")[1]


@pytest.mark.slow
def test_the_commands_as_a_user_starts_them(hub, here):
    """In processes of their own, which read the environment as they start."""
    environment = os.environ | {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(here / "hf"), "PYTHONPATH": str(ROOT)}

    def started(*arguments, **more):
        given = [sys.executable, "-m", "scaling_study", *arguments]
        return subprocess.run(given, env=environment | more, capture_output=True, text=True, timeout=200, check=False)

    push = started(*PUSH)
    assert (push.returncode, push.stderr) == (0, "")
    pull = started(*PULL)
    assert (pull.returncode, pull.stderr) == (0, "")
    assert files_of(here / "results/theirs").keys() == files_of(here / "results/mine").keys()
    offline = started(*PULL, HF_HUB_OFFLINE="1")
    assert (offline.returncode, offline.stderr.count("\n")) == (1, 1)
    assert "was not asked: HF_HUB_OFFLINE is set; unset it" in offline.stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no file /home/me/x.csv", "/home/me/x.csv"),
        ("C:\\Users\\me", "C:\\Users"),
        ("a/b/c", None),
        ("https://huggingface.co/datasets/x", None),
        ("depth 2 / width 3", None),
        ("torch/mnist", None),
    ],
)
def test_paths_of_a_machine_are_told_from_other_text(text, found):
    assert files.paths_in(pd.DataFrame({"error": [None, text], "n": [1, 2]})).get("error") == found
