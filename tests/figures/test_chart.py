"""Every figure is values, which both renderers draw: numbers, units and texts are the same in all three."""

import itertools
import json
import re
import warnings
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
import pytest
from matplotlib.legend import Legend

import scaling_study as ss
from scaling_study.analysis.study import analyze
from scaling_study.config.ranges import VENUES
from scaling_study.figures import of_analysis, of_costs, of_runs
from scaling_study.figures.chart import Axis, Band, Heat, Marks, Rule, alike_together, one_panel
from scaling_study.figures.interactive import concatenated, specifications
from scaling_study.figures.panels import LEGEND_MAX, VECTORS_MAX
from scaling_study.figures.printed import figure_of, save, write_figure
from scaling_study.figures.venues import venue_style
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.records.tables import has_tables, load_history
from scaling_study.report.drawing import load_analysis

from ..analysis.synthetic import matched_study
from .test_labels import boxes, outer_texts

RESULTS = Path(__file__).parents[2] / "results"
PLOTS = RESULTS.parent / "plots"
STUDIES = sorted(path.parent for path in RESULTS.glob("*/summary.md"))
SMALLEST = "fractals_v2-power"


def charts_of(study):
    """{name: Chart} of every figure that the tables of a study give."""
    costs, latencies, devices = (load_table(study, name) for name in ("costs", "latencies", "devices"))
    runs = ss.load_runs(study) if has_tables(study) else pd.DataFrame()
    drawings = of_runs(runs, load_history(study)) if len(runs) else {}
    drawings |= of_analysis(load_analysis(study)[0], runs, costs, latencies)
    drawings |= of_costs(costs, latencies, published(torchvision=False), devices)
    return {name: chart for name, draw in drawings.items() if (chart := draw()) is not None}


def marks_of(panel):
    return [mark for mark in panel.marks if isinstance(mark, Marks)]


def rows_of(specification, kind):
    """Rows of all layers of the specification whose mark is of a kind."""
    layers = [layer for layer in specification["layer"] if layer["mark"]["type"] == kind]
    data = specification.get("datasets", {})
    found = [layer.get("data", specification.get("data", {})) for layer in layers]
    return [row for part in found for row in data.get(part.get("name"), part.get("values", []))]


@pytest.mark.parametrize(
    "study",
    [pytest.param(path, id=path.name, marks=() if path.name == SMALLEST else pytest.mark.slow) for path in STUDIES],
)
def test_committed_figures_are_what_the_committed_tables_give(study, tmp_path):
    """The same texts as in the committed file, none upon another, and the same points in both renderers."""
    drawn = 0
    for name, chart in charts_of(study).items():
        figure = figure_of(chart)
        assert_texts_are_apart(figure, name)
        for panel, axes, spec in zip(chart.flat, figure.axes, specifications(chart), strict=False):
            assert_same_points(panel, axes, spec)
        assert_one_chart_holds_all_panels(chart)
        committed = PLOTS / study.name / f"{name}.svg"
        if not name.startswith("learning_curves") or committed.exists():  # which earlier versions did not draw
            [file] = write_figure(lambda figure=figure: figure, tmp_path / name, ["svg"])
            assert texts_of(file) == texts_of(committed), name
            drawn += 1
    assert drawn == len(list((PLOTS / study.name).glob("*.svg")))


