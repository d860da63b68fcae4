"""What a sweep may be made of."""

from types import SimpleNamespace

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from scaling_study.config.ignored import check_given
from scaling_study.errors import ConfigError
from scaling_study.planning.jobs import require_one_command
from scaling_study.planning.sweep import check_length


def overrides(*given):
    return OverridesParser.create().parse_overrides(list(given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["scaling.width=range(3,1)"], r"scaling\.width=range\(3,1\): has no values"),
        (["scaling.width=range(0,1,0)"], r"scaling\.width=range\(0,1,0\): must be values"),
        (["scaling.width=interval(1,2)"], r"scaling\.width=interval\(1,2\): must be values"),
        (
            ["seed=range(0,4000000000)"],
            r"seed=range\(0,4000000000\): makes this a sweep of 4e\+09 runs; at most 100000",
        ),
        (
            ["seed=range(0,1000)", "recipe.epochs=range(0,200)"],
            r"recipe\.epochs=range\(0,200\): makes this a sweep of 2e\+05 runs",
        ),
    ],
)
def test_sweeps_without_runs_and_endless_ones_are_refused(given, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        check_length(overrides(*given))


def test_the_last_value_of_a_key_counts():
    long, others = "seed=range(0,90000)", ["scaling.width=1,2", "scaling.depth=range(1,3,0.5)"]
    check_length(overrides(long, "seed=1", *others))
    with pytest.raises(ConfigError, match="makes this a sweep of"):
        check_length(overrides("seed=1", long, *others))


@pytest.mark.parametrize(
    "different",
    ["study=a", "results_dir=a", "plots_dir=a", "task=cost", "workers=3", "threads=2", "checkpoint.keep=true",
     "analysis.draws=200", "limits.layers=500"],
)  # fmt: skip
def test_what_a_command_has_one_of_cannot_be_swept(config, different):
    key = different.partition("=")[0]
    jobs = [SimpleNamespace(config=config(*given)) for given in (["seed=1"], ["scaling.width=2"], [different])]
    with pytest.raises(ConfigError, match=f"^{key}=.*: must be the same for all runs of a sweep; give {key}=VALUE"):
        require_one_command(jobs)
    require_one_command(jobs[:2])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cost": "params", "task": "plan"}, "cost=params: is for task=train, analyze, figures and report"),
        ({"budget.flops": "2"}, "budget.flops=2: is for task=recommend"),
        ({"evaluate.weights": "hub"}, "evaluate.weights=hub: is for task=evaluate"),
        ({"latency.seconds": "1"}, "latency.seconds=1: is for task=latency"),
        ({"cam.images": "2"}, "cam.images=2: is for task=cam"),
        ({"formats": "[pdf]", "task": "plan"}, r"formats=\[pdf\]: is for task=train, analyze, figures and cam"),
        ({"analysis.draws": "200"}, "analysis.draws=200: is for task=analyze"),
        ({"scaling.alpha": "1.3"}, "scaling.alpha=1.3: needs scaling.method=compound"),
        ({"scaling.fast_a": "0.5"}, "scaling.fast_a=0.5: needs scaling.method=fast"),
        ({"model.resolution": "64"}, "model.resolution=64: is for data=imagenet_size"),
        ({"recipe.crop_scale_min": "0.5"}, "recipe.crop_scale_min=0.5: is for images from files"),
        ({"recipe.ema_warmup_gamma": "2"}, "recipe.ema_warmup_gamma=2: needs recipe.ema_decay"),
        ({"recipe.weight_decay_width": "1", "recipe.weight_decay": "0"},
         "recipe.weight_decay_width=1: needs recipe.weight_decay"),
        ({"recipe.decay_rate": "0.5"}, "recipe.decay_rate=0.5: needs recipe.schedule=step"),
    ],
)  # fmt: skip
def test_keys_that_all_runs_ignore_are_refused(config, given, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        check_given(given, [config(*(f"{key}={value}" for key, value in given.items()))])


def test_a_key_that_one_run_of_a_sweep_uses_is_taken(config):
    given, unused = {"scaling.alpha": "1.3"}, config("scaling.alpha=1.3")
    compound = config("scaling.method=compound", "scaling.phi=1", "scaling.alpha=1.3")
    check_given(given, [unused, compound])
    with pytest.raises(ConfigError, match=r"needs scaling\.method=compound"):
        check_given(given, [unused])


def test_a_key_that_every_point_sets_itself_is_refused(config):
    points = "+scaling.points={a: {seed: 1, recipe: {epochs: 2}}, b: {seed: 2}}"
    configs = [config(points, f"scaling.point={name}") for name in "ab"]
    check_given({"recipe.epochs": "3", "scaling.point": "a,b"}, configs)
    with pytest.raises(ConfigError, match=r"^seed=0,1: is what every point of scaling\.points sets itself$"):
        check_given({"seed": "0,1"}, configs)
