"""What a recipe asks for and training would leave out or cut off."""

import pytest

from scaling_study.errors import ConfigError
from scaling_study.execution.check import check_optimizer
from scaling_study.planning.identity import run_of
from scaling_study.training.rates import check_rates
from scaling_study.training.regularization import check_growth


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["recipe.dropout_growth=1", "scaling.width=2"], r"dropout_growth=1\.0: comes to 2 for width-2; at most 0\.8"),
        (["recipe.drop_path_growth=0.5", "scaling.depth=4"], r"drop_path_growth=0\.5: comes to 1 for depth-4"),
        (["recipe.drop_path_growth=0.1", "model=densenet169", "data.resolution=32"],
         r"drop_path_growth=0\.1: must be 0"),
        (["recipe.auto_augment_growth=1"], r"auto_augment_growth=1\.0: must be 0 without"),
    ],
)  # fmt: skip
def test_growth_that_would_be_cut_off_is_refused(config, overrides, message):
    run = run_of(config(*overrides))
    with pytest.raises(ConfigError, match=rf"^recipe\.{message}"):
        check_growth(run.model, run.recipe, run.variant)


def test_growth_is_taken_up_to_its_bound(config):
    taken, refused = (run_of(config(f"recipe.dropout_growth={growth}", "scaling.width=2")) for growth in (0.39, 0.41))
    check_growth(taken.model, taken.recipe, taken.variant)
    with pytest.raises(ConfigError, match=r"at most 0\.8"):
        check_growth(refused.model, refused.recipe, refused.variant)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["recipe.learning_rate=400", "recipe.learning_rate_width=3", "recipe.learning_rate_depth=-1"],
         r"learning_rate_width=3\.0: makes learning_rate 3\.2e\+03 for width-2; it must be a number above 0"),
        (["recipe.weight_decay=600", "recipe.weight_decay_width=1"],
         r"weight_decay_width=1\.0: makes weight_decay 1\.2e\+03 for width-2; it must be a number from 0 to 1000"),
    ],
)  # fmt: skip
def test_rates_that_a_rule_takes_out_of_their_range_are_refused(config, overrides, message):
    run, baseline = run_of(config(*overrides, "scaling.width=2")), run_of(config(*overrides))
    with pytest.raises(ConfigError, match=rf"^recipe\.{message}"):
        check_rates(run.recipe, run.variant)
    check_rates(baseline.recipe, baseline.variant)


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["recipe.momentum=0.9"], "momentum=0.9"),
        (["recipe.optimizer=lookahead_adam", "recipe.momentum=0.9"], "momentum=0.9"),
        (["recipe.optimizer=sgd", "recipe.optimizer_eps=0.1"], "optimizer_eps=0.1"),
    ],
)
def test_settings_that_an_optimizer_does_not_have_are_refused(config, overrides, key):
    with pytest.raises(ConfigError, match=rf"^recipe\.{key}: recipe\.optimizer=\w+ has none to set"):
        check_optimizer(config(*overrides).recipe)
    check_optimizer(config("recipe.optimizer=sgd", "recipe.momentum=0.9").recipe)
