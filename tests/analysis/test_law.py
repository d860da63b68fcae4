"""The law of the three axes on studies with known truth, and on published ones."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import scaling_study as ss
from scaling_study.analysis.directions import Scale, best_of
from scaling_study.analysis.law import Law, fit_law, laws, mean_interval
from scaling_study.analysis.law_tables import CURVE_COLUMNS, LAW_COLUMNS, MAP_COLUMNS, law_tables
from scaling_study.analysis.observations import observe, usable
from scaling_study.scaling.coefficients import AXES

from .synthetic import surface_study

KEY = ("net", 2)
SHARES, EXPONENTS = np.array([0.5, 0.0, 0.2]), np.array([1.2, 0.6, 0.8])
FLOPS = (1.0, 2.0, 2.0)  # exponents of depth, width and resolution


def truth(coefficients, worst=40.0):
    return worst * np.prod(SHARES + (1 - SHARES) * np.asarray(coefficients, dtype=float) ** -EXPONENTS, axis=1)


def star():
    """The baseline, six steps along each axis and four compound networks."""
    rows = [np.ones(3)]
    for axis in range(3):
        rows += [np.where(np.arange(3) == axis, value, 1.0) for value in np.geomspace(1, 4, 7)[1:]]
    return np.array([*rows, *(np.array([1.2, 1.1, 1.15]) ** phi for phi in (1, 2, 3, 4))])


def law_study(seed, *, coefficients=None, error=truth, seeds=3, sd=0.3, shared=0.0):
    """A run table; ``shared``: of the noise's variance, the part that a seed does to all variants alike."""
    rng = np.random.default_rng(seed)
    points = star() if coefficients is None else coefficients
    own, common = rng.standard_normal((len(points), seeds)), rng.standard_normal(seeds)
    noise = sd * (np.sqrt(1 - shared) * own + np.sqrt(shared) * common)
    frame = pd.DataFrame(points.repeat(seeds, axis=0), columns=list(AXES))
    frame = frame.assign(top1=100 - (error(points)[:, None] + noise).ravel(), seed=np.tile(range(seeds), len(points)))
    frame["flops"] = 1e6 * np.prod(frame[list(AXES)].to_numpy() ** FLOPS, axis=1)
    frame["method"] = np.where((frame[list(AXES)] == 1).all(axis=1), "baseline", "custom")
    return frame.assign(status="done", model="net", epochs=2)


def law_of(runs, **options):
    return fit_law(observe(usable(runs)[0]), **options)


def test_the_law_is_recovered():
    law = law_of(law_study(0, sd=0.01))
    assert np.exp(law.theta[0, 0]) == pytest.approx(40, rel=0.01)
    assert law.theta[0, 1:4] == pytest.approx(SHARES, abs=0.05)
    assert law.theta[0, 4:] == pytest.approx(EXPONENTS, rel=0.1)
    assert law.leave_one_out["product"] < law.leave_one_out["additive"] / 2
    assert law.additive is None  # which left-out variants have refuted


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.6])
def test_intervals_hold_whatever_seeds_share(shared):
    inside, best, ceilings = [], [], []
    grid = np.array(np.meshgrid(*[np.geomspace(1, 2.5, 8)] * 3)).reshape(3, -1).T
    grid = grid[np.prod(grid**FLOPS, axis=1) <= 4]
    for seed in range(40):
        law = law_of(law_study(seed, sd=0.6, shared=shared), draws=300, seed=seed)
        band = law.predict(star())
        inside.append(np.mean((band.low <= 100 - truth(star())) & (100 - truth(star()) <= band.high)))
        chosen = best_of(law, grid)
        best.append(chosen.low <= 100 - truth(grid[chosen.place : chosen.place + 1])[0] <= chosen.high)
        low, high = np.quantile(law.ceilings("depth")[1:], (0.025, 0.975))
        ceilings.append(low <= 100 - 40 * SHARES[0] <= high)
    assert np.mean(inside) >= 0.9
    assert np.mean(best) >= 0.9
    assert np.mean(ceilings) >= 0.85  # of 95%, 40 studies


