"""task=push against a stand-in for the Hub."""

import json
import shutil

import pandas as pd
import pytest
import yaml

from ..hub_server import TOKEN
from .conftest import ROOT, add_run, files_of

PUSH = ("task=push", "study=mine", "hub.repo=user/study", "analysis.draws=100")


def test_tables_figures_and_card_are_sent_as_one_commit(pushed, here):
    tables = {name: file for name, file in files_of(here / "results/mine").items() if "/" not in name}
    figures = {f"figures/{name}": file for name, file in files_of(here / "plots/mine").items()}
    sent = pushed.files("user/study")
    assert {
        name: file for name, file in sent.items() if name not in ("README.md", ".gitattributes")
    } == tables | figures
    assert {"runs.csv", "runs.parquet", "history.csv", "comparisons.csv", "summary.md"} <= {*tables}
    assert len(pushed.repos["user/study"].commits) == 2  # with that of the Hub itself
    assert pushed.repos["user/study"].private


def test_the_card_states_answers_data_and_how_to_load(pushed):
    _, metadata, text = pushed.files("user/study")["README.md"].decode().split("---\n", 2)
    known = yaml.safe_load(metadata)
    assert known["configs"][0] == {"config_name": "runs", "data_files": "runs.csv", "default": True}
    assert "license" not in known
    assert "compound-scaling" in known["tags"]
    shown = text.partition("## What it shows")[2].partition("##")[0]
    assert "Each network was trained with" in shown
    assert "Not tested:" in text
    assert "task=pull hub.repo=user/study study=mine\n" in text
    assert 'ss.load_runs("results/mine")' in text
    assert "](figures/methods.png)" in text
    assert "- data: fractals_v2\n" in text
    assert "finished runs: " in text


def test_what_was_sent_is_printed(hub, here, command):
    status, said = command(*PUSH, "hub.private=false", "hub.license=cc-by-4.0")
    assert status == 0
    files = hub.files("user/study")
    megabytes = sum(map(len, files.values())) / 1e6
    assert f"Sent: {len(files) - 2} files and the card, {megabytes:.1f} MB" in said
    assert f"Data set: {hub.url}/datasets/user/study (public)" in said
    assert not hub.repos["user/study"].private
    assert "license: cc-by-4.0\n" in files["README.md"].decode()


@pytest.mark.slow
def test_the_same_study_pushed_again_makes_no_commit_and_another_makes_one(pushed, here, command):
    status, said = command(*PUSH)
    assert status == 0
    assert "Nothing new" in said
    assert len(pushed.repos["user/study"].commits) == 2
    (here / "results/mine/summary.md").write_text("# Another\n")
    assert "Sent" in command(*PUSH)[1]
    assert len(pushed.repos["user/study"].commits) == 3
    assert pushed.files("user/study")["summary.md"] == b"# Another\n"


@pytest.mark.slow
def test_what_the_study_no_longer_has_is_removed_but_for_weights_and_files_of_others(pushed, here, command):
    others = dict.fromkeys(["law.csv", "figures/law.png", "runs/a/checkpoint.pt", "notes.txt"], b"a\n1\n")
    pushed.add("user/study", others)
    before = pushed.repos["user/study"].sha()
    status, said = command(*PUSH)
    assert status == 0
    assert "Removed, and kept in the data set's history: figures/law.png, law.csv\n" in said
    assert others.keys() & pushed.files("user/study").keys() == {"runs/a/checkpoint.pt", "notes.txt"}
    assert "law.csv" in pushed.repos["user/study"].at(before)[1]


