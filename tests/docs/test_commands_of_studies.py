"""The commands beside the committed tables: together they give every run of a table, under its name there."""

import re

import blocks
import pandas as pd
import pytest

import scaling_study as ss
from scaling_study.execution.command import application, composed, options_of

COMMAND = re.compile(r"python -m scaling_study ([^`\n]+)")


def commands_of(study):
    """Arguments of every command that names the study in the list of tables and on the pages that it refers to."""
    pages = ("results/README.md", "docs/explanation/results.md", "docs/explanation/photographs.md")
    texts = [(blocks.ROOT / name).read_text() for name in pages]
    found = dict.fromkeys(command for text in texts for command in COMMAND.findall(text))
    lists = [[argument.strip("\"'") for argument in command.split()] for command in found]
    own = (f"study={study}", f"results/{study}/conf")  # the latter of sweeps that the study proposed
    return [given for given in lists if set(own) & set(given) and "task=" not in " ".join(given)]


@pytest.mark.slow
@pytest.mark.parametrize("study", blocks.COMMITTED)
def test_the_commands_of_a_study_give_all_its_runs(study, tmp_path, monkeypatch):
    monkeypatch.chdir(blocks.ROOT)
    given: set[str] = set()
    for arguments in commands_of(study):
        with application(options := options_of([*arguments, f"results_dir={tmp_path}"])) as app:
            given |= {job.run.run_id for job in composed(app, options).jobs}
    assert set(ss.load_runs(blocks.ROOT / "results" / study).run_id) <= given


def test_runs_that_were_trained_again_are_those_of_the_tables():
    again = pd.read_csv(blocks.ROOT / "results/retrained.csv")
    assert not again[["study", "cpu_capability_again"]].duplicated().any()
    for row in again.itertuples():
        runs = ss.load_runs(blocks.ROOT / "results" / row.study).set_index("run_id")
        assert runs.top1[row.run_id] == row.top1
        assert runs.val_top1[row.run_id] == pytest.approx(row.val_top1, abs=1e-6)
        assert runs.device[row.run_id] == row.device
