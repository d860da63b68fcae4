"""Rules of scale: the rates that a variant is trained with."""

from dataclasses import replace

import pytest
from torch import nn

from scaling_study.scaling.coefficients import Coefficients
from scaling_study.training.rates import learning_rate, scaled
from scaling_study.training.recipe import make_optimizer, make_schedule

DOUBLED = Coefficients(depth=2.0, width=2.0, resolution=1.5)


@pytest.fixture
def recipe(config):
    return config("recipe.learning_rate=0.02", "recipe.weight_decay=0.1", "recipe.warmup_epochs=0").recipe


def test_without_exponents_every_size_has_the_recipes_rates(recipe):
    assert scaled(recipe, Coefficients(3.7, 0.3, 1.9)) == recipe


@pytest.mark.parametrize(
    ("exponents", "rate", "decay"),
    [
        ({"learning_rate_width": -1.0}, 0.01, 0.1),
        ({"learning_rate_depth": -0.5}, 0.02 / 2**0.5, 0.1),
        ({"learning_rate_resolution": 2.0}, 0.045, 0.1),
        ({"learning_rate_depth": -0.5, "learning_rate_width": -1.0}, 0.01 / 2**0.5, 0.1),
        ({"weight_decay_depth": 1.0, "weight_decay_width": 1.0, "weight_decay_resolution": -1.0}, 0.02, 0.4 / 1.5),
    ],
)
def test_the_optimizer_is_given_powers_of_the_coefficients(recipe, exponents, rate, decay):
    made = scaled(replace(recipe, **exponents), DOUBLED)
    optimizer = make_optimizer(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), made)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([rate] * 2)
    assert sorted(group["weight_decay"] for group in optimizer.param_groups) == pytest.approx([0, decay])
    make_schedule(optimizer, made, steps_per_epoch=10).step_update(0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(rate)
    assert scaled(made, DOUBLED) == made  # a rule is applied once


def test_a_rule_comes_on_top_of_the_rate_for_the_batch(recipe):
    made = replace(recipe, batch_size=256, learning_rate_batch=64, learning_rate_width=-1.0)
    assert learning_rate(scaled(made, DOUBLED)) == pytest.approx(0.04)
