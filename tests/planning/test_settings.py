from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from omegaconf import OmegaConf

from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.prepare import prepare
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import job_from
from scaling_study.planning.settings import (
    require_one_setting,
    require_same_study,
    require_setting_of_a_run,
    settings_of_study,
)
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import load_runs

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def study(tmp_path, config):
    """A function that checks a run against the study, and starts it there."""

    def start(*overrides):
        made = config(*overrides, f"results_dir={tmp_path}", "study=s")
        job = SimpleNamespace(config=made, run=run_of(made))
        require_one_setting(job, settings_of_study(made))
        RunFolder(tmp_path / "s" / "runs" / job.run.run_id).write_config(job.run.settings)

    return start


def test_each_model_of_a_study_keeps_its_resolution(study):
    study()
    study("model=mobilenetv2", "data.resolution=32")
    study("model=mobilenetv2", "data.resolution=32", "seed=1")
    with pytest.raises(ConfigError, match=r"^data\.resolution=16: study=s holds runs with 32"):
        study("model=mobilenetv2", "data.resolution=16")
    with pytest.raises(ConfigError, match=r"^data\.resolution=16: study=s holds runs with 14"):
        study("data.resolution=16")


def test_each_model_of_a_study_keeps_its_baseline(study):
    study()
    with pytest.raises(ConfigError, match=r"^model\.width_multiplier=0\.7: study=s holds runs with 1\.0; give these a"):
        study("model.width_multiplier=0.7")
    with pytest.raises(ConfigError, match=r"^model\.dropout=0\.1: study=s holds runs with 0\.0"):
        study("model.dropout=0.1")
    study("model=mobilenetv2", "data.resolution=32", "model.width_multiplier=0.7")
    with pytest.raises(ConfigError, match=r"^model\.width_multiplier=1\.0: study=s holds runs with 0\.7"):
        study("model=mobilenetv2", "data.resolution=32")
    study("scaling.width=2")


def test_lengths_of_training_are_mixed_only_where_the_sweep_says_so(study):
    study()
    with pytest.raises(ConfigError, match=r"^recipe\.epochs=4: study=s holds runs with 2"):
        study("recipe.epochs=4")
    study("recipe.epochs=4", "vary=[recipe.epochs]")


def test_keys_that_vary_may_differ(study):
    study()
    study("recipe.learning_rate=0.003", "vary=[recipe.learning_rate]")
    study("data.train_images=500", "vary=[data.train_images,recipe.learning_rate]")
    with pytest.raises(ConfigError, match=r"^recipe\.weight_decay=0\.1: study=s holds runs with 0\.05"):
        study("recipe.weight_decay=0.1", "vary=[recipe.learning_rate]")


def test_keys_that_came_later_are_compared_too(study):
    """Also those that one side does not name, since they are at their default there."""
    study()
    with pytest.raises(ConfigError, match=r"^recipe\.mixup=0\.2: study=s holds runs with 0\.0"):
        study("recipe.mixup=0.2")


def test_a_key_at_its_default_is_compared_with_one_that_is_not(study):
    study("recipe.mixup=0.2")
    study("recipe.mixup=0.2", "seed=1")
    with pytest.raises(ConfigError, match=r"^recipe\.mixup=0\.0: study=s holds runs with 0\.2"):
        study()


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "text",
        "2026-13-45",
        "model: 3",
        "model: {name: [1]}",
        "model: {name: micro_mbconv}\ndata: 1\nrecipe: [a]",
    ],
)
def test_a_damaged_config_says_nothing_and_stops_nothing(study, tmp_path, text):
    other = tmp_path / "s" / "runs" / "other"
    other.mkdir(parents=True)
    (other / "config.yaml").write_text(text)
    study()
    assert len(list(other.parent.iterdir())) == 2  # the run was taken
    assert (other / "config.yaml").read_text() == text


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        (["data.resolution=15"], StudyError, r"^study=s: its baseline has 491,428 multiply-adds, that of"),
        (["model.width_multiplier=2"], StudyError, r"^study=s: its baseline has 491,428 multiply-adds, that of"),
        (["recipe=standard"], ConfigError, r"^recipe=standard: study=s holds runs with quick; give these a study=NAME"),
        (["data=fractals_v2"], ConfigError, r"^data=fractals_v2: study=s holds runs with fractals; give these a"),
    ],
)  # fmt: skip
def test_a_study_that_is_here_as_tables_alone_takes_no_runs_of_another_kind(config, overrides, error, message):
    runs = load_runs(RESULTS / "fractals-reference")
    with pytest.raises(error, match=message):
        require_same_study(job_from(config("study=s", *overrides)), runs)
    require_same_study(job_from(config("study=s", "scaling.width=3")), runs)
    require_same_study(job_from(config("study=s", "model=mobilenetv2", "data.resolution=32")), runs)
    require_same_study(job_from(config("study=s", *overrides)), pd.DataFrame())


@pytest.mark.parametrize("recorded", ["quick", "quick_v1"])
def test_a_recipe_goes_by_its_earlier_name_too(config, recorded):
    runs = load_runs(RESULTS / "fractals-reference").assign(recipe=recorded)
    job = job_from(config("study=s", "seed=7"))
    assert job.run.recipe.name == "quick_v1"
    require_same_study(job, runs)
    with pytest.raises(
        ConfigError, match=r"^recipe=quick_v1: study=s holds runs with standard; give these a study=NAME"
    ):
        require_same_study(job, runs.assign(recipe="standard"))


def test_questions_may_be_asked_with_the_keys_of_any_run(study, config, tmp_path):
    study()
    study("recipe.epochs=4", "vary=[recipe.epochs]")

    def ask(*overrides):
        require_setting_of_a_run(job_from(config(*overrides, f"results_dir={tmp_path}", "study=s")))

    ask()
    ask("recipe.epochs=4")
    ask("model=mobilenetv2", "data.resolution=32")
    study("model=mobilenetv2", "data.resolution=32")
    with pytest.raises(ConfigError, match=r"^model\.dropout=0\.1: study=s holds runs with 0\.0; give the keys of the"):
        ask("model.dropout=0.1")  # which the run of the other model would allow
    with pytest.raises(ConfigError, match=r"^recipe\.epochs=8: study=s holds runs with 2; give the keys of the"):
        ask("recipe.epochs=8")
    with pytest.raises(ConfigError, match=r"^data\.resolution=16: study=s holds runs with 14; give the keys of the"):
        ask("data.resolution=16")


def test_runs_of_one_command_share_their_settings_too(config, tmp_path):
    jobs = [
        job_from(config(f"recipe.learning_rate={rate}", "study=s", f"results_dir={tmp_path}")) for rate in (0.01, 0.02)
    ]
    with pytest.raises(ConfigError, match=r"^recipe\.learning_rate=0\.02: study=s holds runs with 0\.01; give these a"):
        prepare(jobs, OmegaConf.create({"launcher": {"_target_": "joblib"}}))
    assert not list(tmp_path.iterdir())
