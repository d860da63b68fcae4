"""Names of runs: those of committed records still come out of the configurations that trained them."""

from dataclasses import replace
from pathlib import Path

import pytest

from scaling_study.planning.identity import recipe_settings, run_of
from scaling_study.records.columns import BUILT
from scaling_study.records.tables import load_runs
from scaling_study.scaling.coefficients import AXES

RESULTS = Path(__file__).parents[2] / "results"
FASHION = ["data=fashion_mnist", "data.train_images=20000"]
SECOND = ["data=fractals_v2", "model=micro_mbconv_v2"]
PHOTOGRAPHS = ["data=fashion_mnist", "model=micro_mbconv_v2", "data.resolution=14", "model.width_multiplier=0.9"]
SEARCH = ["scaling.method=compound", "scaling.phi=1"]
COMMITTED = {
    "fractals-reference": (
        [],
        [["seed=0"], ["scaling.width=5", "seed=2"], ["scaling.depth=8", "seed=1"]],
    ),
    "fashion_mnist-reference": (
        FASHION,
        [["seed=1"], ["scaling.resolution=2.5", "seed=0"], ["scaling.method=compound", "scaling.phi=3", "seed=2"]],
    ),
    "fractals-search": (
        SEARCH,
        [
            ["scaling.triple=[1,1,1.4]", "seed=0"],
            ["scaling.triple=[1.2,1.1,1.15]", "seed=1"],
            ["scaling.triple=[2,1,1]", "seed=2"],
        ],
    ),
    "fashion_mnist-regime": (
        FASHION,
        [
            ["recipe.epochs=1", "scaling.method=depth", "scaling.flops=4", "seed=0"],
            ["recipe.epochs=2", "scaling.method=width", "scaling.flops=4", "seed=1"],
            ["recipe.epochs=4", "seed=2"],
        ],
    ),
    "fractals_v2-rule": (
        [*SECOND, "recipe=standard"],
        [
            ["seed=0"],
            ["scaling.method=width", "scaling.flops=2", "seed=3"],
            ["scaling.method=compound", "scaling.flops=16"],
        ],
    ),
    "fractals_v2-matched": (
        [*SECOND, "recipe=standard"],
        [
            ["scaling.method=compound", "scaling.flops=4"],
            ["scaling.method=depth", "scaling.flops=4", "seed=3"],
            ["scaling.method=compound", "scaling.flops=2", "seed=1"],
        ],
    ),
    "fractals_v2-matched_24px": (
        [*SECOND, "recipe=standard", "data.resolution=24", "model.width_multiplier=0.93"],
        [
            ["seed=0"],
            ["scaling.method=compound", "scaling.flops=4", "seed=2"],
            ["scaling.method=resolution", "scaling.flops=4", "seed=1"],
        ],
    ),
    "fractals_v2-matched_36px": (
        [*SECOND, "recipe=standard", "data.resolution=36", "model.width_multiplier=0.54"],
        [
            ["seed=0"],
            ["scaling.method=width", "scaling.flops=4", "seed=3"],
            ["scaling.method=compound", "scaling.flops=4", "seed=1"],
        ],
    ),
    "fashion_mnist-shape": (
        ["data=fashion_mnist", "model=micro_mbconv_v2", "recipe=standard", "+sweep=shape"],
        [["scaling.point=baseline"], ["scaling.point=depth-2"], ["scaling.point=resolution-1.41"]],
    ),
    "fashion_mnist-matched": (
        [*PHOTOGRAPHS, "recipe=standard"],
        [
            ["seed=0"],
            ["scaling.method=depth", "scaling.flops=4", "seed=1"],
            ["scaling.method=compound", "scaling.flops=4", "seed=2"],
        ],
    ),
    "fractals_v2-shape": (
        [*SECOND, "recipe=quick", "+sweep=shape"],
        [["scaling.point=baseline"], ["scaling.point=depth-2", "seed=1"], ["scaling.point=resolution-1.41", "seed=2"]],
    ),
    "fractals_v2-power": (
        [*SECOND, "recipe=quick", "scaling.flops=4"],
        [["scaling.method=compound"], ["scaling.method=width", "seed=7"], ["scaling.method=compound", "seed=20"]],
    ),
    "fractals_v2-rate": (
        [*SECOND, "recipe=quick", "vary=[recipe.learning_rate]"],
        [
            ["seed=1"],
            ["scaling.method=width", "scaling.width=2.1", "recipe.learning_rate=0.16"],
            ["scaling.method=compound", "scaling.phi=2", "recipe.learning_rate=0.01", "seed=2"],
        ],
    ),
}


@pytest.mark.parametrize("study", COMMITTED)
def test_runs_of_committed_records_keep_their_names(config, study):
    common, runs = COMMITTED[study]
    known = set(load_runs(RESULTS / study).run_id)
    names = [run_of(config(*common, *overrides)).run_id for overrides in runs]
    assert len(set(names)) == 3
    assert set(names) <= known


def test_only_the_packages_first_recipes_are_known_by_an_earlier_name(config):
    recipe = config().recipe
    assert recipe_settings(recipe)["name"] == "quick"
    assert recipe_settings(replace(recipe, name="mine_v1"))["name"] == "mine_v1"


@pytest.mark.parametrize("rate", ["learning_rate", "weight_decay"])
@pytest.mark.parametrize("axis", AXES)
def test_a_rule_of_scale_makes_another_run_and_none_the_same(config, rate, axis):
    names = [run_of(config("scaling.width=2", f"recipe.{rate}_{axis}={value}")).run_id for value in (0, -1, 1)]
    assert names[0] == run_of(config("scaling.width=2")).run_id
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("overrides", "built"),
    [
        (["scaling.depth=1.2", "scaling.resolution=1.15"], (1.5, 1, 16 / 14)),
        (["model=timm", "model.name=resnet18", "data.resolution=64", "scaling.resolution=1.3"], (None, None, 83 / 64)),
        (["model=custom", "model.builder=tests.plugins:build", "scaling.depth=2"], (None, None, 1)),
    ],
)
def test_columns_hold_what_is_built(config, overrides, built):
    run = run_of(config(*overrides))
    assert tuple(run.columns[column] for column in BUILT) == built
    assert run.columns["resolution_px"] == run.variant.resolution_px