def test_the_additive_law_is_pooled_where_it_is_as_good():
    def additive(x):
        return 5 + (np.array([6.0, 9.0, 12.0]) * np.asarray(x, dtype=float) ** -EXPONENTS).sum(axis=1)

    law = law_of(law_study(0, error=additive))
    assert law.additive is not None
    place = [[4.0, 4.0, 4.0]]
    row = law.predict(place).iloc[0]
    assert row.low <= 100 - additive(place)[0] <= row.high
    assert row.extrapolated


def test_it_is_fitted_to_what_was_built():
    runs = law_study(0, sd=0.05)
    asked = runs.assign(built_depth=runs.depth, built_width=runs.width, built_resolution=runs.resolution)
    asked["depth"] = asked.depth.map(lambda value: value if value == 1 else 0.9 * value)
    law = law_of(asked)
    assert law.errors(star()) == pytest.approx(truth(star()), rel=0.02)
    assert law.ranges["depth"] == (1.0, 4.0)


def test_a_plain_power_law_has_no_ceiling():
    def power(x):
        return 40 * np.prod(np.asarray(x, dtype=float) ** -EXPONENTS, axis=1)

    said, curves, _, _ = law_tables(law_study(0, error=power), draws=300)
    assert set(said[said.quantity == "ceiling"].status) == {"not identifiable"}
    assert curves.ceiling.isna().all()


def test_the_tables_say_what_the_truth_is():
    said, curves, shares, notes = law_tables(law_study(0, sd=0.05), draws=300)
    assert notes == []
    for table, columns in ((said, LAW_COLUMNS), (curves, CURVE_COLUMNS), (shares, MAP_COLUMNS)):
        assert table.dtypes.map(str).to_dict() == columns
    ceilings = said[said.quantity == "ceiling"].set_index("axis")
    assert ceilings.value["depth"] == pytest.approx(80, abs=1)
    assert ceilings.status["depth"] == "estimated"
    assert ceilings.status["width"] == "not identifiable"
    gains = said[said.quantity == "gain of the first doubling"].set_index("axis").value
    for axis, cost in zip(AXES, FLOPS, strict=True):
        doubled = np.where(np.array(AXES) == axis, 2 ** (1 / cost), 1.0)
        assert gains[axis] == pytest.approx(40 - truth([doubled])[0], abs=0.3)
    assert curves.groupby("path").budget.min().eq(1).all()
    assert (curves.low <= curves.accuracy).all()
    assert shares.best.sum() == 1
    assert shares.accuracy[shares.best].iloc[0] == shares.accuracy.max()


@pytest.mark.parametrize("budget", [2.0, 8.0])
def test_the_best_direction_is_the_truths(budget):
    """Against every direction in steps of a sixteenth, by the truth itself."""
    observations = observe(usable(law_study(0, sd=0.02))[0])
    scale = Scale(fit_law(observations), observations)
    assert scale.exponents == pytest.approx(FLOPS)
    steps = np.arange(17) / 16
    shares = np.array([(d, w, 1 - d - w) for d in steps for w in steps if d + w <= 1])
    errors = truth(budget ** (shares / np.array(FLOPS)))
    found = scale.best(budget)
    assert truth(found.coefficients[None])[0] <= errors.min() + 0.05
    assert np.prod(found.coefficients**FLOPS) == pytest.approx(budget)
    assert (found.coefficients_low <= found.coefficients).all()
    assert (found.coefficients <= found.coefficients_high).all()


@pytest.mark.slow
def test_no_mix_leads_where_one_axis_is_all_that_pays():
    def width_alone(x):
        return 40 * np.asarray(x, dtype=float)[:, 1] ** -0.8

    found = 0
    for seed in range(20):
        said, _, _, _ = law_tables(law_study(seed, error=width_alone), draws=200)
        leads = said[(said.quantity == "lead of the best direction") & ~said.extrapolated]
        assert set(leads.axis) == {"width"}
        found += (leads.low > 0.05).any()
    assert found <= 1


def test_the_best_of_many_is_corrected_downwards():
    runs = law_study(0, sd=1.5)
    law = law_of(runs)
    places = star()
    best = best_of(law, places)
    raw = law.predict(places).iloc[best.place]
    assert best.low <= raw.low
    assert best.top1 == raw.top1


