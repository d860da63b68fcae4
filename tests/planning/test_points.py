"""What points of a sweep share changes nothing of their configurations."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.errors import ConfigError
from scaling_study.planning.points import configs_of

POINTS = [
    ["seed=0", "scaling.width=1.4"],
    ["seed=1", "scaling.width=1.4"],
    ["seed=1", "scaling.width=2", "recipe=standard"],
    ["scaling.method=compound", "scaling.phi=2", "scaling.alpha=1.4"],
    ["model=resnet50", "data=imagenet_size", "seed=3", "task=cost"],
    ["data.train_images=null", "recipe.compile=null", "study=a b".replace(" ", "-")],
    ["+scaling.points={wide: {width: 3}}", "scaling.point=wide", "seed=4"],
    ["+scaling.points={long: {width: 3, seed: 7, recipe: {epochs: 5}}}", "scaling.point=long"],
    ["scaling.stage_depth=[1,1,2,2]", "seed=5", "vary=[recipe.epochs]"],
    ["recipe.epochs='3'", "recipe.flip=false", "study='007'"],
    ["results_dir='${study}-results'", "seed=6"],
]


@pytest.fixture
def sweep():
    """(Hydra's loader, a multirun configuration)."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        cfg = loader.load_configuration("config", overrides=[], run_mode=RunMode.MULTIRUN)
        cfg.hydra.job.config_name = "config"
        yield loader, cfg


@pytest.mark.slow
def test_every_point_is_as_hydra_composes_it(sweep):
    loader, cfg = sweep
    expected = [parse(loader.load_sweep_config(cfg, point)) for point in POINTS]
    assert list(configs_of(loader, cfg, POINTS)) == expected
    assert list(configs_of(loader, cfg, POINTS[::-1])) == expected[::-1]


def test_points_that_differ_in_values_are_composed_once(sweep, monkeypatch):
    loader, cfg = sweep
    composed = []
    load = loader.load_sweep_config
    monkeypatch.setattr(loader, "load_sweep_config", lambda *given: composed.append(given) or load(*given))
    seeds = [config.seed for config in configs_of(loader, cfg, [[f"seed={n}", "recipe=quick"] for n in range(50)])]
    assert seeds == list(range(50))
    assert len(composed) == 1


def test_a_bad_point_is_told_as_hydra_and_the_schema_tell_it(sweep):
    loader, cfg = sweep
    configs = configs_of(loader, cfg, [["seed=0"], ["seed=-1"]])
    assert next(configs).seed == 0
    with pytest.raises(ConfigError, match=r"^seed=-1: must be"):
        next(configs)
    with pytest.raises(ConfigError, match=r"^seed=x: must be"):
        next(configs_of(loader, cfg, [["seed=x"]]))


def test_a_point_writes_its_own_seed_and_recipe_over_swept_ones(sweep):
    loader, _ = sweep
    given = ["+scaling.points={a: {depth: 2, seed: 7, recipe: {epochs: 5}}, b: {seed: 8}}"]
    cfg = loader.load_configuration("config", overrides=given, run_mode=RunMode.MULTIRUN)
    cfg.hydra.job.config_name = "config"
    points = [[*given, f"scaling.point={name}", "seed=1", "recipe.epochs=3", "scaling.depth=4"] for name in "ab"]
    expected = [parse(loader.load_sweep_config(cfg, point)) for point in points]
    assert list(configs_of(loader, cfg, points)) == expected
    assert [(c.seed, c.recipe.epochs, c.scaling.depth) for c in expected] == [(7, 5, 2), (8, 3, 4)]
