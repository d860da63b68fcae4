"""The methods from three baselines in the documentation: the leads of the analysis, and sentences about them."""

import re

import balance
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import scaling_study as ss
from scaling_study.figures.printed import save

from ..figures.test_chart import texts_of


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
    between = {"baseline": 63, "depth": 62, "width": 65, "resolution": 70, "compound": 73}
    last = {"baseline": 61, "depth": 62, "width": 72, "resolution": 66, "compound": 69}
    seeds = {"20 pixels": 4, "24 pixels": 2, "36 pixels": 3}
    means = zip(seeds.items(), (first, between, last), strict=True)
    return {name: study(int(name[:2]), count, found, rng) for (name, count), found in means}


def numbers(cell):
    return [float(number) for number in re.findall(r"[-+][\d.]+", cell)]


def test_the_table_holds_the_leads_and_their_changes(studies):
    head, _, *rows, best, _, sentence = balance.lines(studies)
    assert head.split(" | ")[-2:] == ["change from 24 pixels to 20 pixels", "change from 24 pixels to 36 pixels |"]
    table = ss.leads(studies, 4.0, against="24 pixels").set_index(["other", "study"])
    assert [row.split("|")[1].strip() for row in rows] == ["depth", "width", "resolution"]
    for row in rows:
        _, axis, *cells, _ = (cell.strip() for cell in row.split("|"))
        for cell, name in zip(cells[:3], studies, strict=True):
            expected = table.loc[(axis, name), ["difference", "low", "high"]].astype(float)
            assert numbers(cell) == pytest.approx(list(expected), abs=0.051)
        for cell, name in zip(cells[3:], ("20 pixels", "36 pixels"), strict=True):
            expected = table.loc[(axis, name), ["change", "change_low", "change_high"]].astype(float)
            assert numbers(cell) == pytest.approx(list(expected), abs=0.051)
    _, name, *cells, _ = (cell.strip() for cell in best.split("|"))
    assert name == "the best axis"
    smallest = table.difference.groupby("study").min()
    for cell, study_name, axis in zip(cells[:3], studies, ("resolution", "resolution", "width"), strict=True):
        assert cell.endswith(f"), {axis}")
        assert numbers(cell)[0] == pytest.approx(smallest[study_name], abs=0.051)
    for cell, study_name in zip(cells[3:], ("20 pixels", "36 pixels"), strict=True):
        assert numbers(cell)[0] == pytest.approx(smallest[study_name] - smallest["24 pixels"], abs=0.051)
    same = rows[2].split("|")[5]  # resolution from 20 less from 24 pixels, where it is the best of both
    assert same.strip() == cells[3]
    baselines = [runs[runs.method == "baseline"].top1.mean() for runs in studies.values()]
    assert f"of 24 pixels is {baselines[1] - baselines[0]:+.1f}" in sentence
    assert f"and {baselines[1] - baselines[2]:+.1f}" in sentence


def test_gaps_of_baselines_have_an_interval_of_the_noise_of_all_methods(studies):
    def error(runs):
        values = runs.pivot(index="method", columns="seed", values="top1")
        squares = ((values.sub(values.mean(axis=1), axis=0)) ** 2).to_numpy().sum()
        df = values.size - len(values)
        return np.sqrt(squares / df / values.shape[1]), df

    (one, df_one), (two, df_two) = error(studies["20 pixels"]), error(studies["24 pixels"])
    spread = np.hypot(one, two)
    df = spread**4 / (one**4 / df_one + two**4 / df_two)
    low, high = numbers(balance.lines(studies)[-1].partition("ahead")[0])[1:]
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, df) * spread, abs=0.11)


def test_failed_runs_and_other_budgets_do_not_count(studies):
    expected = balance.lines(studies)
    first = studies["20 pixels"]
    more = first[-1:].assign(top1=0.0, seed=9, status="failed")
    assert balance.lines(studies | {"20 pixels": pd.concat([first, more])}) == expected
    elsewhere = first[first.method == "width"].assign(flops_target=2.0, flops=2e6, width=2.0, top1=0.0)
    rows = balance.lines(studies | {"20 pixels": pd.concat([first, elsewhere])})
    assert [numbers(row)[0] for row in rows[2:5]] == [numbers(row)[0] for row in expected[2:5]]


