"""Which networks are recommended, by a law of known shape."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.law import laws
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution import recommendation
from scaling_study.execution.command import application, composed, options_of
from scaling_study.measure.flops import count_flops
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import job_from
from scaling_study.records.tables import load_runs, run_table
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.tasks import recommend

from ..analysis.synthetic import surface_study

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def job(config):
    made = config("task=recommend", "budget.flops=4")
    return SimpleNamespace(config=made, run=run_of(made))


@pytest.fixture(scope="module")
def law():
    made, _ = laws(surface_study(np.random.default_rng(0), exponents=(0.05, 0.6, 0.2)))
    return made["net", 2]


@pytest.fixture(scope="module", autouse=True)
def candidates_once():
    """The thousands of candidates of one law are the same for every limit: list them once for all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommendation, "candidates_of", once(recommendation.candidates_of))
        yield


def once(candidates_of):
    known = {}

    def remembered(job, law):
        key = repr((job.run.model, job.config.data, job.run.data.name, law.ranges, law.theta))
        if key not in known:
            known[key] = candidates_of(job, law)
        return known[key].copy()

    return remembered


def built(job, row):
    size = {"classes": 200, "channels": 1}
    coefficients = Coefficients(row["depth"], row["width"], row["resolution"])
    flops = count_flops(job.run.model, coefficients, resolution_px=int(row["resolution_px"]), **size)
    return flops / count_flops(job.run.model, Coefficients(), resolution_px=14, **size)


@pytest.mark.slow
@pytest.mark.parametrize("budget", [1.5, 4.0])
def test_the_budget_is_kept_and_no_candidate_within_it_is_better(job, law, budget):
    row = recommendation.recommend(job, law, "flops", budget)
    assert row["built"] == pytest.approx(built(job, row))
    assert row["built"] <= budget
    candidates = recommendation.candidates_of(job, law)
    chosen = candidates[candidates.flops <= budget].iloc[0]
    assert chosen.low == candidates.low[candidates.flops <= budget].max()
    assert [row[axis] for axis in ("depth", "width", "resolution")] == [chosen.depth, chosen.width, chosen.resolution]
    assert row["low"] <= chosen.low  # lower still, for it is the best of many
    assert row["width"] > row["depth"]  # what pays most
    assert row["run_low"] < row["low"] < row["top1"] < row["high"] < row["run_high"]


@pytest.mark.slow
def test_candidates_hold_what_is_built(job, law):
    candidates = recommendation.candidates_of(job, law)
    blocks = np.ceil((2 * candidates.depth).round(6))  # of each stage
    assert candidates.built_depth.tolist() == (blocks / 2).tolist()
    assert candidates.built_resolution.tolist() == (candidates.resolution_px / 14).tolist()
    assert candidates.built_width.to_numpy() == pytest.approx(candidates.width.to_numpy(), rel=0.05)
    assert set(candidates.built_width[candidates.width == 1.0]) == {1.0}
    assert candidates.built_width.nunique() > 10


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["params", "activations", "activation_bytes"])
def test_other_limits_are_measured_on_the_built_network(job, law, limit):
    row = recommendation.recommend(job, law, limit, 2.0)
    assert 1.4 < row["built"] <= 2.0


def test_latency_is_measured_on_the_device(job, law, monkeypatch):
    def seconds(timed):
        return 1e-3 * timed.run.variant.coefficients.width**2 * timed.run.variant.coefficients.depth

    monkeypatch.setattr("scaling_study.execution.timing.seconds_of_one_image", seconds)
    monkeypatch.setattr(recommendation, "replace", lambda one, **changes: SimpleNamespace(**vars(one) | changes))
    row = recommendation.recommend(job, law, "latency", 2.0)
    assert 1.5 < row["width"] ** 2 * row["depth"] <= 2.0


def test_a_budget_below_everything_names_the_nearest(job, law):
    with pytest.raises(ConfigError, match=r"^budget\.flops=0\.5: no network within .* the nearest has 1$"):
        recommendation.recommend(job, law, "flops", 0.5)


