"""Shapes of equal cost with a known best."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.observations import usable
from scaling_study.analysis.shape_tables import COLUMNS, CURVE_COLUMNS, shapes
from scaling_study.analysis.study import Analysis
from scaling_study.report.summary import summary

from .synthetic import many_studies, shape_study

INSIDE = (0.4, -0.1)  # log2 of depth and resolution
FLAT = (0.0, 0.0, 0.0)


def said(table, what):
    return table[table.what == what]


def study(seed, *given, **options):
    return shape_study(np.random.default_rng(seed), *given, **options)


def truth(best):
    u, v = best
    return {"depth": 2**u, "width": 2 ** (-u / 2 - v), "resolution": 2**v}


@pytest.fixture(scope="module")
def inside():
    return shapes(study(0, INSIDE, sd=0.1, off=0.08), draws=200)


def test_the_best_shape_is_found_whatever_the_flops_are_off(inside):
    table, curves, notes = inside
    assert table.dtypes.map(str).to_dict() == COLUMNS
    assert curves.dtypes.map(str).to_dict() == CURVE_COLUMNS
    assert notes == []
    best = said(table, "optimum").set_index("axis")
    for axis, value in truth(INSIDE).items():
        assert best.value[axis] == pytest.approx(value, rel=0.05)
        assert best.low[axis] < best.value[axis] < best.high[axis]
    assert set(best.status) == {"inside"}
    [gain] = said(table, "gain").itertuples()
    assert gain.status == "better"
    assert gain.value == pytest.approx(25 * (np.exp(0.06 * 0.16 + 0.25 * 0.01 - 0.05 * 0.04) - 1), abs=0.15)


def test_losses_are_those_of_a_trade_by_a_factor_of_two(inside):
    losses = said(inside[0], "loss of a doubling").set_index("axis")
    for pair, (u, v) in {"depth-width": (1, 0), "depth-resolution": (1, -0.5), "resolution-width": (0, 0.5)}.items():
        value = 25 * np.expm1(np.dot((0.06, 0.25, 0.05), (u * u, v * v, u * v)))
        assert losses.value[pair] == pytest.approx(value, abs=0.4)
        assert losses.status[pair] == "convex"


def test_trained_shapes_come_best_first_with_their_pair(inside):
    rows = said(inside[0], "trained")
    assert rows.axis.tolist()[-1] == "baseline"
    assert rows.accuracy[:-1].is_monotonic_decreasing
    assert rows.axis.value_counts().to_dict() == {
        "depth-width": 4, "depth-resolution": 4, "resolution-width": 4, "baseline": 1,
    }  # fmt: skip
    assert set(rows[rows.axis == "depth-width"].resolution) == {1.0}
    assert "worse" in set(rows.status)


def test_the_preset_has_a_depth_that_was_trained_as_it_was_asked_for():
    runs = study(0, INSIDE, sd=0.1).assign(built_width=lambda t: t.width, built_resolution=lambda t: t.resolution)
    runs["built_depth"] = runs.depth
    runs.loc[runs.depth == 1.5, "depth"] = 1.4  # rounded up when it was built
    [row] = said(shapes(runs, draws=100)[0], "preset").itertuples()
    assert row.depth == 1.4
    assert row.width == pytest.approx(1 / (1.5**0.5 * row.resolution), rel=0.01)


def test_a_best_beyond_the_trained_shapes_is_at_their_edge():
    table, *_ = shapes(study(0, (2.5, -0.5), sd=0.1), draws=100)
    best = said(table, "optimum")
    assert set(best.status) == {"edge"}
    assert best.edge_share.iloc[0] > 0.9
    assert best.value[best.axis == "depth"].iloc[0] <= 2.5 + 1e-9
    assert said(table, "pair optimum").status.tolist()[0] == "edge"


def test_a_saddle_has_its_best_at_the_edge_and_is_named():
    table, *_ = shapes(study(0, bend=(-0.1, 0.3, 0.0), sd=0.1), draws=100)
    assert set(said(table, "optimum").status) == {"edge"}
    losses = said(table, "loss of a doubling").set_index("axis")
    assert losses.status["depth-width"] == "concave"
    assert losses.high["depth-width"] < 0
    assert losses.status["resolution-width"] == "convex"


def test_networks_that_are_built_alike_count_as_one():
    runs = study(0)
    again = runs[runs.depth == 1.5].assign(depth=1.4)
    doubled = pd.concat([runs, again], ignore_index=True)
    tables = [
        shapes(
            table.assign(
                built_depth=table.depth.replace(1.4, 1.5), built_width=table.width, built_resolution=table.resolution
            ),
            draws=100,
        )[0]
        for table in (doubled, runs)
    ]
    columns = ["what", "value", "low", "high"]
    kept = [table[table.what != "preset"][columns] for table in tables]
    pd.testing.assert_frame_equal(*kept)


def test_one_seed_has_intervals_of_the_surface_from_its_scatter_alone():
    table, *_ = shapes(study(0, seeds=1), draws=100)
    assert set(said(table, "trained").status) == {"no interval", "baseline"}
    assert said(table, "optimum").low.notna().all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda runs: runs[runs.resolution == 1], ["5 shapes are too few"]),
        (lambda runs: runs[(runs.resolution == 1) | (runs.depth == 1)], ["were not all traded"]),
        (lambda runs: runs[runs.method != "baseline"], []),
        (lambda runs: runs.assign(flops=runs.flops.where(runs.method == "baseline", 2e6)), []),
        (lambda runs: runs.drop(columns="val_top1"), []),
        (lambda runs: runs[:0], []),
    ],
)
def test_without_shapes_that_tell_there_is_nothing(change, reason):
    table, curves, notes = shapes(change(study(0)))
    assert table.empty
    assert curves.empty
    assert len(notes) == len(reason)
    assert all(words in note for words, note in zip(reason, notes, strict=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"best": INSIDE},
            ["none is better than it by more than the noise", "A quadratic surface", "(n = 3 seeds each"],
        ),
        pytest.param(
            {"best": (1.5, -0.5), "sd": 0.1},
            ["are better than it by more than the noise: the best"],
            marks=pytest.mark.slow,
        ),
        ({"best": (2.5, -0.5), "sd": 0.1}, ["at the edge of what was trained, so that a better one may lie beyond"]),
        pytest.param({"seeds": 1}, ["without a second seed that may be chance"], marks=pytest.mark.slow),
        pytest.param(
            {"bend": (-0.1, 0.3, 0.0), "sd": 0.1},
            ["so that no shape between the trained ones is best"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_summary_says_what_was_found(options, words):
    runs = study(0, **options)
    text = summary("study", Analysis({"shape": shapes(runs, draws=100)[0]}, (), usable(runs)[0]), pd.DataFrame())
    assert "nan" not in text
    assert all(word in text for word in words), text
    assert text.count("multiply-adds (n = ") == 2  # in the opening too


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "shared"), [(2, 0.5), (3, 0.0), (5, 0.5)])
def test_intervals_hold_the_truth_and_a_flat_one_is_rarely_called_better(seeds, shared):
    options = {"seeds": seeds, "shared": shared, "off": 0.03}
    table, *_ = shapes(many_studies([study(n, INSIDE, **options) for n in range(200)]), draws=300)
    best = said(table, "optimum")
    for axis, value in truth(INSIDE).items():
        rows = best[best.axis == axis]
        assert ((rows.low <= value) & (value <= rows.high)).mean() >= 0.9
    gain = said(table, "gain")
    u, v = np.log2(gain.depth) - INSIDE[0], np.log2(gain.resolution) - INSIDE[1]
    errors = [25 * np.exp(0.06 * a**2 + 0.25 * b**2 + 0.05 * a * b) for a, b in ((-0.4, 0.1), (u, v))]
    assert gain.low.le(errors[0] - errors[1]).mul(gain.high.ge(errors[0] - errors[1])).mean() >= 0.9
    flat, *_ = shapes(many_studies([study(n, bend=FLAT, slope=0.0, **options) for n in range(200)]), draws=300)
    assert (said(flat, "gain").status == "better").mean() <= 0.07
    any_better = said(flat, "trained").assign(better=lambda rows: rows.status == "better").groupby("model").better.any()
    assert any_better.mean() <= 0.07


def test_baselines_of_two_costs_whose_median_none_has_are_no_shapes_of_one():
    runs = shape_study(np.random.default_rng(0))
    baseline = runs[runs.method == "baseline"]
    others = [
        baseline.assign(flops=baseline.flops * factor, seed=baseline.seed + 10 * n)
        for n, factor in ((1, 0.5), (2, 1.5))
    ]
    odd = pd.concat([runs[runs.method != "baseline"], *others])
    statements, curves, _ = shapes(odd, draws=50)
    assert statements.empty
    assert curves.empty
