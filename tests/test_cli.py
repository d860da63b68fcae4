"""The real command line, end to end, on a small data set."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import scaling_study
from scaling_study.config.paths import CONF
from scaling_study.records.costs import load_table

from .conftest import SMALL

STUDY = "fractals_v2-micro_mbconv_v2-quick"
METRICS = ["top1", "top5", "loss", "val_top1", "val_loss", "train_top1", "flops", "params"]


def table(folder, study=STUDY):
    return scaling_study.load_runs(folder / "results" / study)


def test_a_sweep_trains_tabulates_and_draws_and_is_not_repeated(cli, tmp_path):
    first = cli("+sweep=width", "scaling.width=1.4,1", "recipe.epochs=1", fresh=True)
    runs = table(tmp_path)
    assert runs.status.tolist() == ["done", "done"]
    assert runs.method.tolist() == ["baseline", "width"]
    assert runs.flops[1] > 1.5 * runs.flops[0]
    for name in ("train_seconds", "images_per_second", "torch_version", "device", "precision", "activation_bytes"):
        assert runs[name].notna().all(), name
    assert len(scaling_study.load_history(tmp_path / "results" / STUDY)) == 2
    figures = {path.name for path in (tmp_path / "plots" / STUDY).iterdir()}
    assert figures == {"axes.png", "axes.svg", "methods.png", "methods.svg"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plots", "results"]
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [STUDY]
    assert "baseline" in first.stdout
    assert "2 of 2 runs done, 0 failed" in first.stderr
    assert "Warning" not in first.stderr

    records = {path: path.stat().st_mtime_ns for path in tmp_path.glob("results/*/runs/*/record.json")}
    again = cli("+sweep=width", "scaling.width=1.4,1", "recipe.epochs=1")
    assert "nothing to train" in again.stdout
    assert records == {path: path.stat().st_mtime_ns for path in records}
    assert again.stdout.splitlines()[1:] == first.stdout.splitlines()

    plan = cli("+sweep=width", "scaling.width=1.8,1.4,1", "recipe.epochs=1", "task=plan")
    assert re.search(r"width-1\.8-\S+ .* waiting", plan.stdout)
    assert re.search(r"width-1\.4-\S+ .* done", plan.stdout)
    assert "1 of 3 runs to train" in plan.stdout
    (line,) = plan.stderr.splitlines()
    assert line.startswith("warning: 8 updates of the weights in all, in 3 of 3 runs: below 1000 ")

    mixed = cli("recipe.epochs=2", check=False)
    assert mixed.returncode == 1
    assert "recipe.epochs=2: study=" in mixed.stderr


@pytest.mark.slow
def test_a_users_sweep_file_seeds_and_the_basic_launcher(cli, tmp_path):
    (tmp_path / "mine" / "sweep").mkdir(parents=True)
    (tmp_path / "mine" / "sweep" / "pair.yaml").write_text(
        "# @package _global_\n"
        "scaling: {points: {small: {}, big: {depth: 1.5, width: 1.5}}}\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {scaling.point: 'small,big'}}}\n"
    )
    cli("--config-dir", "mine", "+sweep=pair", "hydra/launcher=basic", "seed=0,1", "recipe.epochs=1", "study=own")
    runs = table(tmp_path, "own")
    assert Counter(runs.method) == {"baseline": 2, "custom": 2}
    assert sorted(set(runs.seed)) == [0, 1]
    assert runs.val_loss.nunique() == 4


@pytest.mark.slow
def test_one_run_without_a_sweep(cli, tmp_path):
    cli("scaling.method=compound", "scaling.phi=1", "recipe.epochs=1", "results_dir=out", "plots_dir=out/figures")
    runs = scaling_study.load_runs(tmp_path / "out" / STUDY)
    assert runs.method.tolist() == ["compound"]
    assert runs.phi.tolist() == [1.0]
    assert runs.resolution_px.tolist() == [23]


@pytest.mark.slow
def test_paths_below_the_home_folder(cli, tmp_path, monkeypatch):
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    cli("results_dir=~/res", "plots_dir=$HOME/plots", "recipe.epochs=1", cwd=here, fresh=True)
    assert list(here.iterdir()) == []
    assert {path.name for path in (home / "res" / STUDY).iterdir()} >= {"hydra", "runs", "runs.csv", "runs.parquet"}
    assert (home / "plots" / STUDY / "axes.png").exists()


@pytest.mark.slow
def test_failures_are_rows_and_the_rest_goes_on(cli, tmp_path):
    result = cli(
        "-m", "scaling.width=30000,1", "limits.memory_gb=1e9", "recipe.epochs=1", "workers=1", check=False
    )  # the failure first
    assert result.returncode == 1
    runs = table(tmp_path).set_index("method")
    assert runs.status.to_dict() == {"baseline": "done", "width": "failed"}
    assert runs.error_type["width"] == "RuntimeError"
    assert "memory" in runs.error["width"]
    assert re.search(r"error: 1 runs are not done.*\n  \S*width-30000-\S+: RuntimeError: .*memory", result.stderr)

    wild = [
        "recipe.optimizer=sgd",
        "recipe.learning_rate=1000",
        "recipe.weight_decay=1000",
        "recipe.epochs=1",
        "study=wild",
    ]
    result = cli(*wild, check=False)
    assert result.returncode == 1
    assert "Diverged" in result.stderr
    assert table(tmp_path, "wild").status.tolist() == ["failed"]


SWEEP = ["+sweep=resolution", "scaling.resolution=1.5,1.3,1", "recipe=standard", "recipe.epochs=4"]


@pytest.mark.slow
def test_a_killed_sweep_goes_on_and_ends_like_one_that_was_not(cli, start, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    study = "fractals_v2-micro_mbconv_v2-standard"
    cli(*SWEEP, "recipe.warmup_epochs=1", "workers=1", cwd=whole)  # nor does it matter how many run at once
    process = start(killed, *SWEEP, "recipe.warmup_epochs=1", "workers=2", "checkpoint.every_steps=3")
    deadline = time.monotonic() + 60
    while process.poll() is None and not list(killed.glob("results/*/runs/*/history.csv")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(random.uniform(0, 1.5))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in killed.glob("results/*/runs/*/record.json")}
    cli(*SWEEP, "recipe.warmup_epochs=1", "workers=2", "checkpoint.every_steps=3", cwd=killed)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in finished.items())
    expected, got = table(whole, study), table(killed, study)
    assert got.run_id.tolist() == expected.run_id.tolist()
    assert got[METRICS].equals(expected[METRICS])
    columns = ["run_id", "epoch", "train_loss", "val_loss", "val_top1"]
    histories = [scaling_study.load_history(folder / "results" / study)[columns] for folder in (whole, killed)]
    assert histories[0].equals(histories[1])


@pytest.mark.slow
def test_two_sweeps_at_once_train_each_run_once(start, tmp_path):
    overrides = ["+sweep=resolution", "scaling.resolution=1.5,1.3,1", "recipe.epochs=2"]
    processes = [start(tmp_path, *overrides, f"workers={workers}") for workers in (1, 2)]
    assert [process.wait() for process in processes] == [0, 0], [process.output.read_text() for process in processes]
    runs = table(tmp_path)
    assert runs.status.tolist() == ["done"] * 3
    assert runs.run_id.is_unique
    log = next(tmp_path.glob("results/*/hydra/*.log")).read_text()
    trained = Counter(re.findall(r"training (\S+)", log))
    assert trained == dict.fromkeys(runs.run_id, 1)


@pytest.mark.slow
def test_a_garbled_record_is_named_and_its_run_redone(cli, tmp_path):
    overrides = ["-m", "seed=0,1", "recipe.epochs=1", "workers=1"]
    cli(*overrides)
    before = table(tmp_path)
    broken, kept = sorted(tmp_path.glob("results/*/runs/*/record.json"))
    broken.write_text(broken.read_text()[:40])
    stamp = kept.stat().st_mtime_ns
    again = cli(*overrides)
    assert f"warning: {broken.relative_to(tmp_path)} cannot be used" in again.stderr
    assert kept.stat().st_mtime_ns == stamp
    assert table(tmp_path)[METRICS].equals(before[METRICS])


@pytest.mark.slow
def test_costs_latencies_figures_and_report_of_a_sweep(cli, tmp_path):
    sweep = ["-m", "model=resnet50,efficientnet_b0", "data=imagenet_size", "data.resolution=32", "study=c"]
    sweep += ["recipe=efficientnet"]
    first = cli(*sweep, "task=cost", small=False, fresh=True)
    assert re.search(r"resnet50 baseline +1.00 +1.00 +1.00 +32 +1.00", first.stdout)
    costs = load_table(tmp_path / "results" / "c", "costs")
    parts = load_table(tmp_path / "results" / "c", "cost_parts")
    assert parts.groupby("variant_id").flops.sum().to_dict() == costs.set_index("variant_id").flops.to_dict()
    again = cli(*sweep, "task=cost", "seed=0,1", small=False)
    assert again.stdout == first.stdout
    assert "counting" not in again.stderr

    quick = ["latency.seconds=0.01", "latency.batch_size_max=2"]
    timed = cli(*sweep, "task=latency", *quick, small=False)
    assert "1 CPU thread, fp32, eager" in timed.stdout
    [limits] = load_table(tmp_path / "results" / "c", "devices").to_dict("records")
    assert limits["flops_per_second"] > 1e8
    latencies = load_table(tmp_path / "results" / "c", "latencies")
    assert set(latencies.variant_id) == set(costs.variant_id)
    assert "timing" not in cli(*sweep, "task=latency", *quick, small=False).stderr
    assert load_table(tmp_path / "results" / "c", "latencies").equals(latencies)

    cli("task=figures", "study=c", small=False)
    names = {path.stem for path in (tmp_path / "plots" / "c").iterdir()}
    assert names == {"accuracy_flops", "accuracy_params", "memory", "latency", "accuracy_latency", "speed"}
    report = cli("task=paper", "study=c", small=False).stdout
    assert "| ResNet-50 | 32 | 25.56 M | 26 M | -1.7% |" in report
    assert cli("task=paper", "study=none", small=False, check=False).stderr.count("\n") == 1


@pytest.mark.slow
def test_a_matched_sweep_trains_and_tells_target_and_built_cost(cli, tmp_path):
    result = cli("+sweep=matched", "scaling.flops=1,2", "scaling.method=width,fast", "recipe.epochs=1", "workers=1")
    runs = table(tmp_path).set_index("method")
    assert runs.flops_target.dropna().to_dict() == {"width": 2, "fast": 2}
    assert runs.flops_ratio["baseline"] == 1
    assert runs.flops_ratio["width"] == pytest.approx(runs.flops["width"] / runs.flops["baseline"])
    assert runs.flops_ratio.drop("baseline").between(1.9, 2.1).all()
    for method in ("width", "fast"):  # the target, and what was built, in columns next to each other
        assert re.search(rf"{method} .* 2 +{runs.flops_ratio[method]:.2f} ", result.stdout)


@pytest.mark.slow
def test_a_search_is_analysed_and_its_preset_used_and_coefficients_recommended(cli, tmp_path):
    """On the tables of a reference study, as somebody who was sent them would."""
    study, results = "study=search", tmp_path / "results" / "search"
    results.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[1] / "results" / "fractals-search" / "runs.csv", results)
    analyzed = cli("task=analyze", study, "analysis.draws=100")
    assert "## Search for alpha, beta and gamma" in analyzed.stdout
    assert (results / "summary.md").read_text() in analyzed.stdout
    best = pd.read_csv(results / "search.csv").iloc[0]
    runs = table(tmp_path, "search")
    means = runs.groupby(["depth", "width", "resolution"]).val_top1.mean()
    assert best.accuracy == pytest.approx(means[best.alpha, best.beta, best.gamma])
    assert {path.stem for path in (tmp_path / "plots" / "search").glob("*.png")} >= {"search", "frontier"}

    preset = ["--config-dir", str(results / "conf"), "scaling=searched_micro_mbconv"]
    cli(*preset, "+sweep=compound", "scaling.phi=1,2", "task=cost", "study=costs")
    costs = load_table(tmp_path / "results" / "costs", "costs").sort_values("flops_nominal")
    for axis, growth in (("depth", best.alpha), ("width", best.beta), ("resolution", best.gamma)):
        assert costs[axis].tolist() == pytest.approx([growth, growth**2])

    study = [study, "data=fractals", "model=micro_mbconv", "recipe=quick_v1"]
    recommended = cli("task=recommend", *study, "budget.params=1.5", small=False)  # which changes the settings
    row = pd.read_csv(results / "recommendations.csv").iloc[0]
    assert row.built <= 1.5
    assert f"depth {row.depth:g}, width {row.width:g}, resolution {row.resolution:g}" in recommended.stdout
    refused = cli("task=recommend", *study, "budget.flops=0.01", check=False, small=False)
    assert refused.stderr.startswith("error: budget.flops=0.01: no network within the trained range keeps to it")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("recipe.epoch=3", "error: recipe.epoch: unknown key; allowed are recipe.epochs"),
        ("+recipe.foo=1", "error: recipe.foo=1: unknown key; allowed are recipe."),
        ("recipe.epochs=many", "error: recipe.epochs=many: must be a whole number from 1 to 1000000"),
        ("data=mnist", "error: data=mnist: must be one of cifar10, cifar100, custom, elpv, fashion_mnist, fractals"),
        ("hydra/launcher=pbs", "error: hydra/launcher=pbs: must be one of basic, joblib"),
        ("model=lenet", "error: model=lenet: must be one of convnext_base, convnext_large"),
        ("+sweep=width,depth", "error: +sweep takes one name"),
        ("seed=0,1", "error: seed=0,1: several values need a sweep"),
        ("results_dir=/proc/results", "error: /proc/results/" + STUDY + " cannot be written to"),
        ("recipe.batch_size=300", "error: recipe.batch_size=300: must be at most the 256 training images"),
        ("recipe.learning_rate_width=4", "error: recipe.learning_rate_width=4.0: must be a number from -3 to 3"),
        ("recipe.optimizer=best", "error: recipe.optimizer=best: timm cannot build it"),
        ("task=recommend", "error: budget=None: task=recommend needs exactly one of budget.flops, budget.params"),
        ("task=analyze", "error: study=" + STUDY + ": there is no folder"),
        ("scaling.triple=[1,2]", "error: scaling.triple=[1.0, 2.0]: must be alpha, beta and gamma"),
        ("scaling.triple=[1,2,1]", "error: scaling.triple=[1.0, 2.0, 1.0]: needs scaling.method=compound"),
        ("model=timm", "error: model.name=None: model=timm needs the name of a timm classifier"),
        ("data=imagenet_size", "error: data=imagenet_size is a size without images, for task=cost and task=latency"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(cli, tmp_path, override, message):
    caps = [value for value in SMALL if value.split("=")[0] != override.split("=")[0]]
    result = cli(override, *caps, small=False, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_bad_point_stops_the_sweep_before_any_work(cli, tmp_path):
    result = cli("+sweep=width", "scaling.width=1,-2", check=False)
    assert result.returncode == 1
    assert result.stderr == "error: scaling.width=-2.0: must be a number from 0.001 to 100000\n"
    assert list(tmp_path.iterdir()) == []


def test_slurm_without_its_extra_is_one_line(cli, tmp_path, monkeypatch):
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "submitit.py").write_text("raise ModuleNotFoundError('hidden', name='submitit')")
    path = f"{tmp_path / 'hiding'}{os.pathsep}{Path(__file__).parents[1]}"
    monkeypatch.setattr("tests.conftest.environment", lambda _: os.environ | {"PYTHONPATH": path})
    result = cli("-m", "hydra/launcher=submitit_slurm", check=False, fresh=True)
    assert result.returncode == 1
    assert re.fullmatch(
        r"error: hydra/launcher=submitit_slurm: \S+ is missing; pip install 'scaling_study\[slurm\]'\n", result.stderr
    )
    assert [path.name for path in tmp_path.iterdir()] == ["hiding"]


def test_a_sweep_over_models_needs_one_study(cli, tmp_path):
    result = cli("-m", "model=mobilenetv2,micro_mbconv_v2", "data.resolution=16", check=False)
    assert result.returncode == 1
    names = "fractals_v2-mobilenetv2-quick,fractals_v2-micro_mbconv_v2-quick"
    assert result.stderr == f"error: study={names}: must be the same for all runs of a sweep; give study=VALUE\n"
    assert list(tmp_path.iterdir()) == []


def test_help_and_config_load_no_torch(cli):
    said = f"sweep: {', '.join(sorted(path.stem for path in (CONF / 'sweep').glob('*.yaml')))}"
    assert said in cli("--help", small=False, fresh=True).stdout
    code = "import sys, scaling_study.cli, scaling_study.tasks.train; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
