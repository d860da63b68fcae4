"""Every file under conf/ composes, and every sweep has the points it says."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from scaling_study.config.choices import check_choices
from scaling_study.config.ignored import check_given
from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.config.presets import settings_of
from scaling_study.config.resolvers import multiples
from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.models import SERIES
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import distinct, require_one_command
from scaling_study.planning.length import flops_ratio
from scaling_study.planning.sweep import sweep_jobs

GROUPS = ["data", "model", "recipe", "scaling", "task"]
FILES = [(path.parent.name, path.stem) for group in GROUPS for path in sorted((Path(CONF) / group).glob("*.yaml"))]
IN_MEMORY = ["recipe.auto_augment=null", "recipe.color_jitter=0"]
NEEDED = {
    "model": ["data.resolution=32"],
    "task=evaluate": ["evaluate.weights=hub"],
    "task=recommend": ["budget.flops=2"],
    "model=timm": ["model.name=resnet18"],
    "task=push": ["hub.repo=user/study"],
    "task=pull": ["hub.repo=user/study"],
    "data=imagefolder": ["data.root=FOLDER"],
    "model=custom": ["model.builder=tests.plugins:build"],
    "data=custom": ["data.loader=tests.plugins:load"],
    "data=timm": ["data.name=torch/mnist", "data.classes=10"],
    "recipe=efficientnet": IN_MEMORY,
    "recipe=resnet": IN_MEMORY,
}
SWEPT = {
    path.stem: yaml.safe_load(path.read_text())["hydra"]["sweeper"]["params"]
    for path in (Path(CONF) / "sweep").glob("*.yaml")
}
FIGURE_3 = {
    "width": [1, 1.4, 1.8, 2.6, 3.8, 5],
    "depth": [1, 2, 3, 4, 6, 8],
    "resolution": [1, 1.3, 1.5, 1.7, 1.9, 2.2, 2.5],
}


@pytest.mark.parametrize(
    ("group", "name"),
    # tests/config/test_presets.py composes every model too
    [pytest.param(*one, marks=pytest.mark.slow if one[0] == "model" else ()) for one in FILES],
)
def test_every_choice_of_every_group_composes(config, group, name, tmp_path):
    (tmp_path / "train" / "class").mkdir(parents=True)
    needed = [*NEEDED.get(group, []), *NEEDED.get(f"{group}={name}", [])]
    made = config(f"{group}={name}", *(override.replace("FOLDER", str(tmp_path)) for override in needed))
    assert re.match(r"(\w+-)?baseline-seed0-\w{8}$", run_of(made).run_id)
    if group in ("data", "model", "recipe") and name != "timm":
        assert getattr(made, group).name == name
        assert name in made.study


def jobs_of(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config", overrides=list(overrides), return_hydra_config=True)
        cfg.hydra.overrides.task = [o for o in overrides if not o.startswith("hydra")]
        assert GlobalHydra.instance().is_initialized()
        return distinct(sweep_jobs(cfg).values())


@pytest.mark.parametrize("axis", FIGURE_3)
def test_sweeps_have_the_points_of_figure_3(axis):
    runs = [job.run for job in jobs_of(f"+sweep={axis}")]
    assert sorted(getattr(run.variant.coefficients, axis) for run in runs) == FIGURE_3[axis]
    assert {run.variant.method for run in runs} == {"baseline", axis}


def test_compound_takes_its_triple_from_the_config():
    runs = [job.run for job in jobs_of("+sweep=compound", "scaling.alpha=1.4")]
    assert sorted(run.variant.phi for run in runs) == [0, 1, 2, 3, 4]
    deepest = max(runs, key=lambda run: run.variant.phi)
    assert deepest.variant.coefficients.depth == pytest.approx(1.4**4)
    assert deepest.variant.coefficients.width == pytest.approx(1.1**4)


@pytest.mark.slow
def test_all_is_the_union_with_one_baseline():
    variants = [job.run.variant for job in jobs_of("+sweep=all")]
    for axis, coefficients in FIGURE_3.items():
        assert sorted(getattr(v.coefficients, axis) for v in variants if v.method == axis) == coefficients[1:]
    assert sorted(v.phi for v in variants if v.method == "compound") == [1, 2, 3, 4]
    assert Counter(v.method for v in variants)["baseline"] == 1
    assert len(variants) == 1 + 5 + 5 + 6 + 4


def test_matched_is_every_method_at_every_budget_and_one_baseline():
    variants = [job.run.variant for job in jobs_of("+sweep=matched")]
    assert Counter(v.method for v in variants) == {
        "baseline": 1, "depth": 4, "width": 4, "resolution": 4, "compound": 4, "fast": 4,
    }  # fmt: skip
    assert {v.flops_target for v in variants} == {None, 2, 4, 8, 16}


@pytest.mark.slow
def test_search_is_the_grid_of_the_config_and_the_baseline():
    variants = [job.run.variant for job in jobs_of("+sweep=search")]
    assert len(variants) == 27
    assert Counter(v.method for v in variants)["baseline"] == 1
    assert {(v.coefficients.depth, v.coefficients.width, v.coefficients.resolution) for v in variants} >= {
        (1.2, 1.1, 1.15), (2, 1, 1), (1, 1.4, 1), (1, 1, 1.4)
    }  # fmt: skip
    assert len(jobs_of("+sweep=search", "search.tolerance=0.1", "search.alpha_step=1")) == 14


def test_fig4_is_width_for_four_pairs_of_depth_and_resolution():
    coefficients = [job.run.variant.coefficients for job in jobs_of("+sweep=fig4")]
    assert Counter((c.depth, c.resolution) for c in coefficients) == dict.fromkeys(
        [(1, 1), (1, 1.3), (2, 1), (2, 1.3)], 5
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "off"),
    [
        ([], 0.07),  # one channel more or less of 8
        (["data=fractals", "model=micro_mbconv"], 0.03),
        (["data=fashion_mnist", "model=micro_mbconv"], 0.03),
        (["model=resnet50", "data=imagenet_size"], 0.03),
    ],
)
def test_shape_is_a_star_of_networks_that_cost_what_the_baseline_does(given, off):
    runs = [job.run for job in jobs_of("+sweep=shape", *given)]
    assert Counter(run.variant.method for run in runs) == {"custom": 12, "baseline": 1}
    flops = [
        count_flops(run.model, run.variant.coefficients, resolution_px=run.variant.resolution_px, **size_of(run.data))
        for run in runs
    ]
    [baseline] = [cost for cost, run in zip(flops, runs, strict=True) if run.variant.method == "baseline"]
    assert all(1 - off < cost / baseline < 1 + off for cost in flops)
    assert {run.variant.flops_target for run in runs} == {None, 1}
    moved = Counter((run.variant.coefficients.depth != 1, run.variant.coefficients.resolution != 1) for run in runs)
    assert moved == {(True, False): 4, (True, True): 4, (False, True): 4, (False, False): 1}


def test_regime_is_depth_and_width_at_equal_flops_for_growing_training():
    jobs = jobs_of("+sweep=regime")
    found = Counter((job.run.recipe.epochs, job.run.variant.method) for job in jobs)
    assert found == {(epochs, method): 1 for epochs in (1, 2, 4, 8) for method in ("baseline", "depth", "width")}
    assert {job.run.variant.flops_target for job in jobs} == {None, 4}
    assert jobs[0].config.vary == ["recipe.epochs"]


def test_isocompute_is_every_size_at_equal_compute_on_three_levels():
    jobs = jobs_of("+sweep=isocompute")
    compute = [job.run.recipe.epochs * flops_ratio(job.config, job.run.variant) for job in jobs]
    assert Counter(job.run.variant.flops_target for job in jobs) == dict.fromkeys((None, 0.5, 2, 4, 8), 3)
    nominal = sorted([8] * 5 + [16] * 5 + [32] * 5)
    assert sorted(compute) == pytest.approx(nominal, rel=0.1)
    assert jobs[0].config.vary == ["recipe.epochs"]


@pytest.mark.slow
def test_rate_is_every_rate_for_the_largest_of_each_method(config):
    jobs = jobs_of("+sweep=rate")
    own = config("recipe=quick").recipe.learning_rate
    found = Counter((job.run.recipe.learning_rate / own, job.run.variant.method) for job in jobs)
    methods = ("baseline", "depth", "width", "resolution", "compound")
    assert found == {(multiple, method): 1 for multiple in (4, 2, 1, 0.5, 0.25) for method in methods}
    largest = {job.run.variant.method: job.run.variant.coefficients for job in jobs}
    for method in methods[1:]:
        others = [job.run.variant.coefficients for job in jobs_of(f"+sweep={method}")]
        assert largest[method].nominal_flops == max(one.nominal_flops for one in others)
    assert jobs[0].config.vary == ["recipe.learning_rate"]


@pytest.mark.slow
def test_decay_is_every_weight_decay_for_the_networks_of_rate(config):
    jobs, rate = jobs_of("+sweep=decay"), jobs_of("+sweep=rate")
    own = config().recipe.weight_decay
    found = Counter((job.run.recipe.weight_decay / own, job.run.variant) for job in jobs)
    variants = {job.run.variant for job in rate}
    assert found == {(multiple, one): 1 for multiple in (16, 4, 1, 0.25, 0.0625) for one in variants}
    assert jobs[0].config.vary == ["recipe.weight_decay"]


def test_fair_is_every_method_at_one_budget_with_the_same_rates():
    jobs = jobs_of("+sweep=fair", "recipe=resnet", "recipe.color_jitter=0")
    found = Counter((job.run.variant.method, job.run.recipe.learning_rate) for job in jobs)
    methods = ("baseline", "depth", "width", "resolution", "compound", "fast")
    assert found == {(method, rate): 1 for method in methods for rate in (0.4, 0.2, 0.1, 0.05, 0.025)}
    assert {job.run.variant.flops_target for job in jobs} == {None, 4}
    assert jobs[0].config.study.endswith("-resnet-fair")


@pytest.mark.parametrize(
    ("value", "message"), [(0.0, "must be above 0 in this"), (-1.0, "must be a"), ("x", "must be a")]
)
def test_a_value_without_multiples_is_refused(value, message):
    with pytest.raises(ConfigError, match=rf"^recipe\.weight_decay={value}: {message}"):
        multiples("recipe.weight_decay", value, 2, 1)


SLOW = {"all", "family", "rate", "search", "shape"}  # which are of many points or networks


@pytest.mark.parametrize(
    "sweep", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in sorted(SWEPT)]
)
def test_no_task_refuses_what_a_sweep_sets_itself(sweep):
    jobs = jobs_of(f"+sweep={sweep}", "task=cost")
    require_one_command(jobs)
    for task in sorted(path.stem for path in (Path(CONF) / "task").glob("*.yaml")):
        if task in ("evaluate", "recommend", "push", "pull"):  # need a key of their own
            continue
        if task in ("train", "plan") and jobs[0].config.data.name == "imagenet_size":
            continue
        configs = [replace(job.config, task=task) for job in jobs]
        for config in configs:
            check_choices(config)
        check_given(SWEPT[sweep], configs)
    with pytest.raises(ConfigError, match=r"^budget\.flops=2: is for task=recommend"):
        check_given({**SWEPT[sweep], "budget.flops": "2"}, [replace(job.config, task="train") for job in jobs])


@pytest.mark.parametrize(
    ("sweep", "models"),
    [
        ("family", {*(f"efficientnet_b{n}" for n in range(8)), "resnet50", "densenet169"}),
        ("baselines", {"resnet50", "densenet169"}),
    ],
)
def test_sweeps_over_models(sweep, models):
    jobs = jobs_of(f"+sweep={sweep}")
    assert {job.run.model.name for job in jobs} == models
    assert len({job.config.study for job in jobs}) == 1
    assert {job.run.variant.method for job in jobs} == {"baseline"}
    if sweep == "family":
        assert {job.run.variant.resolution_px for job in jobs} == {224, 240, 260, 300, 380, 456, 528, 600}
    else:
        assert jobs[0].config.study == "fractals_v2-micro_mbconv_v2-quick"


def models_of(*overrides):
    return [job.run.model.name for job in jobs_of("+sweep=family", "task=cost", *overrides)]


@pytest.mark.slow
def test_family_takes_the_networks_of_the_families_it_is_given():
    default = [*(f"efficientnet_b{n}" for n in range(7, -1, -1)), "densenet169", "resnet50"]
    assert models_of() == default
    assert models_of("family=[resnet50,tinynet]") == ["resnet50", *(f"tinynet_{letter}" for letter in "abcde")]
    assert models_of("family=[convnext]") == [f"convnext_{size}" for size in ("large", "base", "small", "tiny")]


def test_every_network_with_a_file_is_of_one_series():
    """But for references and a user's own."""
    listed = [name for names in SERIES.values() for name in names]
    files = [name for group, name in FILES if group == "model" and name not in ("timm", "custom")]
    families = {name: settings_of(name)["family"] for name in files}
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name, family in families.items() if family != "timm"}