def texts_of(svg):
    """All text of an SVG file in order: labels, ticks, legend."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg.read_text())


def assert_same_points(panel, axes, spec):
    """A panel's values, and what its axes and its specification hold."""
    json.dumps(spec, allow_nan=False)
    alt.LayerChart.from_dict(spec).to_dict(validate=True)
    points = [mark for mark in marks_of(panel) if mark.marker and not mark.last]
    wanted = sorted((x, y) for mark in points for x, y in zip(mark.x, mark.y, strict=True))
    assert sorted((row["x"], row["y"]) for row in rows_of(spec, "point")) == wanted
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "|", "_") and len(line.get_xdata())]
    lines = [line for line in lines if line.get_markevery() is None]
    drawn = sorted(pair for line in lines for pair in zip(line.get_xdata(), line.get_ydata(), strict=True))
    assert np.array(drawn) == pytest.approx(np.array(wanted))
    for layer in spec["layer"]:  # a legend is clicked in vain where what listens to it is a layer without
        assert "name" not in layer or layer["encoding"]["color"]["field"] == "name"
    areas = [layer for layer in spec["layer"] if layer["mark"]["type"] == "area"]
    assert len(areas) == sum(isinstance(mark, Band) for mark in panel.marks)
    named = {mark.name for mark in marks_of(panel) if mark.name}
    named |= {mark.beyond_name for mark in panel.marks if isinstance(mark, Heat) and any(mark.beyond)}
    if legend := axes.get_legend():
        assert {text.get_text() for text in legend.get_texts()} == named


