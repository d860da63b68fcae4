"""Rows of the page: finished runs with the command that trains each again, and runs that are under way."""

import shlex
from pathlib import Path

import pandas as pd
import pytest

from scaling_study.planning.identity import run_of
from scaling_study.records.columns import EPOCH_COLUMNS, RUN_COLUMNS
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import load_runs
from scaling_study.report.page.rows import epochs_of, page_rows, variant

RESULTS = Path(__file__).parents[3] / "results"
STUDIES = [
    *("fractals-reference", "fashion_mnist-reference", "fashion_mnist-regime", "fractals-search"),
    *("fractals_v2-rule", "fractals_v2-rate", "fractals_v2-shape", "fractals_v2-power"),
]


@pytest.mark.parametrize("study", STUDIES)
def test_the_command_of_a_row_is_of_the_same_run(config, study):
    rows = page_rows(load_runs(RESULTS / study), RESULTS / study)
    for _, group in rows.groupby("method"):
        row = group.iloc[-1]
        start, *overrides = shlex.split(row.command.removeprefix("python -m "))
        assert start == "scaling_study"
        run = run_of(config(*overrides))
        if study.startswith("fractals_v2") and row.method != "custom":
            assert run.run_id == row.run_id
        network = ["resolution_px", "built_depth", "built_width", "built_resolution"]
        assert [run.columns[key] for key in network] == pytest.approx(row[network].tolist())
        trained = [run.seed, run.recipe.epochs, run.data.train_images, run.data.val_images]
        assert trained == row[["seed", "epochs", "train_images", "val_images"]].tolist()


@pytest.fixture
def study(tmp_path):
    """A study with a run under way, one that was stopped and no record."""
    settings = {"method": "width", "coefficients": {"depth": 1.0, "width": 2.0, "resolution": 1.0}, "seed": 3}
    settings |= {"model": {"name": "micro_mbconv_v2"}, "data": {"name": "fractals_v2", "train_images": 100}}
    settings |= {"recipe": {"name": "quick", "epochs": 2, "batch_size": 10}}
    for name in ("one", "other"):
        folder = RunFolder(tmp_path / "runs" / name)
        folder.path.mkdir(parents=True)
        folder.write_config(settings)
        folder.write_progress(0.25)
    epoch = dict.fromkeys(EPOCH_COLUMNS, 1.0)
    RunFolder(tmp_path / "runs" / "one").write_history([{key: epoch[key] for key in EPOCH_COLUMNS if key != "run_id"}])
    return tmp_path


def test_runs_under_way_and_stopped_ones_are_rows(study):
    none = pd.DataFrame(columns=list(RUN_COLUMNS)).astype(RUN_COLUMNS)
    with RunFolder(study / "runs" / "one").lock():
        rows = page_rows(none, study).set_index("run_id")
    assert rows.status.to_dict() == {"one": "running, 25%", "other": "stopped, 25%"}
    assert rows.loc["one", ["method", "width", "seed", "epochs"]].tolist() == ["width", 2, 3, 2]
    epochs = epochs_of(pd.DataFrame(columns=list(EPOCH_COLUMNS)).astype(EPOCH_COLUMNS), study)
    assert epochs.run_id.tolist() == ["one"]
    assert epochs.val_top1.tolist() == [1.0]
    (study / "runs" / "other" / "history.csv").write_text("epoch\nx\n")
    assert epochs_of(epochs, study).run_id.tolist() == ["one", "one"]


def test_a_variant_in_words():
    row = {"model": "m", "method": "width", "depth": 1.0, "width": 1.41421, "resolution": 1.0}
    row |= {"stage_depth": None, "settings": None, "epochs": 2}
    assert variant(row) == "m, width, width 1.414, 2 epochs"
    assert variant(row | {"method": None, "width": None, "epochs": None}) == "m"
    assert variant(row | {"stage_depth": "1 2"}) != variant(row)


@pytest.mark.parametrize("study", STUDIES)
def test_a_variant_is_named_apart_from_every_other(study):
    rows = page_rows(load_runs(RESULTS / study), RESULTS / study)
    assert not rows.duplicated(["variant", "seed"]).any()
