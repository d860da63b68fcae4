from types import SimpleNamespace

import pytest

from scaling_study.errors import ConfigError
from scaling_study.planning.identity import run_of
from scaling_study.planning.settings import require_one_setting, settings_of_study
from scaling_study.records.store import RunFolder


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