def assert_one_chart_holds_all_panels(chart):
    """The whole figure as one of altair's: rows, sizes, title and each panel's layers, with a legend that picks for
    itself; nothing is merged, and nothing warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = concatenated(chart).to_dict()
    assert "\n".join(whole["title"]["text"]) == chart.title
    assert [len(row["hconcat"]) for row in whole["vconcat"]] == [len(row) for row in chart.panels]
    panels = [panel for row in whole["vconcat"] for panel in row["hconcat"]]
    for panel, alone in zip(panels, specifications(chart), strict=True):
        assert isinstance(panel["width"], int)
        for kind in {layer["mark"]["type"] for layer in alone["layer"]} - {"text"}:  # which are as the room allows
            within = {**panel, "datasets": whole["datasets"]} if "datasets" in whole else panel
            assert rows_of(within, kind) == rows_of(alone, kind)
    picked = [param["name"] for param in whole.get("params", [])]
    assert len(picked) == len(set(picked)) == sum(len(spec.get("params", [])) for spec in specifications(chart))


def test_methods_chart_holds_the_means_and_ranges_of_the_table():
    runs = matched_study(np.random.default_rng(0), gap=2.0).assign(phi=np.nan, resolution_px=14)
    [panel] = of_runs(runs)["methods"]().flat
    for method in ("width", "compound"):
        [curve] = [mark for mark in marks_of(panel) if mark.name.startswith(method)]
        accuracies = runs[runs.method.isin([method, "baseline"])].groupby("flops").top1
        assert curve.y == pytest.approx(accuracies.mean())
        assert curve.y_ends[0] == pytest.approx(accuracies.min())
        assert curve.x == pytest.approx([1, 2, 4, 8, 16])
        assert "millions" in panel.x.label


def test_an_interval_that_is_not_known_has_no_bar_and_is_not_said():
    table = pd.read_csv(RESULTS / "fractals-search" / "search.csv").assign(low=np.nan, high=np.nan)
    chart = of_analysis({"search": table}, pd.DataFrame(), pd.DataFrame(), pd.DataFrame({"variant_id": []}))["search"]()
    [spec] = specifications(chart)
    assert all("x_low" not in row for row in rows_of(spec, "point"))
    assert len(rows_of(spec, "point")) == len(table)


def test_points_of_one_look_are_one_layer_of_the_page():
    marks = [
        Marks((n,), (n,), "red", "o", x_ends=((n - 1,), (n + 1,)), name="odd" if n % 2 else "even") for n in range(4)
    ]
    even, odd = alike_together(marks)
    assert (even.x, even.y, even.x_ends) == ((0, 2), (0, 2), ((-1, 1), (1, 3)))
    assert (odd.name, odd.x) == ("odd", (1, 3))
    line = Marks((0, 1), (0, 1), "red", line="solid")
    assert alike_together([line, Rule(x=0), line]) == [line, Rule(x=0), line]


@pytest.mark.parametrize("crowded", [False, True])
def test_many_points_are_a_picture_in_a_file_of_vectors_and_the_legend_has_a_place(crowded, tmp_path):
    count = max(VECTORS_MAX, LEGEND_MAX) + 1 if crowded else VECTORS_MAX
    values = tuple(float(n) for n in range(count))
    marks = [Marks(values, values, "red", "o", name="many", y_ends=(values, values))]
    [svg] = save(one_panel("title", Axis("x"), Axis("y"), marks, (4, 3)), tmp_path / "many", ["svg"])
    text = svg.read_text()
    assert ("<image" in text) == crowded
    assert {">title<", ">many<"} <= set(re.findall(">(?:title|many)<", text))
    [axes] = figure_of(one_panel("title", Axis("x"), Axis("y"), marks, (4, 3))).axes
    assert (axes.get_legend()._get_loc() == Legend.codes["lower right"]) == crowded


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("columns", [1, 2])
def test_venues_have_a_width_and_sizes(venue, columns):
    style, width = venue_style(venue, columns)
    assert 3 < width < 7.5
    assert all(5 < size < 12 for size in style.values())


@pytest.mark.slow
def test_a_figure_is_as_wide_as_the_column_with_its_panels_below_each_other():
    chart = charts_of(RESULTS / "fractals-reference")["axes"]
    style, width = venue_style("icml2024", 1)
    figure = figure_of(chart, style, width)
    assert figure.get_figwidth() == width == 3.25
    tops = [axes.get_position().y0 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True)
    assert len(set(tops)) == 3
    assert {axes.xaxis.label.get_fontsize() for axes in figure.axes} == {style["axes.labelsize"]}
    wide = figure_of(chart, *venue_style("icml2024", 2))
    assert wide.get_figwidth() == 6.75
    assert len({round(axes.get_position().y0, 2) for axes in wide.axes}) == 1


def assert_texts_are_apart(figure, name):
    """No text meets another, and none leaves the figure."""
    for found in [*(found for _, found in boxes(figure)), outer_texts(figure)]:
        for (a, one), (b, other) in itertools.combinations(found, 2):
            assert not one.overlaps(other), (name, a, b)
        for text, box in found:
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
            assert inside, (name, text)


@pytest.mark.slow
@pytest.mark.parametrize(("venue", "columns"), [("icml2024", 1), ("icml2024", 2), ("neurips2024", 2)])
@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_texts_are_apart_in_columns_of_papers(study, venue, columns):
    for name, chart in charts_of(study).items():
        assert_texts_are_apart(figure_of(chart, *venue_style(venue, columns)), name)


def random_study(seed):
    """A study of random methods, budgets, seeds, noise and lengths of names."""
    rng = np.random.default_rng(seed)
    methods = list(rng.permutation(["compound", "depth", "width", "resolution", "fast"])[: rng.integers(1, 6)])
    budgets = tuple(float(budget) for budget in 2.0 ** np.cumsum(rng.uniform(0.3, 1.5, rng.integers(1, 7))))
    options = {"gap": rng.uniform(0, 4), "sd": rng.uniform(0.05, 2), "seeds": int(rng.integers(1, 6))}
    runs = matched_study(rng, budgets=budgets, methods=tuple(methods), **options)
    scale = 10.0 ** rng.uniform(-1, 4)
    named = {"model": "n" * int(rng.integers(3, 30)), "data": "imagefolder" if seed % 2 else "toy"}
    return runs.assign(phi=np.nan, resolution_px=14, flops=runs.flops * scale, **named)


def charts_of_random_study(seed):
    runs = random_study(seed)
    costs, latencies = (load_table(RESULTS / "none", name) for name in ("costs", "latencies"))
    tables = analyze(runs, costs, latencies, published(torchvision=False), draws=100).tables
    drawings = of_runs(runs) | of_analysis(tables, runs, costs, latencies)
    return {name: chart for name, draw in drawings.items() if (chart := draw()) is not None}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 50))])
def test_texts_are_apart_in_random_studies(seed):
    for name, chart in charts_of_random_study(seed).items():
        assert_texts_are_apart(figure_of(chart), name)
        assert_texts_are_apart(figure_of(chart, *venue_style("icml2024", 1)), name)
