"""Curves with known truth: the floor, the saturation point, the turn, and what cannot be known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.curves import Points, fit, points_of
from scaling_study.analysis.fits import fits
from scaling_study.analysis.forms import FORMS
from scaling_study.analysis.observations import observe, usable
from scaling_study.analysis.saturation import saturation, trend_p

from .synthetic import floor_curve, run_rows

COSTS = np.geomspace(1, 16, 8)
TRUTH = {"e": 20.0, "b": 15.0, "c": 0.7}


def points(errors, seed, costs=COSTS, **options):
    frame, _ = usable(run_rows("width", costs, errors, np.random.default_rng(seed), **options))
    return points_of(observe(frame), "width", "flops", chance=99.5)


@pytest.fixture(scope="module")
def draws():
    """60 studies of a curve with a floor: 8 costs from 1 to 16 times, 3 seeds of 0.3 points noise."""
    return [saturation(points(floor_curve(COSTS, **TRUTH), seed), draws=200, seed=seed) for seed in range(60)]


@pytest.mark.slow
def test_the_floor_is_within_its_interval(draws):
    inside = [s.asymptote.low <= 100 - TRUTH["e"] <= s.asymptote.high for s in draws]
    assert np.mean(inside) >= 0.9
    assert np.mean([s.asymptote.status == "estimated" for s in draws]) > 0.95


@pytest.mark.slow
def test_the_floors_interval_is_at_most_three_times_an_oracles(draws):
    """The oracle knows the form and the noise: its variance is the Cramér-Rao bound. Ours knows neither."""
    u = COSTS ** -TRUTH["c"]
    jacobian = np.stack([np.ones_like(u), u, -TRUTH["b"] * np.log(COSTS) * u], axis=1) / (0.3 / np.sqrt(3))
    oracle = 2 * 1.96 * np.sqrt(np.linalg.inv(jacobian.T @ jacobian)[0, 0])
    assert np.median([s.asymptote.high - s.asymptote.low for s in draws]) <= 3 * oracle


@pytest.mark.slow
def test_four_times_the_largest_cost_is_predicted(draws):
    truth = np.log(floor_curve(64.0, **TRUTH))
    error, straight = (
        np.median([abs(np.log(made.errors([64e6])[0]) - truth) for made in fitted])
        for fitted in ([s.fit for s in draws], [s.fits["power"] for s in draws])
    )
    assert error < 0.03
    assert error <= straight / 3


@pytest.mark.slow
def test_the_saturation_point_is_within_its_interval(draws):
    b, c = TRUTH["b"], TRUTH["c"]
    truth = 1e6 * (b * (1 - 2**-c) / 0.5) ** (1 / c)  # where b x^-c (1 - 2^-c), the gain of a doubling, is 0.5
    assert np.mean([s.saturation.low <= truth <= s.saturation.high for s in draws]) >= 0.9
    assert np.median([s.saturation.value for s in draws]) == pytest.approx(truth, rel=0.15)  # M4 ends a little earlier


@pytest.mark.slow
def test_gains_shrink_and_have_intervals(draws):
    gains = draws[0].gains
    assert (gains.low < gains.gain).all()
    assert (gains.gain < gains.high).all()
    assert gains.gain.is_monotonic_decreasing
    assert gains.extrapolated.tolist() == [cost * 2 > 16 * (1 + 1e-9) for cost in COSTS]


@pytest.mark.slow
def test_curves_of_networks_trained_elsewhere_hold_beyond_their_data():
    """Errors of six vision networks from 6 points, 2 to 8 times the largest (Alabdulmohsin et al. 2022)."""
    table = pd.read_csv(Path(__file__).parent / "data" / "vision-learning-curves.csv")
    squares, inside, rng = [], [], np.random.default_rng(0)
    for _, curve in table.groupby(["task", "model"]):
        far = curve[curve.far == 0]
        for _, known in curve[(curve.far > 0) & (curve.n == 6)].groupby("far"):
            runs = run_rows("width", known.seen / known.seen.iloc[0], 100 * known.error, rng, seeds=1, sd=0.0)
            frame, _ = usable(runs.assign(flops=known.seen.to_numpy()))
            made = saturation(points_of(observe(frame), "width", "flops", chance=100.0), draws=200)
            band, truth = made.fit.predict(far.seen), 100 * far.error.to_numpy()
            squares.append(np.mean(np.log(band.error / truth) ** 2))
            inside.append(np.mean((band.low <= truth) & (truth <= band.high)))
    assert np.sqrt(np.mean(squares)) <= 0.08
    assert np.mean(inside) >= 0.9


@pytest.mark.slow
def test_a_run_scatters_more_than_the_curve(draws):
    predicted = draws[0].fit.predict([2e6, 8e6])
    assert (predicted.run_low < predicted.low).all()
    assert (predicted.high <= predicted.run_high).all()
    for s in draws[:20]:
        run = s.fit.predict(4e6).iloc[0]
        assert run.run_low <= floor_curve(4.0, **TRUTH) <= run.run_high


LOGS = np.log2(COSTS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "errors", [20 + 0.8 * (LOGS - 2) ** 2, 20 + 0.5 * LOGS, 30 - 6 * LOGS + 2 * LOGS**2], ids=["turns", "falls", "late"]
)
def test_falling_accuracy_is_flagged(errors):
    made = [saturation(points(errors, seed), draws=200) for seed in range(30)]
    assert np.mean([s.shape == "falling" for s in made]) >= 0.9
    assert {s.asymptote.status for s in made if s.shape == "falling"} == {"not identifiable"}


@pytest.mark.slow
def test_saturating_accuracy_is_not_called_falling(draws):
    assert np.mean([s.shape == "falling" for s in draws]) < 0.05


@pytest.mark.slow
def test_noise_alone_is_not_identifiable():
    made = [saturation(points(np.full(8, 30.0), seed), draws=100) for seed in range(50)]
    unknown = [s for s in made if s.status == "not identifiable"]
    assert len(unknown) >= 47  # the trend is asked for at 1%
    assert all(np.isnan(s.asymptote.value) and np.isnan(s.saturation.value) and s.gains is None for s in unknown)


@pytest.mark.slow
def test_one_seed_of_noise_alone_is_not_identifiable_either():
    made = [saturation(points(np.full(8, 30.0), seed, seeds=1)) for seed in range(40)]
    assert np.mean([s.status == "not identifiable" for s in made]) >= 0.95


@pytest.mark.parametrize("seeds", [1, 3])
def test_constant_accuracy_is_flat(seeds):
    made = saturation(points(np.full(8, 50.0), 0, sd=0.0, seeds=seeds), draws=200)
    assert (made.status, made.shape, made.gains) == ("not identifiable", "flat", None)


def test_a_curve_that_starts_slowly_is_not_saturated_at_its_start():
    costs = np.geomspace(1, 256, 12)
    errors = FORMS["m4"].error(np.array([[10.0, 200.0, 1.2, 1.0]]), costs, 99.5)[0]
    made = saturation(points(errors, 0, costs=costs), draws=200)
    gains = errors[:-1] - errors[1:]
    assert gains[0] < 0.5 < gains.max()
    assert made.saturation.low > 16e6
    accelerating = 60 - 0.3 * COSTS**1.5
    assert np.isinf(saturation(points(accelerating, 0), draws=200).saturation.value)


@pytest.mark.slow
def test_what_a_seed_does_to_all_alike_moves_the_curve_and_not_its_shape():
    inside, widths = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = run_rows("width", COSTS, floor_curve(COSTS, **TRUTH), rng)
        rows["top1"] += rng.standard_normal(3)[rows.seed]
        frame, _ = usable(rows)
        made = saturation(points_of(observe(frame), "width", "flops", chance=99.5), draws=200, seed=seed)
        band = made.fit.predict(4e6).iloc[0]
        inside.append(band.low <= floor_curve(4.0, **TRUTH) <= band.high)
        widths.append(made.gains.high[0] - made.gains.low[0])
    assert np.mean(inside) >= 0.85  # of 95%: three seeds say little about how much seeds shift
    assert np.median(widths) < 3


def test_predictions_of_runs_follow_the_noise_along_the_curve():
    rng = np.random.default_rng(0)
    rows = run_rows("width", COSTS, floor_curve(COSTS), rng, seeds=20, sd=1.0)
    rows["top1"] = 100 - floor_curve(rows.flops / 1e6) + np.geomspace(2, 0.1, 8).repeat(20) * rng.standard_normal(160)
    made = saturation(points_of(observe(usable(rows)[0]), "width", "flops", chance=99.5), draws=200)
    small, large = (made.fit.predict(cost).iloc[0] for cost in (1e6, 16e6))
    assert small.run_high - small.run_low > 4 * (large.run_high - large.run_low)


@pytest.mark.slow
def test_a_power_law_without_a_floor_has_no_asymptote():
    made = [saturation(points(30 * COSTS**-0.5, seed), draws=400) for seed in range(20)]
    assert np.mean([s.asymptote.status == "not identifiable" for s in made]) >= 0.9
    assert all(s.asymptote.low < 100 for s in made)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_points_are_said_to_be(n):
    made = saturation(points(floor_curve(COSTS[:n]), 0, costs=COSTS[:n]), draws=200)
    assert (made.status, made.chosen, made.fit) == ("too few points", None, None)
    assert {f.status for f in made.fits.values() if f.n_points <= len(f.parameters)} == {"too few points"}


def test_one_seed_gives_intervals_from_the_scatter_about_the_curve():
    made = saturation(points(floor_curve(COSTS), 0, seeds=1), draws=200)
    band = made.fit.predict([2e6, 64e6])
    assert (band.low < band.error).all()
    assert (band.error < band.high).all()
    assert (band.run_low <= band.low).all()
    table, _, _ = fits(run_rows("width", COSTS, floor_curve(COSTS), np.random.default_rng(0), seeds=1), ["flops"])
    chosen = table[table.chosen].iloc[0]
    assert chosen.interval_basis == "scatter"
    assert np.isnan(chosen.measured_gain_low)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["floor", "m4", "power"])
def test_one_seeds_bands_hold_beyond_the_data(shape):
    """Scatter of 1% about curves of three forms, 5 to 8 points: bands at 2, 4 and 8 times the largest cost."""
    rng = np.random.default_rng(0)
    theta = {"floor": [[12.0, 40.0, 0.6]], "m4": [[10.0, 4.0, 0.8, 0.6]], "power": [[50.0, 0.4]]}[shape]
    inside, off = [], []
    for seed in range(15):
        costs = np.geomspace(1, rng.choice([8, 16, 32]), rng.integers(5, 9))
        errors = FORMS[shape].error(np.array(theta), costs, 99.5)[0] * np.exp(0.01 * rng.standard_normal(len(costs)))
        far = costs[-1] * np.array([2.0, 4.0, 8.0])
        truth = FORMS[shape].error(np.array(theta), far, 99.5)[0]
        made = saturation(points(errors, 0, costs=costs, seeds=1, sd=0.0), draws=300, seed=seed)
        band = made.fit.predict(1e6 * far)
        inside.append((band.low <= truth) & (truth <= band.high))
        off.append(np.log(band.error / truth))
    assert np.mean(inside) >= 0.9
    assert np.sqrt(np.mean(np.square(off))) <= 0.15


def test_seeds_that_agree_exactly_leave_the_scatter_about_the_curve():
    made = saturation(points(floor_curve(COSTS), 0, sd=0.0), draws=200)
    assert made.asymptote.low < 80 < made.asymptote.high


def test_m4_follows_a_curve_that_bends_near_chance():
    """From guessing to a floor, a sigmoid in log cost that no power law follows."""
    costs = np.geomspace(1, 256, 12)
    truth = np.array([[10.0, 4.0, 1.0, 1.0]])
    errors = FORMS["m4"].error(truth, costs, 99.5)[0]
    residual = np.log((errors - 10) / (99.5 - errors)) - np.log(4) + np.log(costs)
    assert np.abs(residual).max() < 1e-6
    made = saturation(points(errors, 0, costs=costs, sd=0.1), draws=200)
    assert made.asymptote.low <= 90 <= made.asymptote.high
    assert list(made.fits["m4"].parameters.values()) == pytest.approx(truth[0], rel=0.2)
    assert list(made.fits["m4"].parameters) == ["e", "b", "c", "a"]


def test_points_that_scatter_beyond_their_seeds_widen_the_samples():
    rough = floor_curve(COSTS) + 1.5 * np.array([1, -1, 1, -1, 1, -1, 1, -1])
    assert fit(points(rough, 0), "floor", draws=100).inflation > 2
    assert 1 <= fit(points(floor_curve(COSTS), 0), "floor", draws=100).inflation < 1.5


def test_the_table_has_a_row_per_form_and_one_choice():
    rng = np.random.default_rng(0)
    runs = pd.concat([run_rows("width", COSTS, floor_curve(COSTS), rng), run_rows("depth", COSTS, [35] * 8, rng)])
    table, gains, curves = fits(runs, costs=("flops", "params"), draws=200)
    assert table.groupby(["method", "cost"]).form.apply(set).map(lambda forms: forms == {"average", *FORMS}).all()
    assert (table.groupby(["method", "cost"]).chosen.sum() == 1).all()
    width = table[(table.method == "width") & table.chosen & (table.cost == "flops")].iloc[0]
    assert (width.status, width["shape"]) == ("converged", "rising")
    assert width.last_gain_low < width.last_gain < width.last_gain_high
    assert set(table[table.chosen & (table.method == "depth")].status) == {"not identifiable"}
    assert set(gains.method) == set(curves.method) == {"width"}
    assert (curves.low <= curves.accuracy).all()
    assert curves.extrapolated.any()


def test_costs_that_do_not_vary_are_too_few_points():
    runs = run_rows("resolution", COSTS, floor_curve(COSTS), np.random.default_rng(0)).assign(params=5.0)
    table, _, _ = fits(runs, costs=("params", "latency_seconds"), draws=200)
    assert set(table.status) == {"too few points"}
    assert set(table.points) == {0, 1}


def test_an_obvious_trend_is_not_flat_with_one_seed():
    costs, errors = np.array([4.1, 8.2, 12.2, 20.3, 32.8]), np.array([86.2, 72.3, 56.0, 38.9, 28.0])
    points = Points(costs, errors, np.ones(5), np.ones(5, dtype=int), 100.0, np.full(5, np.nan), np.nan, np.zeros(1))
    assert trend_p(points) < 0.01


def test_a_constant_with_one_seed_has_a_trend_in_at_most_2_percent():
    rng = np.random.default_rng(0)
    costs = 2.0 ** np.arange(6)
    found = 0
    for _ in range(500):
        errors = 30 + rng.standard_normal(6)
        points = Points(
            costs, errors, np.ones(6), np.ones(6, dtype=int), 100.0, np.full(6, np.nan), np.nan, np.zeros(1)
        )
        found += trend_p(points) < 0.01
    assert found <= 10


def test_no_accuracy_is_outside_0_to_100():
    rng = np.random.default_rng(0)
    runs = run_rows("width", [1, 2, 4, 8, 16], [96, 95, 90, 60, 2], rng, sd=4.0)
    runs["top1"] = runs.top1.clip(0, 100)
    _, _, curves = fits(runs, ["flops"], draws=200)
    shown = curves[["accuracy", "low", "high", "run_low", "run_high"]]
    assert ((shown >= 0) & (shown <= 100) | shown.isna()).all(axis=None)
    assert (curves.low.isna() | (curves.low <= curves.accuracy)).all()
    assert (curves.high.isna() | (curves.high >= curves.accuracy)).all()


def test_errors_count_relative_to_their_size_where_the_noise_is_unknown():
    """A power law with one seed whose smallest error is off by a third of a point still ends near the truth."""
    errors = 40 * COSTS**-1.2
    shifted = errors + np.r_[2.0, np.zeros(len(COSTS) - 1)]
    frame, _ = usable(run_rows("width", COSTS, shifted, np.random.default_rng(0), seeds=1, sd=0.0))
    found = fit(points_of(observe(frame), "width", "flops", chance=99.5), "power")
    last = found.errors(4 * COSTS[-1] * 1e6)
    assert last == pytest.approx(40 * (4 * COSTS[-1]) ** -1.2, rel=0.1)
