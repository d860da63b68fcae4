"""Methods from two baselines in the documentation: contrasts of means, with one standard deviation over seeds."""

import re

import balance
import generate
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import scaling_study as ss


def study(pixels, seeds, means, rng):
    """Runs of a baseline and of four methods at 4 times its multiply-adds."""
    rows = [
        {"method": method, "top1": mean + rng.normal(), "flops_target": None if method == "baseline" else 4.0}
        for method, mean in means.items()
        for _ in range(seeds)
    ]
    return pd.DataFrame(rows).assign(resolution_px=pixels, status="done")


@pytest.fixture
def studies():
    rng = np.random.default_rng(0)
    first = {"baseline": 60, "depth": 64, "width": 66, "resolution": 70, "compound": 68}
    last = {"baseline": 63, "depth": 66, "width": 68, "resolution": 69, "compound": 71}
    return [study(20, 4, first, rng), study(24, 2, last, rng)]


def numbers(cell):
    return [float(number) for number in re.findall(r"[-+][\d.]+", cell)]


def test_leads_and_their_change_are_contrasts_of_means(studies):
    both = pd.concat(studies)
    groups = both.groupby(["resolution_px", "method"]).top1
    means, sizes, df = groups.mean(), groups.size(), len(both) - 10
    spread = np.sqrt((groups.var() * (sizes - 1)).sum() / df)
    rows = {row.split("|")[1].strip(): row.split("|")[2:5] for row in balance.lines(studies)[2:5]}
    for method in ("depth", "width", "resolution"):
        leads = [means[px, "compound"] - means[px, method] for px in (20, 24)]
        changed, low, high = numbers(rows[method][2])
        assert [numbers(cell)[0] for cell in rows[method][:2]] == pytest.approx(leads, abs=0.051)
        assert changed == pytest.approx(leads[1] - leads[0], abs=0.051)
        half = stats.t.ppf(0.975, df) * spread * np.sqrt(2 / 4 + 2 / 2)
        assert (high - low) / 2 == pytest.approx(half, abs=0.051)
    ahead = means[24, "baseline"] - means[20, "baseline"]
    assert f"of 24 pixels is {ahead:+.1f}" in balance.lines(studies)[-1]


def test_failed_runs_and_other_budgets_do_not_count(studies):
    more = studies[0][-1:].assign(top1=0.0)
    others = pd.concat([studies[0], more.assign(status="failed"), more.assign(flops_target=2.0)])
    assert balance.lines([others, studies[1]]) == balance.lines(studies)


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
    *_, resolution, _, ahead = balance.lines(studies)
    points, low, high = numbers(resolution.split("|")[3])
    assert f"is {-points:.1f} points behind resolution ({-high:.1f} to {-low:.1f}; n = 4)" in readme
    assert f"is {numbers(ahead)[0]:.1f} points better (1 seed)" in readme
