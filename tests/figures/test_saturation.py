from pathlib import Path

import pandas as pd
import pytest

from scaling_study.figures import of_runs
from scaling_study.figures.aggregation import variants
from scaling_study.figures.axes import one_panel_per_axis
from scaling_study.figures.curves import in_corner
from scaling_study.figures.fitting import wrapped
from scaling_study.figures.methods import methods_together
from scaling_study.figures.printed import figure_of, save
from scaling_study.records.tables import load_runs, run_table

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = sorted(path.parent for path in RESULTS.glob("*/runs.csv"))


@pytest.fixture
def runs():
    """Two axes and a compound point, three seeds, one failure."""
    rows = []
    points = [
        ("baseline", 1, 1, 1, 1_000_000),
        ("width", 1, 2, 1, 4_000_000),
        ("depth", 2, 1, 1, 2_000_000),
        ("compound", 1.2, 1.1, 1.15, 2_000_000),
    ]
    names = ("method", "depth", "width", "resolution", "flops")
    common = {"status": "done", "data": "toy", "model": "net", "recipe": "quick"}
    for point in points:
        for seed in range(3):
            row = common | dict(zip(names, point, strict=True))
            rows.append(row | {"run_id": f"{point[0]}{seed}", "seed": seed, "top1": 60 + row["flops"] / 1e6 + seed})
    rows.append(rows[-1] | {"run_id": "x", "status": "failed", "top1": None, "flops": None})
    return run_table(rows)


def test_variants_have_mean_range_and_n(runs):
    table = variants(runs, "top1")
    assert table.n.tolist() == [3] * 4
    width = table[table.method == "width"].iloc[0]
    assert (width["mean"], width.low, width.high) == (65, 64, 66)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_one_panel_per_axis_labels_points_with_their_coefficient(runs):
    figure = figure_of(one_panel_per_axis(runs, "net"))
    assert [axes.get_title() for axes in figure.axes] == ["width only", "depth only"]
    assert [sorted(texts(axes)) for axes in figure.axes] == [["w=1", "w=2"], ["d=1", "d=2"]]
    assert all("multiply-adds per image (millions)" in axes.get_xlabel() for axes in figure.axes)
    assert figure.axes[0].get_ylabel() == "test top-1 accuracy (%)"
    assert "n = 3 seeds per point, mean and range" in figure.get_suptitle()


def test_panels_per_axis_say_nothing_of_other_methods(runs):
    large = runs[runs.method == "compound"].head(1).assign(flops=1_000_000_000, run_id="large")
    assert one_panel_per_axis(pd.concat([runs, large]), "net") == one_panel_per_axis(runs, "net")


def test_all_methods_share_one_panel_and_start_at_the_baseline(runs):
    [axes] = figure_of(methods_together(runs, "net")).axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"width (w)", "depth (d)", "compound (φ)", "baseline"} == set(labels)
    assert axes.get_xscale() == "log"
    lines = [line for line in axes.lines if len(line.get_xdata()) > 1]
    assert all(line.get_xdata()[0] == 1 for line in lines)


def test_other_models_are_references_beside_the_curves(runs):
    other = runs[runs.method == "baseline"].assign(model="resnet", run_id="r", flops=64_000_000, resolution_px=28)
    both = pd.concat([runs, other])
    [axes] = figure_of(of_runs(both)["methods"]()).axes
    assert texts(axes) == ["resnet, 28 px"]
    assert "reference" in [text.get_text() for text in axes.get_legend().get_texts()]
    alone = figure_of(of_runs(runs)["axes"]()).axes[0].lines[0].get_ydata().tolist()
    assert figure_of(of_runs(both)["axes"]()).axes[0].lines[0].get_ydata().tolist() == alone


def test_every_scaled_model_has_figures_of_its_own(runs):
    both = pd.concat([runs, runs.assign(model="other")])
    assert set(of_runs(both)) == {"axes-net", "axes-other", "methods-net", "methods-other"}


def test_the_data_is_what_is_drawn(runs):
    panel = figure_of(one_panel_per_axis(runs, "net")).axes[0]
    line = next(line for line in panel.lines if len(line.get_xdata()) == 2)
    assert line.get_xdata().tolist() == [1, 4]
    assert line.get_ydata().tolist() == [62, 65]


@pytest.mark.parametrize("keep", [["baseline"], ["width"], ["compound"]])
def test_partial_studies_still_draw(runs, keep, tmp_path):
    figures = of_runs(runs[runs.method.isin(keep)])
    assert set(figures) == {"axes", "methods"}
    for name, draw in figures.items():
        [file] = save(draw(), tmp_path / name, ["png"])
        assert file.stat().st_size > 5000


def test_reference_studies_are_there():
    assert {path.name for path in STUDIES} >= {"fractals-reference", "fashion_mnist-reference"}


def test_a_committed_table_is_complete():
    for study in STUDIES:
        runs = load_runs(study)
        assert (runs.status == "done").all()
        assert pd.Series(runs.git_commit).str.contains("dirty").sum() == 0


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_titles_stay_inside_the_figure(study):
    drawings = of_runs(load_runs(study))
    figure = next(draw for name, draw in drawings.items() if name.startswith("methods"))()
    figure = figure_of(figure)
    figure.draw_without_rendering()
    box = figure._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1


def test_cost_axis_has_ticks_where_all_costs_are_about_equal(runs):
    methods = runs.method.where(runs.method == "baseline", "custom")
    near = runs.assign(flops=1_100_000 + 1_000 * runs.depth, method=methods)
    [axes] = figure_of(methods_together(near, "net")).axes
    low, high = axes.get_xlim()
    assert sum(low < tick < high for tick in axes.get_xticks()) >= 3
    assert len(axes.containers) == 2  # the baseline has its range, as the others have
    assert set(of_runs(near)) == {"methods"}


def test_title_breaks_between_its_parts():
    first, second = "a" * 60, "b" * 40
    assert wrapped(f"{first}; {second}", 88) == f"{first};\n{second}"
    assert wrapped(f"{first}; b", 88) == f"{first}; b"
    assert wrapped("word " * 30, 88).count("\n") == 1


def test_the_legend_of_fits_leaves_a_network_at_the_lower_right_free():
    curves = pd.DataFrame({"cost_value": [1.0, 32.0], "low": [60.0, 75.0], "high": [62.0, 80.0]})
    costs = pd.Series([1.0, 4.0, 16.0])
    assert not in_corner(costs, pd.Series([61.0, 70.0, 75.0]), curves)
    assert in_corner(costs, pd.Series([61.0, 70.0, 62.0]), curves)
    assert not in_corner(costs, pd.Series([61.0, 62.0, 75.0]), curves)
