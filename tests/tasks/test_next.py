"""task=next from a study's tables to the runs that its sweep file trains."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.command import application, composed, options_of
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import job_from
from scaling_study.planning.proposed import job_at, scaling_keys
from scaling_study.records.tables import load_runs, run_table
from scaling_study.tasks import next as task

from ..analysis.test_rates import rate_study

RESULTS = Path(__file__).parents[2] / "results"
B0 = ["model=efficientnet_b0", "data.resolution=32"]
RATES = {"baseline": {}, "width": {"width": 5.0}, "resolution": {"resolution": 2.5}}


@pytest.fixture
def ask(config, tmp_path):
    """Run task=next on a copy of a committed study; returns the points of the sweep file that it wrote."""

    def call(study, *overrides):
        (tmp_path / study).mkdir()
        shutil.copy(RESULTS / study / "runs.csv", tmp_path / study)
        return points_of(config("task=next", f"study={study}", f"results_dir={tmp_path}", *overrides))

    return call


def points_of(config):
    assert task.run([job_from(config)]) == 0
    return yaml.safe_load((config.study_dir / "conf" / "sweep" / "next.yaml").read_text())["scaling"]["points"]


@pytest.mark.parametrize("study", ["fractals-reference", pytest.param("fractals-search", marks=pytest.mark.slow)])
def test_every_variant_of_a_study_is_told_by_keys_that_give_it_again(config, study):
    made, runs = config(), load_runs(RESULTS / study)
    first = runs[runs.seed == 1]
    assert [job_at(made, scaling_keys(row), 1).run.run_id for row in first.to_dict("records")] == first.run_id.tolist()


@pytest.mark.parametrize(
    "overrides",
    [
        ["scaling.method=fast", "scaling.fast_a=0.7", "scaling.flops=2"],
        ["scaling.method=compound", "scaling.alpha=1.3", "scaling.flops=2"],
        ["scaling.method=width", "scaling.flops=2"],
        [*B0, "scaling.depth=2", "scaling.width=1.5", "scaling.stage_depth=[1,1,1.5,1,1,1,1]"],
    ],
)
def test_so_is_every_rule(config, overrides):
    made = config(*overrides)
    run = run_of(made)
    assert job_at(config(*(B0 if "efficientnet" in overrides[0] else [])), scaling_keys(run.columns), 0).run == run


def test_the_sweep_file_trains_exactly_the_runs_of_the_table(ask, tmp_path, capsys):
    points = ask("fractals-reference", "next.minutes=4", "next.flops=3", "next.methods=[width,depth]")
    printed = capsys.readouterr().out
    arguments = printed.strip().splitlines()[-1].partition("-m scaling_study ")[2].split()
    with application(given := options_of(arguments)) as app:
        jobs = composed(app, given).jobs
    assert sorted(points) == sorted(f"{job.run.variant.label}-seed{job.run.seed}" for job in jobs)
    assert sorted(points) == ["depth-3-seed3", "width-1.8-seed3", "width-1.8-seed4", "width-1.8-seed5"]
    assert not {job.run.run_id for job in jobs} & set(load_runs(RESULTS / "fractals-reference").run_id)
    assert {job.config.study_dir for job in jobs} == {tmp_path / "fractals-reference"}
    assert "width minus depth at 3 times the baseline's multiply-adds: 8.78 points (5.05 to 12.52)" in printed
    assert "width-1.8   3-5     3" in printed
    assert "\n4 runs, about " in printed
    assert "Standard error, points of top-1: 1.85; predicted with these runs: 1.4" in printed


def test_new_networks_are_trained_from_the_first_seed_with_the_settings_given(ask, tmp_path):
    points = ask("fashion_mnist-reference", "next.minutes=45", "data=fashion_mnist", "data.train_images=20000")
    new = [point for point in points.values() if "flops" in point]
    assert [point["seed"] for point in new] == list(range(len(new)))
    assert new[0] == {"method": "compound", "flops": 4.0, "alpha": 1.2, "beta": 1.1, "gamma": 1.15, "seed": 0}
    assert {point["seed"] >= 3 for point in points.values() if point not in new} == {True}
    content = yaml.safe_load((tmp_path / "fashion_mnist-reference" / "conf" / "sweep" / "next.yaml").read_text())
    assert set(content) == {"study", "vary", "model", "data", "recipe", "scaling", "hydra"}
    assert (content["data"]["name"], content["data"]["train_images"]) == ("fashion_mnist", 20000)
    assert content["recipe"]["learning_rate"] == 0.015


@pytest.mark.slow
def test_a_direction_is_asked_of_several_networks(ask, capsys):
    given = ("next.question=direction", "next.minutes=20", "data=fashion_mnist", "data.train_images=20000")
    points = ask("fashion_mnist-reference", *given, "analysis.draws=300")
    printed = capsys.readouterr().out
    assert "best shares of the logarithm of 2 times the baseline's multiply-adds: depth 0%" in printed
    assert len({name.partition("-seed")[0] for name in points}) > 1
    assert f"\n{len(points)} runs, about" in printed


def rates_of(config, folder, **options):
    """The run table of a rate study of three variants in ``folder``, as trained with the keys of ``config``."""
    runs = rate_study(0, exponents=(0.0, 0.0, 0.0), sd=0.2, **options)
    rows = []
    for row in runs[runs.method.isin(RATES)].to_dict("records"):
        run = job_at(config, RATES[row["method"]], row["seed"], row["learning_rate"]).run
        known = {"model": "micro_mbconv", "flops": 491_428, "epochs": 2, "train_seconds": 20.0}
        row |= run.columns | {"run_id": run.run_id, **known}
        rows.append({name: None if pd.isna(value) else value for name, value in row.items()})
    folder.mkdir()
    run_table(rows).to_csv(folder / "runs.csv", index=False)


def test_the_best_rate_is_asked_of_rates_of_one_network(config, tmp_path, capsys):
    made = config("task=next", "study=r", f"results_dir={tmp_path}", "next.question=rate", "next.methods=[width]",
                  "next.minutes=3")  # fmt: skip
    rates_of(made, tmp_path / "r")
    points = points_of(made)
    assert len(points) == 9
    assert {point["width"] for point in points.values()} == {5.0}
    rates = {point["recipe"]["learning_rate"] for point in points.values()}
    assert len(rates) > 1
    assert 0.0075 <= min(rates) < max(rates) <= 0.06
    assert "best learning rate of width (1, 5, 1): 0.0" in capsys.readouterr().out


def test_beyond_a_rate_at_the_end_the_next_is_proposed(config, tmp_path, capsys):
    made = config("task=next", "study=r", f"results_dir={tmp_path}", "next.question=rate", "next.methods=[width]")
    rates_of(made, tmp_path / "r", best=0.3)
    seeds = [{"width": 5.0, "seed": seed, "recipe": {"learning_rate": 0.12}} for seed in range(3)]
    assert list(points_of(made).values()) == seeds
    assert "at the end of what was trained" in capsys.readouterr().out
    assert "vary: [recipe.learning_rate]" in (tmp_path / "r" / "conf" / "sweep" / "next.yaml").read_text()


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        (["next.methods=[width,fast]"], ConfigError, r"^next\.methods=\['width', 'fast'\]: \S+ has no runs of fast"),
        (["next.minutes=0.1"], ConfigError, r"^next\.minutes=0\.1: is too little for any run; \S+ core-minutes are"),
        (["recipe.epochs=3"], StudyError, r"holds runs of micro_mbconv for 2 epochs, not of micro_mbconv for 3 epo"),
        (["model=mobilenetv2", "data.resolution=32"], StudyError, r"holds runs of micro_mbconv for 2 epochs, not"),
        (["next.question=rate", "next.methods=[width]"], ConfigError, r"has no network of width that was trained at 3"),
        (["next.question=direction"], StudyError, r"^study=\S+ best shares .* finer than the 16 steps .* no run is"),
        (["model.dropout=0.1"], StudyError, r"^study=\S+ baseline with seed 0 was trained with other keys"),
        (["recipe.learning_rate=0.01"], StudyError, r"settings='learning_rate=0.01': no run has them; the table has"),
        (["data.resolution=15"], StudyError, r"^study=\S+ its baseline has 491,428 multiply-adds, that of the keys"),
        (["next.flops=0.001"], ConfigError, r"^next\.flops=0\.001: compound and width cannot both be built there$"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_line(ask, overrides, error, message):
    with pytest.raises(error, match=message):
        ask("fractals-reference", *overrides)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("next.methods=[width]", r"^next\.methods=\['width'\]: next\.question=comparison needs two of compound, depth"),
        ("next.methods=[width,custom]", r"next\.question=comparison needs two of"),
        ("next.methods=[width,width]", r"^next\.methods=\['width', 'width'\]: must be one or two of baseline, depth"),
        ("next.question=rate", r"^next\.methods=.*: next\.question=rate needs one method"),
        ("next.question=all", r"^next\.question=all: must be one of comparison, direction, rate$"),
        ("next.minutes=0", r"^next\.minutes=0\.0: must be a number above 0"),
    ],
)
def test_questions_are_checked_before_any_work(config, override, message):
    with pytest.raises(ConfigError, match=message):
        config("task=next", override)


def test_a_study_without_runs_or_seeds_has_nothing_to_say(config, tmp_path):
    made = config("task=next", "study=s", f"results_dir={tmp_path}")
    with pytest.raises(StudyError, match=r"^study=s: there is no folder"):
        points_of(made)
    (tmp_path / "s").mkdir()
    with pytest.raises(StudyError, match=r"^study=s: there is no finished run to learn from$"):
        points_of(made)
    runs = load_runs(RESULTS / "fractals-reference")
    runs[runs.seed == 0].to_csv(tmp_path / "s" / "runs.csv", index=False)
    with pytest.raises(StudyError, match=r"^study=s: no variant has two seeds that differ, so nothing tells the noise"):
        points_of(made)
    (tmp_path / "s" / "runs.parquet").unlink()
    runs.assign(train_seconds=np.nan).to_csv(tmp_path / "s" / "runs.csv", index=False)
    with pytest.raises(StudyError, match=r"^study=s: no finished run .* has train_seconds, so nothing tells what"):
        points_of(made)
    assert not list(tmp_path.rglob("next.yaml"))


def test_seeds_are_those_of_the_study_that_a_network_lacks_then_new_ones(config, tmp_path):
    runs = load_runs(RESULTS / "fractals-reference")
    (tmp_path / "s").mkdir()
    runs = runs[~((runs.method == "width") & (runs.width == 1.8) & (runs.seed == 1))]
    runs.to_csv(tmp_path / "s" / "runs.csv", index=False)
    made = config("task=next", "study=s", f"results_dir={tmp_path}", "next.flops=3", "next.methods=[width,depth]")
    points = points_of(replace(made, next=replace(made.next, minutes=8.0)))
    assert [point["seed"] for point in points.values() if "width" in point][:2] == [1, 3]
    assert "depth-3-seed3" in points


def test_ranges_of_seeds_are_short():
    assert task.ranges(pd.Series([9, 3, 5, 6, 7])) == "3,5-7,9"
    assert task.ranges(pd.Series(np.array([4]))) == "4"


@pytest.mark.slow
def test_proposed_runs_are_the_ones_trained(cli, tmp_path):
    first = ["data=fractals", "model=micro_mbconv", "recipe=quick_v1"]  # learns something of so few images
    given = ["study=s", "recipe.epochs=1", "data.resolution=8", *first]
    cli("-m", "scaling.method=width,compound", "scaling.flops=1,2", "seed=0,1", *given)
    before = {path.name for path in (tmp_path / "results/s/runs").iterdir()}
    said = cli("task=next", "next.flops=2", "next.minutes=0.2", *given).stdout
    number = int(said.split(" runs, about")[0].rpartition("\n")[2])
    command = said.strip().splitlines()[-1].partition("-m scaling_study ")[2]
    cli(*command.split(), small=False)
    new = {path.name for path in (tmp_path / "results/s/runs").iterdir()} - before
    assert len(new) == number
    assert {name.partition("-seed")[0] for name in new} <= {"width-flops2", "compound-flops2"}
    again = cli(*command.split(), small=False).stdout
    assert f"All {number} runs are done already" in again
