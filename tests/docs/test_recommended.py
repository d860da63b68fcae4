"""Recommended networks in the documentation: predicted before they were trained, and what runs reached."""

import re

import blocks
import numpy as np
import pandas as pd
import pytest
import recommended

import scaling_study as ss
from scaling_study.analysis.comparisons import compare
from scaling_study.records.costs import load_table

STUDY = blocks.ROOT / "results" / blocks.MATCHED_STUDY


@pytest.fixture(scope="module")
def recommendations():
    return load_table(STUDY, "recommendations")


@pytest.fixture(scope="module")
def runs():
    found = ss.load_runs(STUDY)
    return found[found.method != "custom"]


def with_runs_of(row, runs, accuracies):
    """The table with runs of a recommended network."""
    new = pd.concat([runs.iloc[:1]] * len(accuracies), ignore_index=True)
    axes = {axis: getattr(row, axis) for axis in ("depth", "width", "resolution")}
    built = {f"built_{axis}": getattr(row, f"built_{axis}") for axis in axes}
    flops = round(row.built * runs.flops[runs.method == "baseline"].iloc[0])
    new = new.assign(method="custom", flops_target=np.nan, flops=flops, seed=range(len(accuracies)), **axes, **built)
    new = new.assign(top1=accuracies, run_id=[f"new{n}" for n in range(len(accuracies))])
    return pd.concat([runs, new.astype(runs.dtypes)], ignore_index=True)


def numbers(cell):
    return [float(number) for number in re.findall(r"[-+]?\d+\.\d", cell)]


@pytest.mark.parametrize(("off", "verdict"), [(0.0, "within"), (0.9, "within"), (3.0, "outside"), (-3.0, "outside")])
def test_the_mean_is_held_against_the_interval_of_a_mean(recommendations, runs, off, verdict):
    row = recommendations.iloc[0]
    accuracies = row.top1 + off + np.array([-0.5, 0.1, 0.4, 0.2, -0.2])
    table = recommended.lines(recommendations.iloc[:1], with_runs_of(row, runs, accuracies))
    budget, network, built, n, predicted, reached, *_ = (cell.strip() for cell in table[2].strip("|").split("|"))
    assert (budget, n, built) == (f"{row.budget:g}", "5", f"{row.built:.2f}")
    assert network == f"{row.depth:g}, {row.width:g}, {row.resolution_px:g}"
    assert reached == f"{accuracies.mean():.1f}, {verdict}"
    center, low, high = numbers(predicted)
    assert center == round(row.top1, 1)
    assert row.run_low < low < row.top1 < high < row.run_high + 0.05


def test_a_network_on_a_curve_is_not_ahead_of_it(recommendations, runs):
    """A recommended network with the coefficients, cost and accuracies of the resolution network at twice the cost."""
    twice = runs[(runs.method == "resolution") & (runs.flops_target == 2)]
    first = twice.iloc[0]
    row = recommendations.iloc[0].copy()
    row["width"], row["built_width"], row["resolution"] = 1.0, 1.0, first.resolution + 1e-3
    row["built_resolution"], row["built"] = first.built_resolution + 1e-3, first.flops_ratio
    found = recommended.lines(pd.DataFrame([row]), with_runs_of(row, runs, list(twice.top1)))[2]
    point, low, high = numbers(found.split("|")[7])
    assert abs(point) <= 0.05
    assert low < 0 < high
    [lead] = compare(runs, ["flops"])[0].query("other == 'resolution' and flops_target == 2").difference
    assert numbers(found.split("|")[8])[0] == pytest.approx(-lead, abs=0.3)  # of a compound network 1% dearer


def test_a_recommendation_without_runs_is_refused(recommendations, runs):
    with pytest.raises(ValueError, match=r"^no run of the network that is recommended within 1\.5 times$"):
        recommended.lines(recommendations, runs)


def test_they_were_recommended_before_any_run_of_them(recommendations):
    assert recommendations.runs_before.tolist() == [0, 0]
    assert set(recommendations.budget) == {1.5, 3.0}


@pytest.mark.parametrize(("off", "verdict"), [(0.0, "within"), (3.0, "outside")])
def test_predictions_are_held_against_the_interval_of_the_mean_of_their_runs(recommendations, runs, off, verdict):
    row = recommendations.iloc[0]
    predictions = recommendations.iloc[:1].assign(method="custom", flops_target=1.5)
    [before] = recommended.predicted(predictions, runs)[2:]
    assert before.endswith("| 0 | not yet |")
    assert f"({row.run_low:.2f} to {row.run_high:.2f})" in before
    accuracies = [row.top1 + off - 0.3, row.top1 + off + 0.3]
    [after] = recommended.predicted(predictions, with_runs_of(row, runs, accuracies))[2:]
    assert after.endswith(f"| 2 | {row.top1 + off:.2f}, {verdict} |")
    low, high = numbers(after.split("|")[5])[1:]
    assert row.run_low - 0.05 < low < row.low + 0.05 < row.high < high < row.run_high + 0.05
