"""Figures of what an analysis found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.shape_tables import shapes
from scaling_study.analysis.study import analyze
from scaling_study.figures import of_analysis
from scaling_study.figures.aggregation import about
from scaling_study.figures.comparisons import compared
from scaling_study.figures.curves import fitted
from scaling_study.figures.printed import figure_of
from scaling_study.figures.shape import traded
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.records.tables import load_runs
from scaling_study.scaling.grid import triples

from ..analysis.synthetic import grid_study, matched_study, shape_study, surface_study
from . import drawn as figures_of
from .test_saturation import texts

RESULTS = Path(__file__).parents[2] / "results"
ANALYZED = sorted(path.parent for path in RESULTS.glob("*/summary.md"))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """{name: Figure} of a run table and the tables of its analysis."""
    folder = tmp_path_factory.mktemp("none")
    nothing = load_table(folder, "costs"), load_table(folder, "latencies")

    def draw(runs):
        columns = {"data": "toy", "recipe": "quick", "phi": np.nan, "resolution_px": 14}
        runs = runs.assign(**{name: value for name, value in columns.items() if name not in runs})
        analysis = analyze(runs, *nothing, published(torchvision=False), draws=200)
        return figures_of(of_analysis(analysis.tables, runs, *nothing)), analysis.tables

    return draw


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.slow
def test_fits_comparisons_and_frontier_of_a_matched_study(drawn):
    figures, tables = drawn(matched_study(np.random.default_rng(0), gap=2.0))
    assert set(figures) == {"fits", "comparisons", "frontier", "law", "law_map"}
    [axes] = figures["fits"].axes
    assert set(legend(axes)) == {"width (w)", "depth (d)", "resolution (r)", "compound (φ)", "fast", "baseline"}
    assert len(axes.collections) >= 5  # a band each
    [axes] = figures["comparisons"].axes
    flops = tables["comparisons"].query("cost == 'flops'")
    assert len(axes.get_yticklabels()) == len(flops) == 16
    shown = sorted(float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() not in ("|", "None"))
    assert shown == pytest.approx(sorted(flops.difference))
    [axes] = figures["frontier"].axes
    assert "compound" in legend(axes)


@pytest.mark.slow
def test_single_seeds_have_no_bars(drawn):
    figures, _ = drawn(matched_study(np.random.default_rng(0), seeds=1))
    assert figures["fits"].get_suptitle().startswith("toy, net, 2 epochs, quick; n = 1 seed per point")
    assert "n = 1 seed;" in figures["comparisons"].get_suptitle()


@pytest.mark.parametrize(
    ("study", "said"),
    [
        ("fractals_v2-matched", "width (w), too few sizes"),
        ("fractals_v2-matched", "custom"),
        ("fractals-reference", "depth (d), no clear trend"),
    ],
)
def test_the_legend_says_why_a_method_has_no_curve(study, said):
    curves = pd.read_csv(RESULTS / study / "fit_curves.csv")
    chart = fitted(curves[curves.cost == "flops"], load_runs(RESULTS / study))
    assert said in legend(figure_of(chart).axes[0])


@pytest.mark.parametrize(
    ("study", "said"), [("fashion_mnist-matched", "95% intervals"), ("fashion_mnist-rate", "no intervals")]
)
def test_axes_name_intervals_only_where_there_are_some(study, said):
    table = pd.read_csv(RESULTS / study / "comparisons.csv")
    [axes] = figure_of(compared(table[table.cost == "flops"])).axes
    assert axes.get_xlabel() == f"top-1 of compound minus the other, points; {said}"


def test_the_search_marks_the_papers_triple_and_what_is_over_budget(drawn):
    runs = grid_study(np.random.default_rng(0), triples(0.2, 0.05, 0.05, 0.08), (1.2, 1.1, 1.15))
    runs.loc[runs.depth == 2, "flops_ratio"] = 3.0
    figures, tables = drawn(runs)
    [axes] = figures["search"].axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 26
    assert labels.count("1.2, 1.1, 1.15 (paper)  2.00x") == 1
    assert set(legend(axes)) == set(tables["search"].verdict)


@pytest.mark.slow
def test_figure_4_has_a_curve_per_pair_of_depth_and_resolution(drawn):
    figures, _ = drawn(surface_study(np.random.default_rng(0)))
    [axes] = figures["fig4"].axes
    assert len(legend(axes)) == 9
    assert "d=1, r=1" in legend(axes)
    assert figures["fig4"].axes[0].get_xscale() == "log"


@pytest.mark.slow
def test_regimes_are_a_line_per_budget(drawn):
    rng, rows = np.random.default_rng(0), []
    for epochs in (1, 2, 4):
        part = matched_study(rng, budgets=(4,), methods=("depth", "width"))
        rows.append(part.assign(epochs=epochs))
    figures, _ = drawn(pd.concat(rows, ignore_index=True))
    [axes] = figures["regime"].axes
    assert legend(axes) == ["net, 4 times the baseline"]
    assert [f"{tick:g}" for tick in axes.get_xticks()] == ["1", "2", "4"]
    assert {"frontier-1epochs", "frontier-4epochs"} <= set(figures)


def test_times_have_a_panel_per_count():
    study = RESULTS / "imagenet-family"
    costs, latencies = load_table(study, "costs"), load_table(study, "latencies")
    tables = analyze(pd.DataFrame(), costs, latencies, published(torchvision=False)).tables
    panels = of_analysis(tables, pd.DataFrame(), costs, latencies)["times"]()
    panels = figure_of(panels).axes
    assert [axes.get_xlabel().split(" (")[0] for axes in panels] == [
        "multiply-adds per image", "parameters", "activations per image"
    ]  # fmt: skip
    assert all(axes.get_title().startswith("correlation 0.") for axes in panels)
    assert "efficientnet" in legend(panels[0])
    assert texts(panels[0]) == []


def test_studies_are_analysed():
    assert {path.name for path in ANALYZED} >= {"fractals-reference", "fashion_mnist-reference", "imagenet-family"}


def test_traded_shapes_are_a_panel_per_pair_with_the_optimum_marked():
    runs = shape_study(np.random.default_rng(0), (0.4, -0.1))
    statements, curves, _ = shapes(runs, draws=100)
    figure = figure_of(traded(statements, curves))
    assert [panel.get_xlabel().split(" (")[0] for panel in figure.axes] == [
        "depth, paid for by width", "depth, paid for by resolution", "resolution, paid for by width",
    ]  # fmt: skip
    best = statements[statements.what == "pair optimum"]
    for panel, row in zip(figure.axes, best.itertuples(), strict=True):
        assert panel.get_title() == f"optimum {row.value:.2f} ({row.low:.2f} to {row.high:.2f})"
        [marked] = [line for line in panel.lines if line.get_marker() == "D"]
        assert marked.get_xdata() == pytest.approx([row.value])
        assert len(panel.collections) == 4  # a band, and bars of the shapes, of the baseline and of the optimum
    drawn = [line for panel in figure.axes for line in panel.lines if line.get_marker() in ("s", "^")]
    assert sum(len(line.get_xdata()) for line in drawn) == 12
    assert traded(statements[:0], curves) is None


def test_a_single_comparison_has_room_for_its_labels():
    table = pd.read_csv(RESULTS / "fractals_v2-rate" / "comparisons.csv").query("cost == 'flops'")
    assert table.difference.notna().sum() == 1
    figure = figure_of(compared(table))
    figure.draw_without_rendering()
    label = figure.axes[0].yaxis.label.get_window_extent()
    assert 0 <= label.y0 < label.y1 <= figure.bbox.height


def test_titles_say_that_networks_were_tuned():
    runs = matched_study(np.random.default_rng(0), seeds=2).assign(settings="tuned")
    assert "each at its best settings" in about(runs, "net")
    assert "best settings" not in about(runs.assign(settings=""), "net")
    assert "best settings" not in about(runs.drop(columns="settings"), "net")
