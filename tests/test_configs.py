"""Every file under conf/ composes, and every sweep has the points it says."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from scaling_study.cli import CONF
from scaling_study.records.identity import run_of
from scaling_study.schema import parse
from scaling_study.tasks.jobs import sweep_jobs

GROUPS = ["data", "model", "recipe", "scaling", "task"]
FILES = [(path.parent.name, path.stem) for group in GROUPS for path in sorted((Path(CONF) / group).glob("*.yaml"))]
FIGURE_3 = {
    "width": [1, 1.4, 1.8, 2.6, 3.8, 5],
    "depth": [1, 2, 3, 4, 6, 8],
    "resolution": [1, 1.3, 1.5, 1.7, 1.9, 2.2, 2.5],
}


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_choice_of_every_group_composes(config, group, name):
    made = config(f"{group}={name}")
    assert run_of(made).run_id.startswith("baseline-seed0-")
    if group in ("data", "model", "recipe"):
        assert getattr(made, group).name == name
        assert name in made.study


def jobs_of(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config", overrides=list(overrides), return_hydra_config=True)
        cfg.hydra.overrides.task = [o for o in overrides if not o.startswith("hydra")]
        assert GlobalHydra.instance().is_initialized()
        return sweep_jobs(cfg)


@pytest.mark.parametrize("axis", FIGURE_3)
def test_sweeps_have_the_points_of_figure_3(axis):
    runs = [job.run for job in jobs_of(f"+sweep={axis}")]
    assert sorted(getattr(run.coefficients, axis) for run in runs) == FIGURE_3[axis]
    assert {run.method for run in runs} == {"baseline", axis}


def test_compound_takes_its_triple_from_the_config():
    runs = [job.run for job in jobs_of("+sweep=compound", "scaling.alpha=1.4")]
    assert sorted(run.phi for run in runs) == [0, 1, 2, 3, 4]
    deepest = max(runs, key=lambda run: run.phi)
    assert deepest.coefficients.depth == pytest.approx(1.4**4)
    assert deepest.coefficients.width == pytest.approx(1.1**4)


def test_all_is_the_union_with_one_baseline():
    runs = {job.run.run_id for job in jobs_of("+sweep=all")}
    parts = [{job.run.run_id for job in jobs_of(f"+sweep={name}")} for name in (*FIGURE_3, "compound")]
    assert runs == set.union(*parts)
    assert len(runs) == 1 + 5 + 5 + 6 + 4


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
