"""The whole analysis: from tables to words, whatever is in the tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.rules import one_rule
from scaling_study.analysis.study import analyze, with_latency
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.records.tables import load_runs
from scaling_study.report.summary import summary
from scaling_study.report.summary_methods import winners
from scaling_study.scaling.grid import triples

from .synthetic import floor_curve, grid_study, matched_study, run_rows, surface_study

RESULTS = Path(__file__).parents[2] / "results"
NOTHING = pd.DataFrame()


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("none")
    return load_table(folder, "costs"), load_table(folder, "latencies")


@pytest.fixture(scope="module")
def paper():
    return published(torchvision=False)


def words(runs, empty, paper, recommendations=NOTHING):
    analysis = analyze(runs, *empty, paper, draws=200)
    return analysis, summary("toy", analysis, recommendations)


def test_a_matched_study_in_words(empty, paper):
    analysis, text = words(matched_study(np.random.default_rng(0), gap=2.0), empty, paper)
    assert text.startswith("# toy\n\n## In short\n\n- After 2 epochs of training, accuracy ")
    assert (
        "\n\n## Data\n\n63 finished runs: 21 networks scaled from net, trained for 2 epochs (recipe quick) with 3 "
        in text
    )
    assert text.count("| 3 | better |") == 16
    assert (
        "net: compound has the highest mean by 5 of 5 costs; it is clearly better than every other by 5 of them."
        in text
    )
    assert "## Pareto frontier by multiply-adds" in text
    assert set(analysis.tables) >= {"fits", "gains", "fit_curves", "comparisons", "leaders", "frontier", "robustness"}
    assert "## Search" not in text


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 3])
def test_searches_surfaces_and_recommendations_in_words(empty, paper, seeds):
    rng = np.random.default_rng(0)
    runs = surface_study(rng, seeds=seeds)
    row = {"model": "net", "epochs": 2, "limit": "flops", "budget": 4.0, "built": 3.9, "depth": 1.5, "width": 1.5,
           "resolution": 1.0, "runs_before": 0, "top1": 80.0, "low": 71.0, "high": 89.0}  # fmt: skip
    row |= {"run_low": 70.0, "run_high": 90.0}
    done, other = pd.DataFrame([row]), pd.DataFrame([row | {"width": 1.9}])
    _, text = words(
        runs,
        empty,
        paper,
        pd.concat(
            [done, other, done.assign(top1=70.5, high=70.9, low=70.1, run_high=71.0), done.assign(runs_before=3)]
        ),
    )
    assert text.count("but it was predicted from these runs |") == 1
    assert text.count(": confirmed, ") == 1
    assert text.count("not yet |") == 1
    assert text.count(": outside the interval, ") == 1
    assert "## Response surface" in text
    _, text = words(grid_study(rng, [(2, 1, 1), (1, 1.4, 1), (1, 1, 1.4), (1.2, 1.1, 1.15), (1.4, 1.2, 1)],
                               (1.2, 1.1, 1.15), seeds=seeds), empty, paper)  # fmt: skip
    assert "best on the validation split is alpha, beta, gamma = 1.2, 1.1, 1.15" in text


@pytest.mark.parametrize(
    "change",
    [
        lambda runs: runs[:1],
        lambda runs: runs[:2],
        lambda runs: runs[runs.seed == 0],
        lambda runs: runs.assign(top1=50.0),
        lambda runs: runs.assign(top1=np.where(runs.seed == 0, np.nan, runs.top1)),
        lambda runs: runs.assign(status="failed"),
        lambda runs: runs[runs.method != "baseline"],
        lambda runs: runs[runs.method == "baseline"],
        *(
            pytest.param(change, marks=pytest.mark.slow)
            for change in (
                lambda runs: runs.assign(flops=np.nan, params=np.nan, train_seconds=0.0),
                lambda runs: runs.assign(top1=100.0),
                lambda runs: runs.assign(model=np.where(runs.method == "width", "other", "net")),
                lambda runs: pd.concat([runs, runs]),
                lambda runs: runs.assign(epochs=np.where(runs.seed == 0, np.nan, 2)),
                lambda runs: runs.assign(epochs=np.nan),
                lambda runs: runs.assign(width=np.where(runs.seed == 0, -1.0, runs.width), flops=np.inf),
                lambda runs: runs.assign(depth=np.where(runs.seed == 0, "x", "2.0"), classes="many"),
            )
        ),
    ],
)
def test_no_table_breaks_it(empty, paper, change):
    rng = np.random.default_rng(0)
    costs = [1, 2, 4, 8, 16]
    runs = pd.concat(
        [run_rows("width", costs, floor_curve(costs), rng), run_rows("compound", costs, floor_curve(costs), rng)]
    )
    analysis, text = words(change(runs.reset_index(drop=True)), empty, paper)
    assert text.startswith("# toy")
    assert " nan" not in text
    assert "inf " not in text
    for name in ("comparisons", "leaders"):
        table = analysis.tables.get(name)
        assert table is None or table.verdict.notna().all()


def test_triples_of_a_search_are_not_one_compound_curve(empty, paper):
    runs = grid_study(np.random.default_rng(0), triples(0.2, 0.05, 0.05, 0.08), (1.2, 1.1, 1.15))
    baseline = runs[:3].assign(method="baseline", depth=1.0, width=1.0, resolution=1.0, flops=1e6, flops_ratio=1.0)
    analysis, text = words(pd.concat([runs, baseline], ignore_index=True), empty, paper)
    assert not {"comparisons", "fit_curves"} & set(analysis.tables)
    assert "no compound runs that follow one rule" in text
    assert set(one_rule(runs).method) == {"custom"}


def test_compound_variants_of_one_triple_are_a_curve_and_others_beside_it():
    runs = matched_study(np.random.default_rng(0))
    assert one_rule(runs) is runs
    odd = runs[runs.method == "compound"][:3].assign(depth=4.0, width=1.0, resolution=1.1, flops=5e6)
    both = one_rule(pd.concat([runs, odd], ignore_index=True))
    assert (both.method == "custom").sum() == 3
    assert (both.method == "compound").sum() == 12


@pytest.mark.parametrize(
    ("gap", "cheaper", "said"),
    [
        (0.1, 1.5, "by every cost, depth is best or not distinguishable from the best"),
        (1.5, 3.0, "changes the winner** (width, depth)"),
    ],
)
def test_the_winner_changes_only_where_methods_are_distinguishable(empty, paper, gap, cheaper, said):
    """Depth is behind at equal flops, but has fewer parameters, so that it is ahead by those."""
    rng, costs = np.random.default_rng(0), [1, 2, 4]
    width = run_rows("width", costs, [40, 36, 32], rng)
    depth = run_rows("depth", costs, [40, 36 + gap / 2, 32 + gap], rng).query("method == 'depth'")
    depth = depth.assign(params=depth.params / cheaper)
    assert said in words(pd.concat([width, depth], ignore_index=True), empty, paper)[1]


def test_latency_comes_from_the_setting_with_the_most_networks():
    runs = run_rows("width", [1, 2, 4], [40, 30, 20], np.random.default_rng(0)).assign(
        stage_depth=pd.NA, resolution_px=14
    )
    costs = runs.drop_duplicates(["width"]).assign(variant_id=lambda table: table.method + table.flops.astype(str))
    common = {"threads": 1, "precision": "fp32", "runtime": "eager", "workload": "inference", "batch_size": 1}
    slow = pd.DataFrame(
        {"variant_id": costs.variant_id, "device": "slow", "seconds_median": costs.flops * 1e-6}
    ).assign(**common)
    fast = slow[:1].assign(device="fast", seconds_median=1e-9)
    joined = with_latency(runs, costs, pd.concat([fast, slow, fast]))
    assert len(joined) == len(runs)
    assert joined.latency_seconds.to_numpy() == pytest.approx(runs.flops.to_numpy() * 1e-6)


def test_the_family_study_is_times_and_the_papers_tables(paper):
    study = RESULTS / "imagenet-family"
    analysis = analyze(NOTHING, load_table(study, "costs"), load_table(study, "latencies"), paper)
    assert set(analysis.tables) == {"time_fits", "published_comparisons"}
    text = summary("family", analysis, NOTHING)
    assert text.count("no interval without a second seed") == 11
    assert "efficientnet (8)" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fractals-reference", "fashion_mnist-reference"])
def test_the_committed_summary_is_that_of_the_committed_tables(name, paper):
    study = RESULTS / name
    analysis = analyze(load_runs(study), load_table(study, "costs"), load_table(study, "latencies"), paper)
    for table, frame in analysis.tables.items():
        committed = pd.read_csv(study / f"{table}.csv")
        assert committed.columns.tolist() == frame.columns.tolist()
        assert len(committed) == len(frame)
    recommendations = study / "recommendations.csv"
    known = pd.read_csv(recommendations) if recommendations.exists() else NOTHING
    made, kept = summary(name, analysis, known).splitlines(), (study / "summary.md").read_text().splitlines()
    headings = [[line for line in lines if line.startswith("#")] for lines in (made, kept)]
    assert headings[0] == headings[1]
    assert len(made) == len(kept)


def test_a_method_that_is_better_by_one_cost_is_named_with_it():
    """A method that is not distinguishable from the best by every cost may still be better than every other by one."""
    rows = [
        {"cost": "flops", "method": "width", "other": "depth", "verdict": "not distinguishable", "p": 0.4},
        {"cost": "latency_seconds", "method": "depth", "other": "width", "verdict": "better", "p": 0.001},
    ]
    line = winners(pd.DataFrame(rows))
    assert line == (
        "the means put width or depth in front, depending on the cost; by every cost, depth is best or not "
        "distinguishable from the best (depth is better than every other by latency)."
    )