def test_the_control_is_held_against_the_methods_of_its_budget(studies):
    runs = studies["24 pixels"].assign(built_depth=1.0, built_width=1.28)
    new = runs[runs.method == "compound"].assign(method="custom", flops_target=None, width=1.5, resolution=1.5)
    new["top1"] += 2.0
    cells = [cell.strip() for cell in balance.control(pd.concat([runs, new]))[2].strip("|").split("|")]
    means = runs.groupby("method").top1.mean()
    assert cells[:4] == ["1, 1.28, 24", "4.00", "2", f"{means['compound'] + 2:.1f}"]
    assert numbers(cells[4])[0] == 2.0
    for cell, axis in zip(cells[5:], ("depth", "width", "resolution"), strict=True):
        found, low, high = numbers(cell)
        assert found == pytest.approx(means["compound"] + 2 - means[axis], abs=0.051)
        assert low < found < high


def test_all_studies_have_the_same_data_recipe_and_cost_of_the_baseline():
    tables = balance.tables()
    for column in ("data", "recipe", "epochs"):
        assert len(set(pd.concat(tables)[column])) == 1
    flops = [runs[runs.method == "baseline"].flops.iloc[0] for runs in tables.values()]
    assert flops == pytest.approx([flops[0]] * len(flops), rel=0.03)
    for name, runs in tables.items():
        assert set(runs[runs.method == "baseline"].resolution_px) == {int(name.split()[0])}


def test_the_committed_figure_is_what_the_committed_tables_give(tmp_path):
    [file] = save(balance.chart(balance.tables()), tmp_path / "leads", ["svg"])
    assert texts_of(file) == texts_of(balance.PLOTS / "leads.svg")
    assert (balance.PLOTS / "leads.png").exists()


def test_sentences_say_what_the_tables_hold():
    page, readme = (
        " ".join((balance.ROOT / name).read_text(encoding="utf-8").split())
        for name in ("docs/explanation/results.md", "README.md")
    )
    tables = balance.tables()
    leads = ss.leads(tables, 4.0, against="24 pixels").set_index(["study", "other"])
    for name, other in (("20 pixels", "resolution"), ("36 pixels", "resolution"), ("36 pixels", "width")):
        lead = leads.loc[(name, other)]
        low, high = sorted(map(abs, (lead.low, lead.high)))
        assert f"{other} by {abs(lead.difference):.1f} points ({low:.1f} to {high:.1f})" in readme
        assert lead.low * lead.high > 0
    assert "behind width" in readme
    assert leads.loc[("36 pixels", "width")].high < 0 < leads.loc[("36 pixels", "resolution")].low
    between = leads.loc[("24 pixels", "resolution")]
    assert (
        f"{-between.difference:.1f} points behind the best axis ({-between.high:.1f} to {-between.low:.1f})" in readme
    )
    changed = leads.loc["36 pixels"]
    assert changed.change_high["width"] < 0 < changed.change_low["resolution"]  # both by more than the noise
    means = {name: runs.groupby("method").top1.mean() for name, runs in tables.items()}
    assert max(means, key=lambda name: means[name]["baseline"]) == "24 pixels"
    for found in means.values():
        axes = found[["depth", "width", "resolution"]]
        assert axes["depth"] <= sorted(axes)[1]  # among the worst two
    accuracies = tables["24 pixels"].set_index(["method", "seed"]).top1["compound"]
    assert f"reach {accuracies.min():.1f} to {accuracies.max():.1f}%, and the highest was the first" in page
    assert accuracies.idxmax() == 0
    ahead = accuracies[0] - tables["24 pixels"].set_index(["method", "seed"]).top1["resolution", 0]
    assert f"put compound scaling {ahead:.1f} points ahead of resolution" in page
