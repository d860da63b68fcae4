"""Figures of the law of all axes, from tables with known parameters."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

import scaling_study as ss
from scaling_study.figures import law as law_figures
from scaling_study.figures import of_analysis
from scaling_study.figures.law import PATHS
from scaling_study.figures.panels import HEAT
from scaling_study.figures.printed import figure_of

from . import drawn, law_tables
from .test_labels import boxes, outer_texts

NO_LATENCIES = pd.DataFrame({"variant_id": []})
NEVER_ENDS = [np.log(14.0), 0.0, 0.0, 0.0, 0.1, 0.3, 0.2]
CLOSE_CEILINGS = [np.log(14.0), 0.93, 0.9, 0.88, 1.0, 1.3, 0.8]
FAR_CEILING = [np.log(14.0), 0.93, 0.9, 0.1, 1.0, 1.3, 0.2]


@pytest.fixture
def law():
    return law_tables.a_law()


@pytest.fixture
def curves(law):
    return law_tables.law_curves(law)


@pytest.fixture
def shares(law):
    return law_tables.law_map(law)


@pytest.fixture
def runs(law):
    return law_tables.law_runs(law)


def directions(*tables):
    return figure_of(law_figures.directions(*tables))


def shapes(*tables):
    chart = law_figures.shapes(*tables)
    return None if chart is None else figure_of(chart)


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def fitted_lines(axes):
    """(solid, dashed) lines of the paths."""
    widths = {look["width"] for look in PATHS.values()}
    lines = [line for line in axes.lines if line.get_linewidth() in widths and line.get_marker() == "None"]
    return [[line for line in lines if line.is_dashed() == dashed] for dashed in (False, True)]


def bands(axes):
    return [part for part in axes.collections if isinstance(part, PolyCollection)]


def assert_no_text_covers_another(figure):
    inside = [found for _, found in boxes(figure)]
    for found in [*inside, outer_texts(figure)]:
        names, places = zip(*found, strict=True) if found else ((), ())
        assert all(box.count_overlaps(places) == 1 for box in places), names


def test_paths_are_dashed_where_extrapolated_and_lie_in_their_bands(curves, runs):
    [axes] = directions(curves, runs).axes
    solid, dashed = fitted_lines(axes)
    assert len(solid) == len(bands(axes)) == 4
    assert len(dashed) == curves.groupby("path").extrapolated.any().sum() > 0
    for path, rows in curves.groupby("path"):
        own = {line.is_dashed(): line for line in solid + dashed if line.get_color() == PATHS[path]["color"]}
        assert own[False].get_xdata().tolist() == rows.budget[~rows.extrapolated].tolist()
        if rows.extrapolated.any():  # joined to the last trained point
            first = rows.index[rows.extrapolated][0] - 1
            assert own[True].get_xdata().tolist() == rows.budget.loc[first:].tolist()
        inside = rows.low.iloc[12] + 0.01, rows.high.iloc[12] - 0.01
        band = next(
            part for part in bands(axes) if np.allclose(part.get_facecolor()[0][:3], to_rgb(PATHS[path]["color"]))
        )
        assert all(band.get_paths()[0].contains_point((rows.budget.iloc[12], value)) for value in inside)


def test_the_text_names_seeds_units_best_direction_and_ceilings(curves, runs):
    figure = directions(curves, runs)
    [axes], title = figure.axes, figure.get_suptitle()
    assert title.startswith("toy, net, 2 epochs, quick; n = 3 seeds per point, mean and range\n")
    assert "95%" in title
    assert axes.get_xlabel() == "multiply-adds per image relative to the baseline's, log scale"
    assert axes.get_ylabel() == "test top-1 accuracy (%)"
    assert legend(axes) == [
        "width (w)", "depth (d)", "resolution (r)", "best direction by the law", "compound (φ)", "baseline"
    ]  # fmt: skip
    first = curves.groupby("path").first()
    assert set(texts(axes)) == {
        f"ceiling of {axis} {row.ceiling:.1f}% ({row.ceiling_low:.1f} to {row.ceiling_high:.1f})"
        for axis, row in first.drop("best").iterrows()
    }


def test_measured_means_stand_at_their_budget(curves, runs):
    [axes] = directions(curves, runs).axes
    points = [part.lines[0] for part in axes.containers]
    assert sorted(x for line in points for x in line.get_xdata()) == pytest.approx([2.0] * 4 + [4.0] * 4 + [8.0] * 4)
    without = runs[runs.method != "baseline"].assign(flops_ratio=lambda rows: rows.flops / 1e6)
    [axes] = directions(curves, without).axes
    assert sorted({x for part in axes.containers for x in part.lines[0].get_xdata()}) == pytest.approx([2, 4, 8])


def test_missing_intervals_and_ceilings_are_left_out(curves, runs):
    [axes] = directions(curves.assign(low=np.nan, high=np.nan), runs).axes
    assert bands(axes) == []
    [axes] = directions(curves.assign(ceiling_low=np.nan, ceiling_high=np.nan), runs).axes
    assert "ceiling of width 85.0%" in texts(axes)
    [axes] = directions(curves.assign(ceiling=np.nan), runs).axes
    assert texts(axes) == []
    assert axes.get_xlim()[1] < 2 * curves.budget.max()


def test_an_axis_that_never_varied_is_left_out(curves, shares, runs):
    runs = runs[runs.method != "depth"]
    [axes] = directions(curves[curves.path != "depth"], runs).axes
    assert "depth (d)" not in legend(axes)
    assert len(fitted_lines(axes)[0]) == 3
    assert shapes(shares[shares.share_depth == 0], runs) is None


def test_an_axis_without_points_has_no_marker(curves, runs):
    [axes] = directions(curves, runs[runs.method != "depth"]).axes
    markers = {line.get_label(): line.get_marker() for line in axes.get_legend().get_lines()}
    assert (markers["depth (d)"], markers["width (w)"]) == ("None", "o")


@pytest.mark.parametrize("flag", [True, False])
def test_curves_are_drawn_wherever_they_are_extrapolated(flag, curves, runs):
    solid, dashed = fitted_lines(directions(curves.assign(extrapolated=flag), runs).axes[0])
    assert (len(solid), len(dashed)) == ((0, 4) if flag else (4, 0))
    turns = curves.budget.between(4, 16)
    solid, dashed = fitted_lines(directions(curves.assign(extrapolated=turns), runs).axes[0])
    assert (len(solid), len(dashed)) == (8, 4)


def test_a_far_ceiling_is_named_in_the_legend():
    law = law_tables.a_law(FAR_CEILING, most=5.0)
    [axes] = directions(law_tables.law_curves(law, 64.0), law_tables.law_runs(law)).axes
    assert any(text.startswith("resolution (r)\nceiling of resolution 98.6%") for text in legend(axes))
    assert axes.get_ylim()[1] < 98
    assert len(texts(axes)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("theta", [law_tables.THETA, NEVER_ENDS, CLOSE_CEILINGS, FAR_CEILING])
@pytest.mark.parametrize("most", [1.5, 3.0])
def test_no_text_covers_another(theta, most):
    law = law_tables.a_law(theta, most=most)
    runs = law_tables.law_runs(law)
    assert_no_text_covers_another(directions(law_tables.law_curves(law), runs))
    assert_no_text_covers_another(shapes(law_tables.law_map(law), runs))


def test_the_map_shows_the_best_shape_the_corners_and_what_is_extrapolated(shares, runs):
    figure = shapes(shares, runs)
    axes, bar = figure.axes
    assert figure.get_suptitle() == (
        "toy, net, 2 epochs, quick; n = 3 seeds\nprediction of the law at 4 times the baseline's multiply-adds"
    )
    assert bar.get_ylabel() == "predicted test top-1 accuracy (%)"
    best = shares[shares.best].iloc[0]
    assert legend(axes) == [
        f"best by the law, {best.accuracy:.1f}%:\nd={best.depth:.2f}, w={best.width:.2f}, r={best.resolution:.2f}",
        "beyond the trained coefficients",
    ]
    assert {text.split(",")[0] for text in texts(axes)} == {"depth alone", "width alone", "resolution alone"}
    least, greatest = bar.get_ylim()
    assert least <= shares.accuracy.min() < shares.accuracy.max() <= greatest
    axes, _ = shapes(shares.assign(extrapolated=False), runs).axes
    assert len(legend(axes)) == 1


def test_a_map_darkens_where_the_accuracy_falls():
    luminance = HEAT(np.linspace(0, 1, 64))[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(luminance) > 0).all()


def test_maps_of_few_or_equal_rows(shares, runs):
    assert shapes(shares[:2], runs) is None
    assert shapes(shares.assign(accuracy=np.nan), runs) is None
    assert shapes(shares.assign(accuracy=80.0, extrapolated=True, best=False), runs) is not None


def test_each_model_and_length_of_training_has_its_own(curves, shares, runs):
    names = {"net": 2, "other": 4}
    several = [
        pd.concat([table.assign(model=model, epochs=epochs) for model, epochs in names.items()], ignore_index=True)
        for table in (curves, shares, runs)
    ]
    tables = {"law_curves": several[0], "law_map": several[1]}
    figures = drawn(of_analysis(tables, several[2], pd.DataFrame(), NO_LATENCIES))
    assert {f"{name}-{model}-{n}epochs" for name in ("law", "law_map") for model, n in names.items()} <= set(figures)
    assert figures["law-other-4epochs"].get_suptitle().startswith("toy, other, 4 epochs")
    figure = ss.plot.law_map(several[1], several[2], model="other", epochs=4)
    assert "other, 4 epochs" in figure.get_suptitle()


def test_only_multiply_adds_are_drawn(curves, runs):
    with pytest.raises(ValueError, match="nothing to draw"):
        ss.plot.law(curves.assign(cost="params"), runs)


@pytest.mark.parametrize(("name", "table"), [("law", "law_curves"), ("law_map", "law_map")])
def test_a_table_that_is_not_as_expected_keeps_no_other_from_being_drawn(name, table, curves, shares, runs):
    tables = {"law_curves": curves, "law_map": shares} | {table: pd.DataFrame({"path": ["width"]})}
    drawings = of_analysis(tables, runs, pd.DataFrame(), NO_LATENCIES)
    with pytest.raises(KeyError):
        drawings.pop(name)()
    assert {"law", "law_map"} & set(drawn(drawings)) == {"law", "law_map"} - {name}
    assert not {"law", "law_map"} & set(of_analysis({}, runs, pd.DataFrame(), NO_LATENCIES))
