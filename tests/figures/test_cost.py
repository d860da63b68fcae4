"""Figures and the summary by any cost."""

import numpy as np
import pandas as pd
import pytest

from scaling_study import plot
from scaling_study.analysis.observations import ALL_COSTS
from scaling_study.analysis.study import analyze
from scaling_study.config.ranges import RULES
from scaling_study.figures import of_analysis, of_runs
from scaling_study.figures.printed import figure_of
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.report.drawing import with_cost
from scaling_study.report.markdown import amount
from scaling_study.report.summary import summary

from ..analysis.synthetic import matched_study

# How much of a cost a unit of 1e6 multiply-adds comes with, so that each cost orders the networks alike.
PER_UNIT = {"params": 3e4, "activations": 2e5, "activation_bytes": 8e5, "train_flops": 3e12, "train_seconds": 7.0}
LATENCY = {"latency_seconds": 0.004}
BY_COST = {"fits", "comparisons", "frontier"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """(runs, tables and analysis of them) of a study whose networks have every cost."""
    folder = tmp_path_factory.mktemp("none")
    runs = matched_study(np.random.default_rng(0), gap=2.0)
    runs = runs.assign(**{cost: runs.flops / 1e6 * value for cost, value in (PER_UNIT | LATENCY).items()})
    runs = runs.assign(phi=np.nan, resolution_px=14)
    nothing = load_table(folder, "costs"), load_table(folder, "latencies")
    timed = {"costs": runs.iloc[:0], "latencies": nothing[1]}
    analysis = analyze(runs, *nothing, published(torchvision=False), draws=100)
    return runs, analysis, timed


def test_key_takes_every_cost_of_the_analysis():
    for cost in ALL_COSTS:
        assert cost in RULES["cost"]
    assert "top1" not in RULES["cost"]


@pytest.mark.slow
@pytest.mark.parametrize("cost", [*PER_UNIT, *LATENCY])
def test_figures_of_runs_are_by_the_cost(study, cost):
    runs = study[0]
    drawings = of_runs(runs, cost=cost)
    assert set(drawings) == {f"axes-{cost}", f"methods-{cost}"}
    [axes] = figure_of(drawings[f"methods-{cost}"]()).axes
    values = np.unique(np.concatenate([line.get_xdata() for line in axes.lines if len(line.get_xdata()) > 1]))
    ratios = values / values[0]
    assert ratios == pytest.approx([1, 2, 4, 8, 16])
    assert "multiply-adds per image" not in axes.get_xlabel()
    for panel in figure_of(drawings[f"axes-{cost}"]()).axes:
        assert panel.get_xlabel() == axes.get_xlabel().removesuffix(", log scale")


@pytest.mark.slow
@pytest.mark.parametrize("cost", ["params", "train_seconds"])
def test_figures_of_the_analysis_are_by_the_cost(study, cost):
    runs, analysis, timed = study
    drawings = of_analysis(analysis.tables, runs, timed["costs"], timed["latencies"], cost)
    assert {f"{name}-{cost}" for name in BY_COST} <= set(drawings)
    assert {"law", "law_map"} <= set(drawings)
    assert not BY_COST & set(drawings)
    label = {"params": "parameters (thousands)", "train_seconds": "training time (s)"}[cost]
    assert figure_of(drawings[f"fits-{cost}"]()).axes[0].get_xlabel() == f"{label}, log scale"
    assert figure_of(drawings[f"frontier-{cost}"]()).axes[0].get_xlabel() == f"{label}, log scale"
    assert figure_of(drawings[f"comparisons-{cost}"]()).axes[0].get_ylabel() == f"against, at {label}"


@pytest.mark.slow
def test_plot_takes_the_cost(study):
    runs, analysis, _ = study
    for figure in (
        plot.methods(runs, cost="params"),
        plot.axes(runs, cost="params"),
        plot.fits(analysis.tables["fit_curves"], runs, cost="params"),
        plot.frontier(analysis.tables["frontier"], cost="params"),
    ):
        assert "parameters (thousands)" in figure.axes[0].get_xlabel()
    assert "parameters" in plot.comparisons(analysis.tables["comparisons"], cost="params").axes[0].get_ylabel()
    with pytest.raises(ValueError, match="fig4-params: there is nothing to draw"):
        plot.fig4(runs, cost="params")


@pytest.mark.slow
def test_networks_of_unknown_cost_are_left_out(study):
    runs = study[0].copy()
    runs.loc[runs.method == "depth", "params"] = np.nan
    [axes] = figure_of(of_runs(runs, cost="params")["methods-params"]()).axes
    assert "depth (d)" not in [text.get_text() for text in axes.get_legend().get_texts()]
    assert of_runs(runs.assign(params=np.nan), cost="params")["methods-params"]() is None
    assert of_runs(runs.assign(params=np.nan), cost="params")["axes-params"]() is None


@pytest.mark.slow
def test_summary_is_by_the_cost(study):
    _, analysis, _ = study
    text = summary("s", analysis, pd.DataFrame(), "params")
    assert "a doubling of parameters brings less than" in text
    assert "## Pareto frontier by parameters" in text
    assert "| parameters | against |" in text
    opening = text.partition("## Data")[0]
    assert "At the largest parameters that both methods reach" in opening
    assert "checks" not in opening  # they check what is said by multiply-adds
    assert summary("s", analysis, pd.DataFrame()) == summary("s", analysis, pd.DataFrame(), "flops")


@pytest.mark.slow
def test_summary_by_a_cost_without_curves_says_so(study):
    text = summary("s", study[1], pd.DataFrame(), "train_flops")
    assert "There are no curves by training multiply-adds" in text
    assert "## Pareto frontier by training multiply-adds" in text


@pytest.mark.slow
def test_missing_cost_is_one_warning(study, tmp_path, capsys):
    runs = study[0].drop(columns="latency_seconds").assign(small_stem=False, stage_depth=pd.NA)
    assert with_cost(runs, tmp_path, "latency_seconds").latency_seconds.isna().all()
    line = capsys.readouterr().err
    assert line.startswith("warning: cost=latency_seconds: no run of the study has it, which task=latency measures;")
    assert line.count("\n") == 1
    assert with_cost(runs, tmp_path, "params") is runs
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "cost", "words"),
    [(0.00282, "latency_seconds", "2.82 ms"), (12.0, "train_seconds", "12 s"), (5.7e8, "activation_bytes", "570 MB"),
     (1234.0, "params", "1.23 k"), (np.inf, "latency_seconds", "beyond the curve's reach")],
)  # fmt: skip
def test_amounts_have_units(value, cost, words):
    assert amount(value, cost) == words