def test_nothing_but_the_study_is_sent(hub, here, command):
    folder = here / "results/mine"
    run = add_run(folder)
    for name in (".tables.lock", "runs.csv.damaged", "hydra/scaling_study.log", "onnx/manifest.csv", "notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("secret\n")
    (here / "plots/mine/methods.pdf").write_bytes(b"secret")
    assert command(*PUSH)[0] == 0
    sent = hub.files("user/study")
    assert not any(b"secret" in content for content in sent.values())
    assert not any(run in name or "hydra" in name for name in sent)


@pytest.mark.slow
def test_weights_of_finished_runs_are_sent_where_asked_for(hub, here, command):
    status, said = command(*PUSH, "hub.weights=true")
    assert (status, said.count("\n")) == (1, 0)
    assert "hub.weights=True: no finished run of study=mine kept its weights" in said
    assert hub.repos == {}
    run = add_run(here / "results/mine")
    assert command(*PUSH, "hub.weights=true")[0] == 0
    sent = hub.files("user/study")
    names = {"config.yaml", "record.json", "history.csv", "checkpoint.pt"}
    assert {name for name in sent if name.startswith("runs/")} == {f"runs/{run}/{name}" for name in names}
    assert "hub.weights=true" in sent["README.md"].decode()


@pytest.mark.parametrize("state", ["under way", "failed"])
def test_checkpoints_of_other_runs_are_not_sent(hub, here, command, state):
    study = here / "results/mine"
    run = add_run(study, status="failed" if state == "failed" else "done")
    if state == "under way":
        (study / "runs" / run / "progress.json").write_text(json.dumps({"fraction": 0.5, "loss": 1.0}))
    assert "kept its weights" in command(*PUSH, "hub.weights=true")[1]


def test_tables_with_paths_of_this_machine_are_named_and_left_out(hub, here, command):
    folder = here / "results/mine"
    row = dict.fromkeys(["study", "weights", "data", "split", "model"], "x") | {"root": "/mnt/disk/imagenet"}
    pd.DataFrame([row]).to_csv(folder / "evaluations.csv", index=False)
    runs = pd.read_parquet(folder / "runs.parquet")
    runs.loc[0, ["status", "error"]] = ["failed", "there is no /home/me/data"]
    runs.to_parquet(folder / "runs.parquet", index=False)
    runs.to_csv(folder / "runs.csv", index=False)
    status, said = command(*PUSH)
    assert status == 0
    left_out = (
        "warning: evaluations.csv: column root holds paths of this machine (/mnt/disk/imagenet), so the file is not"
    )
    assert left_out in said
    assert "warning: runs.csv: column error holds paths of this machine (/home/me/data), and is sent as it is" in said
    assert "evaluations.csv" not in hub.files("user/study")
    assert b"/home/me/data" in hub.files("user/study")["runs.csv"]


def test_a_study_of_costs_alone_is_shared_too(hub, here, command):
    costs = here / "results/costs"
    costs.mkdir()
    for name in ("costs.csv", "cost_parts.csv"):
        shutil.copy(ROOT / "results/fashion_mnist-reference" / name, costs)
    assert command("task=push", "study=costs", "hub.repo=user/costs")[0] == 0
    card = hub.files("user/costs")["README.md"].decode()
    assert "no network was trained" in card
    assert yaml.safe_load(card.split("---\n")[1])["configs"][0]["data_files"] == "costs.csv"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("pattern", "answer", "message"),
    [
        ("whoami", (401, {}), "does not know this token (401): log in with `hf auth login`, or set HF_TOKEN"),
        ("whoami", (500, {}), "the Hub answered 500 (it is a test); try again later"),
        ("GET /api/datasets", (403, {"X-Error-Code": "GatedRepo"}), "hub.repo=user/study: its owner grants access"),
        ("create", (403, {}), "hub.repo=user/study: your token may not do this (403); it needs the right to write"),
        ("create", (500, {}), "the Hub answered 500"),
        ("preupload", (403, {}), "your token may not do this (403)"),
        ("commit/main", (404, {"X-Error-Code": "RepoNotFound"}), "there is no data set"),
        ("PUT /objects", (403, {}), "your token may not do this (403)"),
    ],
)
def test_a_refusal_is_one_line(hub, command, pattern, answer, message):
    hub.refuse = {pattern: answer}
    status, said = command(*PUSH)
    assert (status, said.count("\n")) == (1, 0)
    assert said.startswith("error: ")
    assert message in said
    assert not hub.repos or len(hub.repos["user/study"].commits) == 1


def test_without_a_token_a_network_or_the_right_visibility_nothing_is_sent(hub, here, command, monkeypatch):
    hub.add("user/study", {}, private=False)
    assert "is public; give hub.private=false, or change it on its page" in command(*PUSH)[1]
    assert len(hub.repos["user/study"].commits) == 2
    monkeypatch.delenv("HF_TOKEN")
    assert f"{hub.url} must know who sends: log in" in command(*PUSH)[1]
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    status, said = command(*PUSH)
    assert (status, said.count("\n")) == (1, 0)
    assert "error: http://127.0.0.1:9 cannot be reached (Connection refused); is this machine on the network?" in said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("hub.repo=study", "hub.repo=study: must be USER/NAME"),
        ("hub.repo=a/b/c", "hub.repo=a/b/c: must be USER/NAME"),
        ("hub.repo=a/b--c", "hub.repo=a/b--c: must be USER/NAME"),
        ("hub.repo=null", "hub.repo=None: task=push needs the data set's name on the Hub, USER/NAME"),
        ("hub.license=No", "hub.license=No: must be the Hub's name of a license"),
        ("hub.revision=main", "hub.revision=main: is for task=pull"),
        ("study=nothing", "study=nothing: there is no folder"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_hub_is_asked(hub, here, command, given, message):
    kept = [argument for argument in PUSH if argument.partition("=")[0] != given.partition("=")[0]]
    status, said = command(*kept, given)
    assert (status, said.count("\n")) == (1, 0)
    assert message in said
    assert hub.asked == []
