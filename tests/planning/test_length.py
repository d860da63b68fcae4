"""Lengths of training that are asked for as compute."""

import pytest

from scaling_study.config.ignored import check_given
from scaling_study.errors import ConfigError
from scaling_study.planning.identity import run_of
from scaling_study.planning.length import flops_ratio

FOUR = ["scaling.method=compound", "scaling.flops=4"]


@pytest.mark.parametrize(
    ("overrides", "asked", "epochs"), [([], 8, 8), (FOUR, 8, 2), (["scaling.width=2"], 8, 2), ([], 2.1, 2)]
)
def test_a_run_is_the_same_whichever_key_asked_for_its_length(config, overrides, asked, epochs):
    made = run_of(config(*overrides, f"recipe.baseline_epochs={asked}"))
    assert made.recipe.epochs == epochs
    assert made.run_id == run_of(config(*overrides, f"recipe.epochs={epochs}")).run_id


def test_compute_is_by_the_flops_of_the_network_as_built(config):
    made = config(*FOUR, "recipe.baseline_epochs=8")
    ratio = flops_ratio(made, run_of(made).variant)
    assert ratio != 4
    assert ratio * run_of(made).recipe.epochs == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (1, r"recipe\.baseline_epochs=1: makes 0\.253 epochs of compound-flops4, .* 3\.95 times .* as 3\.95 does"),
        (6, r"recipe\.baseline_epochs=6: makes 1\.52 epochs .* within 10% of it, as 7\.91 does"),
    ],
)
def test_what_whole_epochs_miss_is_refused(config, asked, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        run_of(config(*FOUR, f"recipe.baseline_epochs={asked}"))


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_it_has_a_range(config, value):
    with pytest.raises(ConfigError, match=rf"^recipe\.baseline_epochs={value}.*: must be a number above 0"):
        config(f"recipe.baseline_epochs={value}")


def test_of_two_lengths_one_is_refused(config):
    given = {"recipe.epochs": "3", "recipe.baseline_epochs": "8"}
    with pytest.raises(ConfigError, match=r"^recipe\.epochs=3: is set by recipe\.baseline_epochs"):
        check_given(given, [config(*(f"{key}={value}" for key, value in given.items()))])
