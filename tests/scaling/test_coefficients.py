import pytest

from scaling_study.scaling.coefficients import AXES, Coefficients, compound, method_of

PAPER = {"alpha": 1.2, "beta": 1.1, "gamma": 1.15}


def test_the_papers_triple_costs_1920_per_step():
    assert compound(1, **PAPER).nominal_flops == pytest.approx(1.920, abs=5e-4)


@pytest.mark.parametrize("phi", [0, 0.5, 1, 4, -1])
def test_compound_cost_is_a_power_of_one_step(phi):
    assert compound(phi, **PAPER).nominal_flops == pytest.approx(compound(1, **PAPER).nominal_flops ** phi)


def test_phi_zero_is_the_baseline():
    assert method_of(compound(0, **PAPER), "compound") == "baseline"


@pytest.mark.parametrize("axis", AXES)
def test_one_axis_names_the_method_however_it_was_chosen(axis):
    assert method_of(Coefficients(**{axis: 2.0}), "compound") == axis


def test_several_axes_keep_the_rule_that_chose_them():
    assert method_of(Coefficients(depth=2, width=2)) == "custom"
    assert method_of(compound(2, **PAPER), "compound") == "compound"


def test_width_and_resolution_cost_squared():
    assert Coefficients(2, 3, 5).nominal_flops == 2 * 9 * 25