def test_runs_of_the_same_coefficients_are_counted(config):
    rows = [{"run_id": f"r{n}", "status": "done", "model": "micro_mbconv", "epochs": 2, "depth": 1.0, "width": 1.5,
             "resolution": 1.0, "seed": n} for n in range(3)]  # fmt: skip
    best = {"depth": 1.0, "width": 1.5, "resolution": 1.0}
    assert recommend.count_runs(run_table(rows), config(), best) == 3
    assert recommend.count_runs(run_table(rows), config(), best | {"width": 2.0}) == 0


def matched_study(config, folder, *overrides):
    """A copy of a committed study, and the configuration that asks it for a recommendation."""
    name = "fractals_v2-matched"
    (folder / name).mkdir()
    runs = load_runs(RESULTS / name)
    runs[runs.method != "custom"].to_csv(folder / name / "runs.csv", index=False)  # before any run was recommended
    first = ("model=micro_mbconv_v2", "data=fractals_v2", "recipe=standard", f"study={name}", f"results_dir={folder}")
    return config("task=recommend", "budget.flops=1.5", "analysis.draws=200", *first, *overrides)


@pytest.mark.slow
def test_the_command_that_is_printed_trains_new_runs_of_the_recommended_network(config, tmp_path, capsys):
    made = matched_study(config, tmp_path)
    assert recommend.run([job_from(made)]) == 0
    printed = capsys.readouterr().out
    arguments = printed.strip().splitlines()[-1].partition("-m scaling_study ")[2].split()
    with application(given := options_of(arguments)) as app:
        jobs = composed(app, given).jobs
    [row] = pd.read_csv(made.study_dir / "recommendations.csv").to_dict("records")
    assert [job.run.seed for job in jobs] == [0, 1, 2, 3, 4]
    runs = load_runs(made.study_dir)
    assert not {job.run.run_id for job in jobs} & set(runs.run_id)
    for job in jobs:
        assert job.run.variant.coefficients == Coefficients(row["depth"], row["width"], row["resolution"])
        assert job.run.recipe == job_from(made).run.recipe
        assert job.config.study_dir == made.study_dir
    points = recommend.points_of(made, row, {jobs[1].run.run_id})
    assert [point["seed"] for point in points.values()] == [0, 2, 3, 4, 5]


def test_the_baseline_of_other_keys_is_refused(config, tmp_path):
    made = matched_study(config, tmp_path, "data.resolution=24")
    with pytest.raises(
        StudyError, match=r"baseline has 276,834 multiply-adds, that of the keys given 325,762; give the"
    ):
        recommend.run([job_from(made)])
    assert not (made.study_dir / "recommendations.csv").exists()


def test_other_settings_of_training_are_refused(config, tmp_path):
    made = matched_study(config, tmp_path)
    load_runs(made.study_dir).assign(settings="learning_rate=0.02").to_csv(made.study_dir / "runs.csv", index=False)
    with pytest.raises(StudyError, match=r"settings='': no run has them; the table has 'learning_rate=0\.02'$"):
        recommend.run([job_from(made)])


@pytest.mark.slow
def test_recommendations_of_two_lengths_of_training_have_a_sweep_each(config, tmp_path):
    made = matched_study(config, tmp_path)
    runs = load_runs(made.study_dir)
    longer = runs.assign(epochs=24, run_id=runs.run_id + "-long")
    pd.concat([runs, longer]).to_csv(made.study_dir / "runs.csv", index=False)
    for epochs in (12, 24):
        again = replace(made, recipe=replace(made.recipe, epochs=epochs))
        assert recommend.run([job_from(again)]) == 0
    names = sorted(path.name for path in (made.study_dir / "conf" / "sweep").iterdir())
    assert names == [f"confirm-micro_mbconv_v2-{epochs}epochs-flops1.5.yaml" for epochs in (12, 24)]


def test_a_study_of_other_runs_has_no_law(config, tmp_path):
    shutil.copytree(RESULTS / "fractals-reference", tmp_path / "study")
    made = config("task=recommend", "budget.flops=2", "recipe.epochs=7", f"results_dir={tmp_path}", "study=study")
    with pytest.raises(
        StudyError, match="it holds runs of micro_mbconv for 2 epochs, not of micro_mbconv for 7 epochs"
    ):
        recommend.law_of(made, recommend.learned_from(made, load_runs(made.study_dir)))
