"""Predictions of networks before they are trained, by the law of a committed study."""

from types import SimpleNamespace

import pandas as pd
import pytest

from scaling_study.analysis.law import laws
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.command import application, composed, options_of
from scaling_study.records.costs import load_table, table_of
from scaling_study.records.tables import load_runs
from scaling_study.report.summary_predictions import prediction_part
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.tasks import predict

from .test_recommend import RESULTS

STUDY = "fractals_v2-matched"
KEYS = ("model=micro_mbconv_v2", "data=fractals_v2", "recipe=standard", f"study={STUDY}", "analysis.draws=200")


@pytest.fixture
def study(tmp_path):
    """A copy of the runs of a committed study up to 4 times the baseline's multiply-adds."""
    runs = load_runs(RESULTS / STUDY)
    runs = runs[(runs.method != "custom") & ~(runs.flops_target > 4)]
    (tmp_path / STUDY).mkdir()
    runs.to_csv(tmp_path / STUDY / "runs.csv", index=False)
    return tmp_path / STUDY


def jobs_of(study, *arguments):
    given = options_of([*arguments, *KEYS, f"results_dir={study.parent}", "task=predict"])
    with application(given) as app:
        return composed(app, given).jobs


MATCHED = ("+sweep=matched", "scaling.method=depth,compound", "scaling.flops=4,16", "seed=0,1")


def test_the_table_holds_networks_without_runs_and_what_the_law_says_of_them(study, capsys):
    assert predict.run(jobs_of(study, *MATCHED)) == 0
    table = load_table(study, "predictions").set_index("method")
    assert table.flops_target.to_dict() == {"depth": 16, "compound": 16}  # the seeds share a row
    assert table.built.to_numpy() == pytest.approx(16, rel=0.05)
    (law,) = laws(load_runs(study), draws=200)[0].values()
    assert set(table.variants) == {law.n}
    for row in table.itertuples():
        [said] = law.predict([[row.built_depth, row.built_width, row.built_resolution]]).itertuples()
        for column in ("top1", "low", "high", "run_low", "run_high"):
            assert getattr(row, column) == pytest.approx(getattr(said, column))
    assert table.extrapolated.all()
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    runs = load_runs(study)
    trained = sum((runs.method == "depth") & (runs.flops_target == 4))
    assert [line[-1] for line in printed if line[0] == "depth"] == [f"{trained}", "extrapolated"]
    assert printed[-1][:2] == ["Table:", f"{study / 'predictions.csv'};"]


@pytest.mark.slow
def test_what_runs_have_reached_is_not_predicted_again(study):
    predict.run(jobs_of(study, *MATCHED))
    before = load_table(study, "predictions")
    runs = load_runs(study)
    row = before[before.method == "depth"].iloc[0]
    same = ["depth", "width", "resolution", "resolution_px", "built_depth", "built_width", "built_resolution"]
    new = runs[runs.method == "depth"].iloc[[0]].assign(run_id="new", flops_target=16.0, top1=50.0, flops=4_400_000)
    pd.concat([runs, new.assign(**row[same])]).to_csv(study / "runs.csv", index=False)
    predict.run(jobs_of(study, *MATCHED))
    after = load_table(study, "predictions")
    kept, changed = (table.set_index("method").top1 for table in (before, after))
    assert changed["depth"] == kept["depth"]
    assert changed["compound"] != kept["compound"]  # by a law that knows the new run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data.resolution=24,20",), r"^data\.resolution=24,20: task=predict takes one value of it"),
        (("model.width_multiplier=2,1",), r"^model\.width_multiplier=2\.0,1\.0: task=predict takes one"),
        (
            ("recipe.auto_augment=null,rand-m9-mstd0.5", "vary=[recipe.auto_augment]"),
            r"^recipe\.auto_augment=None,rand-m9-mstd0\.5: task=predict takes one",
        ),
    ],
)
def test_networks_that_a_row_does_not_describe_are_refused(study, arguments, message):
    with pytest.raises(ConfigError, match=message):
        predict.run(jobs_of(study, "-m", "scaling.width=2", *arguments))
    assert not (study / "predictions.csv").exists()


def test_blocks_of_single_stages_are_refused():
    coefficients = Coefficients(stage_depth=(1.0, 2.0))
    job = SimpleNamespace(run=SimpleNamespace(variant=SimpleNamespace(coefficients=coefficients)))
    with pytest.raises(ConfigError, match=r"^scaling\.stage_depth=\[1\.0, 2\.0\]: must be null with task=predict$"):
        predict.require_one_training([job])


def test_an_axis_that_no_run_varies_is_refused(study):
    runs = load_runs(RESULTS / STUDY)
    runs[runs.built_depth == 1].to_csv(study / "runs.csv", index=False)
    with pytest.raises(StudyError, match=r"depth 4: cannot be predicted, no run varies depth$"):
        predict.run(jobs_of(study, "-m", "scaling.depth=1,4"))


@pytest.mark.slow
def test_runs_of_other_settings_are_not_runs_of_the_network(study):
    runs = load_runs(study)
    other = runs[runs.method == "width"].iloc[[0]].assign(run_id="other", width=3.0, settings="learning_rate=0.02")
    pd.concat([runs, other]).to_csv(study / "runs.csv", index=False)
    predict.run(jobs_of(study, "scaling.width=3"))
    assert len(load_table(study, "predictions")) == 1


def test_other_baselines_are_refused(study):
    with pytest.raises(StudyError, match=r"its baseline has 276,834 multiply-adds, that of the keys given 325,762"):
        predict.run(jobs_of(study, *MATCHED, "data.resolution=24"))
    assert not (study / "predictions.csv").exists()


def test_the_summary_says_which_predictions_came_true():
    network = {"model": "net", "epochs": 2, "depth": 2.0, "width": 1.5, "resolution": 1.0}
    said = {
        "method": "custom",
        "built": 4.4,
        "top1": 70.0,
        "low": 69.0,
        "high": 71.0,
        "run_low": 68.0,
        "run_high": 72.0,
        "extrapolated": True,
    }
    predictions = table_of("predictions", [network | said, network | said | {"depth": 4.0}])
    assert all("| yes |" in row for row in list(prediction_part(predictions, pd.DataFrame()))[-2:])
    nothing = pd.DataFrame(columns=[*network, "top1"])
    assert sum("not yet" in row for row in prediction_part(predictions, nothing)) == 2
    for top1, verdict in ((71.5, "confirmed"), (72.5, "outside the interval")):
        rows = list(prediction_part(predictions, pd.DataFrame([network | {"top1": top1}])))
        assert f"{top1:.2f}% (n = 1): {verdict}, 68.00 to 72.00 for the mean of 1" in rows[-2]
        assert "not yet" in rows[-1]
