"""Recipes by size that an analysis leaves as files."""

import pandas as pd
import pytest
import yaml
from hydra import compose, initialize_config_dir

from scaling_study.analysis.rates import rates
from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.records.tables import run_table
from scaling_study.report.presets import presets_of
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.training.rates import learning_rate, scaled

from ..analysis.test_rates import decays, only, rate_study

DEEP = Coefficients(depth=8.0)


@pytest.fixture
def composed(tmp_path):
    """The recipe of a preset, {path: text}, as --config-dir composes it."""

    def made(found, *overrides):
        [(path, text)] = found.items()
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text)
        name = (tmp_path / path).stem
        given = [f"hydra.searchpath=[file://{tmp_path}]", f"recipe={name}", *overrides]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            recipe = parse(compose("config", overrides=given)).recipe
        assert recipe.name == name
        return recipe

    return made


def table_of(runs, **columns):
    return rates(runs.assign(**{"recipe": "quick_v1"} | columns), draws=200)


def test_a_recipe_has_the_rule_and_the_length_that_it_was_found_for(composed, config):
    table = table_of(rate_study(0, (-0.5, 0.0, 0.0), sd=0.1), epochs=3)
    found = presets_of("study", {"rates": table})
    assert list(found) == ["recipe/learning_rate_net.yaml"]
    recipe = composed(found)
    rule = only(table, "rule").value
    assert recipe.learning_rate == pytest.approx(rule.baseline, rel=1e-3)
    assert recipe.learning_rate_depth == pytest.approx(rule.depth, abs=1e-3)
    assert (recipe.learning_rate_width, recipe.learning_rate_resolution) == (0, 0)
    own = config().recipe
    assert (recipe.epochs, recipe.warmup_epochs, recipe.optimizer) == (3, own.warmup_epochs, own.optimizer)
    assert learning_rate(scaled(recipe, DEEP)) == pytest.approx(0.02 * 8**-0.5, rel=0.1)
    text = next(iter(found.values()))
    assert "kept" in text
    assert text.count(", 0 here") == 2


def test_of_weight_decays_the_learning_rate_stays(composed, config):
    runs = decays(rate_study(0, (-0.5, 0.0, 0.0), sd=0.1))
    recipe = composed(presets_of("study", {"rates": table_of(runs)}))
    assert recipe.learning_rate == config().recipe.learning_rate
    assert scaled(recipe, DEEP).weight_decay == pytest.approx(0.02 * 8**-0.5, rel=0.1)


@pytest.mark.parametrize(
    ("name", "extra", "overrides"),
    [
        ("resnet", "flip=false", ["recipe.color_jitter=0"]),  # its rate is for 256 images, and grows with the batch
        ("resnet", "batch_size=64 flip=false", ["recipe.color_jitter=0"]),
        ("mine", "optimizer_eps=1e-06 optimizer=sgd flip=false", []),  # of which only the changes of the base are known
    ],
)
def test_what_the_runs_changed_in_their_recipe_is_kept(composed, name, extra, overrides):
    runs = rate_study(0, (-0.5, 0.0, 0.0), sd=0.1)
    words = "learning_rate=" + runs.learning_rate.map("{:g}".format)
    table = table_of(runs, recipe=name, settings=words + " " + extra)
    recipe = composed(presets_of("study", {"rates": table}), *overrides)
    assert (recipe.optimizer, recipe.flip) == ("sgd", False)
    assert learning_rate(recipe) == pytest.approx(only(table, "rule").value.baseline, rel=1e-3)
    if name == "mine":
        assert recipe.optimizer_eps == 1e-6


def test_without_a_rule_or_a_recipe_there_is_no_file():
    runs = rate_study(0)
    assert presets_of("study", {"rates": table_of(runs[runs.method == "depth"])}) == {}
    assert presets_of("study", {"rates": table_of(runs, recipe=runs.method)}) == {}


def test_lengths_of_training_have_a_file_each():
    runs = rate_study(0)
    table = table_of(pd.concat([runs, runs.assign(epochs=8)], ignore_index=True))
    found = presets_of("study", {"rates": table})
    assert list(found) == ["recipe/learning_rate_net_2epochs.yaml", "recipe/learning_rate_net_8epochs.yaml"]
    assert [yaml.safe_load(text)["epochs"] for text in found.values()] == [2, 8]


@pytest.mark.slow
def test_through_the_command_line(cli, tmp_path):
    runs = rate_study(0, (-0.5, 0.0, 0.0), sd=0.1).assign(recipe="quick", model="micro_mbconv")
    runs["run_id"] = [f"run{n}" for n in range(len(runs))]
    folder = tmp_path / "results" / "rates"
    folder.mkdir(parents=True)
    run_table(runs.to_dict("records")).to_csv(folder / "runs.csv", index=False)
    analyzed = cli("task=analyze", "study=rates", "analysis.draws=100")
    assert "Does the best learning rate depend on the size?" in analyzed.stdout
    given = ["--config-dir", "results/rates/conf", "recipe=learning_rate_micro_mbconv"]
    assert " ".join(given[2:]) in analyzed.stdout
    cli(*given, "scaling.depth=2", "study=ruled", "data.resolution=8", "recipe.epochs=1", "recipe.warmup_epochs=0")
    [used] = pd.read_csv(tmp_path / "results" / "ruled" / "runs.csv").learning_rate
    assert used == pytest.approx(0.02 * 2**-0.5, rel=0.1)
