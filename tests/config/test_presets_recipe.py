"""What a run changes in its recipe, in words."""

from dataclasses import replace

import pytest

from scaling_study.config.presets import recipe_changes


@pytest.mark.parametrize("name", ["quick", "standard"])
def test_a_recipe_as_it_is_changes_nothing(config, name):
    assert recipe_changes(config(f"recipe={name}").recipe) is None


def test_changes_are_as_on_the_command_line(config):
    made = config("recipe.learning_rate=0.003", "recipe.flip=true", "recipe.optimizer_eps=1e-6", "recipe.epochs=7")
    assert recipe_changes(made.recipe) == "learning_rate=0.003 flip=true optimizer_eps=1e-06"


def test_a_recipe_of_ones_own_is_compared_with_the_base(config):
    own = replace(config().recipe, name="mine", weight_decay=0.2)
    assert "weight_decay=0.2" in recipe_changes(own).split()
    assert "batch_size" not in recipe_changes(own)
    assert f"learning_rate={own.learning_rate:g}" in recipe_changes(own).split()  # which the base leaves open