def test_one_run_each_gives_intervals_from_the_scatter():
    law = law_of(law_study(0, seeds=1))
    assert law.basis == "scatter"
    band = law.predict(star())
    assert np.mean((band.low <= 100 - truth(star())) & (100 - truth(star()) <= band.high)) >= 0.9


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda runs: runs[(runs.resolution == 1) & (runs.depth == 1)], "depth, resolution never varied"),
        (lambda runs: runs.assign(top1=50.0), "accuracy is constant"),
        (lambda runs: runs[runs.depth * runs.width * runs.resolution < 1.6], "4 variants are too few"),
    ],
)
def test_what_cannot_be_fitted_is_said(change, reason):
    runs = change(surface_study(np.random.default_rng(0)))
    assert laws(runs) == ({}, {KEY: reason})
    assert law_tables(runs)[3] == [f"net: no law of the axes, {reason}"]


def test_an_axis_that_never_varied_leaves_the_law_of_the_others():
    runs = law_study(0)
    runs = runs[runs.depth == 1]
    law = law_of(runs)
    assert isinstance(law, Law)
    assert law.axes == ("width", "resolution")
    said, curves, shares, notes = law_tables(runs, draws=100)
    assert notes == ["net: the law does not depend on depth, which never varied"]
    assert set(said.axis.dropna()) == {"width", "resolution"}
    assert set(curves.path) == {"width", "resolution", "best"}
    assert shares.empty


def test_no_accuracy_is_outside_0_to_100():
    def steep(x):
        return np.clip(90 * np.prod(np.asarray(x, dtype=float) ** -2.0, axis=1), 0.01, 99)

    runs = law_study(0, error=steep, sd=4.0)
    runs["top1"] = runs.top1.clip(0, 100)
    _, curves, shares, _ = law_tables(runs, draws=200)
    shown = pd.concat([curves.accuracy, curves.low, curves.high, shares.accuracy])
    assert shown.between(0, 100).all()


def test_mobilenets_published_grid():
    """What docs/how-to/other_tables.md says of it."""
    paper = ss.published(torchvision=False)
    grid = paper[(paper.table == "MobileNet") & (paper.model == "MobileNetV1")].assign(status="done", epochs=None)
    grid["method"] = ((grid.width == 1) & (grid.resolution == 1)).map({True: "baseline", False: "custom"})
    law = ss.law(grid)
    assert (law.axes, law.n, round(law.leave_one_out["product"], 2)) == (("width", "resolution"), 16, 0.01)
    said = ss.directions(grid).statements
    shown = said[said.quantity.isin(["ceiling", "gain of the first doubling"])]
    rounded = shown[["value", "low", "high"]].astype(float).round(1).to_numpy().tolist()
    assert rounded == [[82.3, 80.0, 85.4], [2.8, 2.5, 3.1], [77.1, 73.7, 96.8], [2.0, 1.4, 2.9]]


def test_a_law_that_misses_the_baseline_says_so():
    runs = law_study(0, sd=0.1)
    assert law_tables(runs, draws=100)[3] == []
    runs.loc[runs.method == "baseline", "top1"] += 2
    [note] = law_tables(runs, draws=100)[3]
    assert note.startswith("net: the law predicts 6")
    assert "for the baseline, which was measured at 6" in note


def test_the_mean_of_new_runs_lies_between_the_true_mean_and_a_single_run():
    """A true mean known to 1 point (sd), runs with 2 points: the mean of four has 1.96 times the root of 1 + 4 / 4."""
    true_mean, single = 1.96, 1.96 * np.sqrt(1 + 4)
    said = SimpleNamespace(
        top1=80.0, low=80 - true_mean, high=80 + true_mean, run_low=80 - single, run_high=80 + single
    )
    assert mean_interval(said, 1) == pytest.approx((said.run_low, said.run_high))
    assert mean_interval(said, 4) == pytest.approx((80 - 1.96 * np.sqrt(2), 80 + 1.96 * np.sqrt(2)))
    assert mean_interval(said, 10**9) == pytest.approx((said.low, said.high))
    said.run_high = said.high + 1  # each side has its own
    assert mean_interval(said, 1) == pytest.approx((said.run_low, said.run_high))