@pytest.mark.parametrize("value", ["[vgg]", "[]", "null", "resnet50", "[resnet50,resnet50]", "[resnet50,[resnet50]]"])
def test_families_that_there_are_none_of_are_one_line(value):
    with pytest.raises(Exception, match=r"family=.*: must be a list of .*efficientnet, .*, each at most once"):
        models_of(f"family={value}")


def test_families_without_their_sweep_are_refused(config):
    given = {"family": "[convnext]"}
    check_given(given, [config("family=[convnext]", "model=convnext_tiny", "data=imagenet_size")])
    with pytest.raises(ConfigError, match=r"^family=\[convnext\]: is for \+sweep=family; give model=NAME"):
        check_given(given, [config("family=[convnext]")])
    with pytest.raises(ConfigError, match=r"^family=\['vgg'\]: must be a list of"):
        config("family=[vgg]")


@pytest.mark.slow
def test_what_determines_the_result_is_the_identity(config):
    def run_id(*overrides):
        return run_of(parse_overrides(*overrides)).run_id

    def parse_overrides(*overrides):
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return parse(compose("config", overrides=list(overrides)))

    same = ["results_dir=x", "plots_dir=y", "study=z", "device=cpu", "workers=3", "data.root=/data", "task=plan"]
    assert {run_id(override) for override in same} == {run_id()}
    other = ["seed=1", "recipe.epochs=3", "data.train_images=9", "scaling.width=2", "model.dropout=0.1", "data=cifar10"]
    assert len({run_id(override) for override in other} | {run_id()}) == len(other) + 1
