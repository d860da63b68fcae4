"""Methods from two baselines in the documentation: contrasts of means, with one standard deviation over seeds."""

import re

import balance
import generate
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import scaling_study as ss
from scaling_study.analysis.contrasts import Contrast


def study(pixels, seeds, means, rng):
    """Runs of a baseline and of four methods at 4 times its multiply-adds."""
    rows = [
        {"method": method, "seed": seed, "top1": mean + rng.normal()} | coefficients(method)
        for method, mean in means.items()
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows).assign(resolution_px=pixels, status="done", model="net", epochs=12)


def coefficients(method):
    grown = {"baseline": (1, 1, 1), "compound": (1.4, 1.2, 1.3)}.get(method, (1, 1, 1))
    found = dict(zip(("depth", "width", "resolution"), map(float, grown), strict=True))
    if method in found:
        found[method] = 4.0
    larger = method != "baseline"
    return found | {"flops": 4e6 if larger else 1e6, "flops_target": 4.0 if larger else None, "phi": None}


@pytest.fixture
def studies():
    rng = np.random.default_rng(0)
    first = {"baseline": 60, "depth": 64, "width": 66, "resolution": 70, "compound": 68}
    last = {"baseline": 63, "depth": 66, "width": 68, "resolution": 69, "compound": 71}
    return [study(20, 4, first, rng), study(24, 2, last, rng)]


def numbers(cell):
    return [float(number) for number in re.findall(r"[-+][\d.]+", cell)]


def test_leads_are_those_of_the_comparisons_of_each_study(studies):
    rows = {row.split("|")[1].strip(): row.split("|")[2:5] for row in balance.lines(*studies)[2:5]}
    for place, runs in enumerate(studies):
        compared = ss.compare(runs, ["flops"]).set_index("other")
        for method in ("depth", "width", "resolution"):
            expected = compared.loc[method, ["difference", "low", "high"]].astype(float)
            assert numbers(rows[method][place]) == pytest.approx(list(expected), abs=0.051)
            changed = numbers(rows[method][2])[0]
            assert changed == pytest.approx(
                numbers(rows[method][1])[0] - numbers(rows[method][0])[0],
                abs=0.11,  # all three are rounded
            )
    means = [runs[runs.method == "baseline"].top1.mean() for runs in studies]
    assert f"of 24 pixels is {means[1] - means[0]:+.1f}" in balance.lines(*studies)[-1]


def test_a_change_has_the_interval_of_welchs_test():
    samples = [[60.1, 61.0, 60.4, 61.9], [63.0, 64.8, 62.1]]
    ones = [
        Contrast(np.mean(x), np.std(x, ddof=1) / np.sqrt(len(x)), len(x) - 1, len(x), False)
        for x in map(np.array, samples)
    ]
    expected = stats.ttest_ind(samples[1], samples[0], equal_var=False)
    found = balance.change(*ones)
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval()))
    assert found.p == pytest.approx(expected.pvalue)


def test_failed_runs_and_other_budgets_do_not_count(studies):
    more = studies[0][-1:].assign(top1=0.0, seed=9)
    others = pd.concat([studies[0], more.assign(status="failed")])
    assert balance.lines(others, studies[1]) == balance.lines(*studies)
    width = studies[0][studies[0].method == "width"]
    elsewhere = width.assign(flops_target=2.0, flops=2e6, width=2.0, top1=0.0)
    rows = [balance.lines(runs, studies[1])[3] for runs in (studies[0], pd.concat([studies[0], elsewhere]))]
    estimates = [[numbers(cell)[0] for cell in row.split("|")[2:5]] for row in rows]
    assert rows[0].startswith("| width |")
    assert estimates[0] == estimates[1]


def test_both_studies_have_the_same_data_and_recipe():
    both = [ss.load_runs(generate.ROOT / "results" / name) for name in (generate.MATCHED_STUDY, generate.PIXELS_STUDY)]
    for column in ("data", "recipe", "epochs"):
        assert len(set(pd.concat(both)[column])) == 1
    flops = [runs[runs.method == "baseline"].flops.iloc[0] for runs in both]
    assert flops[1] == pytest.approx(flops[0], rel=0.03)


def test_sentences_say_what_the_tables_hold():
    page, readme = (
        " ".join((generate.ROOT / name).read_text(encoding="utf-8").split())
        for name in ("docs/explanation/results.md", "README.md")
    )
    studies = [
        ss.load_runs(generate.ROOT / "results" / name) for name in (generate.MATCHED_STUDY, generate.PIXELS_STUDY)
    ]
    runs = studies[1].set_index(["method", "seed"]).top1
    assert f"reach {runs['compound'].min():.1f} to {runs['compound'].max():.1f}%, and the highest was the first" in page
    assert runs["compound"].idxmax() == 0
    alone = runs["compound", 0] - runs["resolution", 0]
    assert f"put compound scaling {alone:.1f} points ahead of resolution" in page
    *_, resolution, _, ahead = balance.lines(*studies)
    points, low, high = numbers(resolution.split("|")[3])
    assert f"is {-points:.1f} points behind resolution ({-high:.1f} to {-low:.1f}; n = 4)" in readme
    assert f"its lead of {numbers(ahead)[0]:.1f} points is too favorable" in page
