import numpy as np
import pytest

from scaling_study.analysis.surface import exponent_table, surfaces

from .synthetic import surface_study

KEY = ("net", 2)


def fitted(runs):
    made, refused = surfaces(runs)
    assert refused == {}
    return made[KEY]


def test_exponents_are_recovered_within_their_intervals():
    inside = []
    for seed in range(50):
        table = fitted(surface_study(np.random.default_rng(seed))).exponents().set_index("term")
        for axis, truth in (("depth", 0.1), ("width", 0.5), ("resolution", 0.3)):
            squares = f"{axis}^2" in table.index  # then the exponent is that at the baseline
            inside.append(squares or table.low[axis] <= truth <= table.high[axis])
    assert np.mean(inside) >= 0.9


def test_an_interaction_is_found():
    table = fitted(surface_study(np.random.default_rng(0), interaction=0.4)).exponents().set_index("term")
    assert table.low["depth x width"] <= 0.4 <= table.high["depth x width"]
    assert table.low["depth x width"] > 0.2


def test_predictions_hold_left_out_coefficients():
    runs = surface_study(np.random.default_rng(0))
    surface = fitted(runs)
    truth = 100 - 30 * np.exp(-(0.1 * np.log(1.2) + 0.5 * np.log(1.3) + 0.3 * np.log(1.1)))
    row = surface.predict([[1.2, 1.3, 1.1]]).iloc[0]
    assert row.low <= truth <= row.high
    assert row.run_low < row.low < row.top1 < row.high < row.run_high
    assert row.leverage < surface.leverage < surface.predict([[8, 8, 8]]).leverage[0]


def test_the_table_names_the_chosen_surface_first():
    made, _ = surfaces(surface_study(np.random.default_rng(0)))
    table = exponent_table(made)
    assert table.chosen[0]
    assert table.groupby("surface", sort=False).leave_one_out_log_error.first().is_monotonic_increasing
    assert {"main effects", "interactions", "second order"} <= set(table.surface)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda runs: runs[(runs.resolution == 1) & (runs.depth == 1)], "depth, resolution never varied"),
        (lambda runs: runs.assign(top1=50.0), "accuracy is constant"),
        (lambda runs: runs[runs.depth * runs.width * runs.resolution < 1.6], "4 variants are too few"),
    ],
)
def test_what_cannot_be_fitted_is_said(change, reason):
    made, refused = surfaces(change(surface_study(np.random.default_rng(0))))
    assert made == {}
    assert refused == {KEY: reason}


def test_perfect_accuracy_does_not_break_it():
    runs = surface_study(np.random.default_rng(0))
    runs.loc[runs.width == 2, "top1"] = 100.0
    assert np.isfinite(fitted(runs).predict([[1, 1, 1]]).top1[0])


def test_an_axis_that_never_varied_leaves_the_surface_of_the_others():
    runs = surface_study(np.random.default_rng(0), sd=0.0, seeds=1)
    runs = runs[runs.depth == 1]
    found, refused = surfaces(runs)
    assert not refused
    [surface] = found.values()
    assert surface.axes == ("width", "resolution")
    assert set(surface.exponents().term) <= {"width", "resolution", "width^2", "resolution^2", "width x resolution"}
    truth = runs.drop_duplicates(["width", "resolution"])
    predicted = surface.predict(truth[["depth", "width", "resolution"]].to_numpy())
    assert predicted.top1.to_numpy() == pytest.approx(truth.top1.to_numpy(), abs=0.5)
