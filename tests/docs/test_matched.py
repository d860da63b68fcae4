"""The converged comparison of the methods in the documentation, against its committed table."""

import re

import blocks
import matched
import numpy as np
import pytest
from scipy import stats

import scaling_study as ss


@pytest.fixture(scope="module")
def runs():
    return ss.load_runs(blocks.ROOT / "results" / blocks.MATCHED_STUDY)


def cells(lines):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_rows_are_means_of_the_runs_and_leads_their_differences(runs):
    means = runs[runs.method != "custom"]
    means = means.groupby([means.flops_target.fillna(1.0), "method"]).top1.agg(["mean", "size"])
    rows = cells(matched.table(runs))
    assert len(rows) == len(means)
    for budget, method, _, _, seeds, accuracy, lead, _ in rows:
        mean, n = means.loc[(float(budget), method)]
        assert int(seeds) == n
        assert accuracy.split(" ")[0] == f"{mean:.1f}"
        if lead:
            compound = means.loc[(float(budget), "compound"), "mean"]
            assert lead.split(" ")[0] == f"{compound - mean:+.1f}"
    assert sum(bool(row[6]) for row in rows) == 6  # three single axes at twice and at four times


def test_a_failed_run_is_not_counted(runs):
    broken = runs.copy()
    broken.loc[broken.index[0], ["status", "top1"]] = "failed", 0.0
    numbers = {int(row[4]) for row in cells(matched.table(broken)) if row[1] == broken.method[0]}
    assert min(numbers) < min(int(row[4]) for row in cells(matched.table(runs)) if row[1] == runs.method[0])


def test_doublings_are_differences_of_means_with_one_standard_deviation(runs):
    networks = runs.method.where(runs.method != "custom", runs.run_id.str.replace("-seed.*", "", regex=True))
    groups = runs.groupby([runs.flops_target.fillna(1.0), networks]).top1
    means, sizes = groups.mean(), groups.size()
    df = (sizes - 1).sum()
    spread = np.sqrt((groups.var().fillna(0) * (sizes - 1)).sum() / df)
    said = matched.doublings(runs)
    for axis in ("depth", "width", "resolution"):
        one, two, four = (1.0, "baseline"), (2.0, axis), (4.0, axis)
        less = 2 * means[two] - means[one] - means[four]
        half = stats.t.ppf(0.975, df) * spread * np.sqrt(4 / sizes[two] + 1 / sizes[one] + 1 / sizes[four])
        gains = f"{means[two] - means[one]:.1f} and then {means[four] - means[two]:.1f} points by {axis}"
        assert f"{gains} ({less:.1f} less, {less - half:.1f} to {less + half:.1f})" in said


def test_gains_are_differences_of_means_and_of_these(runs):
    chosen = runs[runs.flops_target.isin([2, 4]) & (runs.method != "custom")]
    seeds = set.intersection(*(set(rows.seed) for _, rows in chosen.groupby(["method", "flops_target"])))
    said = matched.gains(runs[runs.seed.isin(seeds)], 2.0, 4.0)
    means = chosen[chosen.seed.isin(seeds)].groupby(["method", "flops_target"]).top1.mean()
    gained = {method: means[method, 4] - means[method, 2] for method in ("compound", "depth", "width", "resolution")}
    for method, value in gained.items():
        assert f"{method} {value:.1f} (" in said
    more = re.findall(r"([-\d.]+) \([^)]*\) more than (\w+)", said)
    assert more == [(f"{gained['compound'] - gained[axis]:.1f}", axis) for axis in ("depth", "width", "resolution")]


def test_leads_along_a_curve_have_a_star():
    runs = ss.load_runs(blocks.ROOT / "results" / "fashion_mnist-matched")
    leads = ss.compare(runs, ["flops"]).query("basis == 'interpolated'")
    rows = {(row[0], row[1]): row[6] for row in cells(matched.table(runs, 2))}
    interpolated = {(f"{row.flops_target:g}", row.other) for row in leads.itertuples()}
    assert {key for key, lead in rows.items() if lead.endswith("*")} == interpolated & {*rows}
    assert interpolated & {*rows}


def test_the_prediction_does_not_see_what_it_predicts(runs):
    other = runs.copy()
    other.loc[other.flops_target > matched.FITTED, "top1"] = 50.0
    before, after = matched.prediction(runs), matched.prediction(other)
    assert before.split("; the run")[0] == after.split("; the run")[0]
    assert after.endswith("reached 50.0%.")


def test_readme_says_what_the_table_shows(runs):
    readme = " ".join((blocks.ROOT / "README.md").read_text(encoding="utf-8").split())
    rows = {tuple(row[:2]): row for row in cells(matched.table(runs))}
    at_four = {method: rows[("4", method)][6] for method in ("depth", "width", "resolution")}
    assert at_four
    for method, lead in at_four.items():
        points, low, high = re.findall(r"[-+][\d.]+", lead)
        assert f"{points.strip('+-')} points" in readme, method
        assert f"{min(low.strip('+-'), high.strip('+-'), key=float)} to" in readme, method
