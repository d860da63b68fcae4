import math

import pytest

from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.planning.variant import variant_of
from scaling_study.scaling.budget import STEP, Unreachable, solve
from scaling_study.scaling.coefficients import AXES, Coefficients, fast
from scaling_study.scaling.rounding import scaled_channels, scaled_repeats

METHODS = ["depth", "width", "resolution", "compound", "fast"]
SIZE = {"classes": 1000, "channels": 3}


@pytest.mark.parametrize("target", [2.4, 2.6, 3.0, 7.49, 9.0])
def test_the_nearest_step_is_found(target):
    solution = solve(lambda x: math.floor(x) + 1, target, 0.5, 10.0)
    assert solution.cost == min(range(1, 12), key=lambda cost: abs(math.log(cost / target)))
    assert math.floor(solution.position) + 1 == solution.cost
    assert solution.below <= target <= solution.above or solution.below == target


def test_the_position_has_the_fewest_decimals():
    assert solve(lambda x: math.floor(10 * x), 23, 1.0, 10.0).position == pytest.approx(2.3, abs=0.05)
    assert solve(lambda x: 1 if x < 3.9 else 5 if x <= 4.3 else 9, 5, 1.0, 10.0).position == 4.0


def test_a_target_out_of_reach_names_the_nearest_cost():
    for target, nearest in ((0.5, 1), (50, 11)):
        with pytest.raises(Unreachable) as caught:
            solve(lambda x: math.floor(x) + 1, target, 0.5, 10.0)
        assert caught.value.nearest == nearest


def flops_of(made, coefficients):
    px = round(made.data.resolution * coefficients.resolution)
    return count_flops(made.model, coefficients, resolution_px=px, **SIZE)


def moved(scaling, variant, change):
    """Coefficients a step of the method away from those of ``variant``."""
    c = variant.coefficients
    if variant.method == "compound":
        phi = variant.phi + change
        return Coefficients(scaling.alpha**phi, scaling.beta**phi, scaling.gamma**phi)
    if scaling.method == "fast":
        return fast(c.nominal_flops + change, scaling.fast_a)
    return Coefficients(**{axis: getattr(c, axis) + (change if axis == variant.method else 0) for axis in AXES})


def neighbour(made, variant, sign, cost):
    """The cost of the next network in one direction, found by steps of 0.0005, and what it is for the other end."""
    for n in range(1, 4000):
        other = flops_of(made, moved(made.scaling, variant, sign * n * 0.0005))
        if other != cost:
            return other
    return 0 if sign < 0 else math.inf  # every stage has its least depth already


@pytest.mark.parametrize(
    "model",
    [
        *("efficientnet_b0", "micro_mbconv"),
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnet50", "mobilenetv2")),
    ],
)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", [0.5, 2, 4, 8])
def test_budgets_are_met_within_2_percent_or_by_the_closest_network(config, model, method, target):
    made = config(f"model={model}", "data=imagenet_size", f"scaling.method={method}", f"scaling.flops={target}")
    variant = variant_of(made)
    assert variant.flops_target == target
    baseline, cost = flops_of(made, Coefficients()), flops_of(made, variant.coefficients)
    error = abs(math.log(cost / baseline / target))
    if error <= math.log(1.02):
        return
    for sign in (-1, 1):
        other = neighbour(made, variant, sign, cost)
        assert other == 0 or abs(math.log(other / baseline / target)) >= error


@pytest.mark.parametrize(("method", "off"), [("width", 0.15), ("resolution", 0.13), ("compound", 0.06), ("fast", 0.02)])
def test_budgets_far_below_1_are_met(config, method, off):
    """As near as channels in multiples of 8 and strides of 32 allow."""
    made = config("model=efficientnet_b0", "data=imagenet_size", f"scaling.method={method}", "scaling.flops=0.05")
    variant = variant_of(made)
    assert flops_of(made, variant.coefficients) / flops_of(made, Coefficients()) == pytest.approx(0.05, rel=off)
    assert max(getattr(variant.coefficients, axis) for axis in AXES) <= 1


def test_a_budget_of_1_is_the_baseline(config):
    for method in METHODS:
        variant = variant_of(config(f"scaling.method={method}", "scaling.flops=1"))
        assert (variant.method, variant.flops_target, variant.coefficients) == ("baseline", None, Coefficients())


@pytest.mark.slow
def test_a_reference_from_timm_is_solved_by_measuring(config):
    made = config(
        "model=timm", "model.name=resnet18", "data=imagenet_size", "scaling.method=resolution", "scaling.flops=2"
    )
    cost = flops_of(made, variant_of(made).coefficients) / flops_of(made, Coefficients())
    assert cost == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["scaling.method=depth", "scaling.flops=0.05"],
            r"scaling\.flops=0\.05: no network that near; .*comes to 0\.449",
        ),
        (["scaling.method=width", "scaling.flops=1e9"], r"scaling\.flops=1000000000\.0: must be a number above 0 and"),
        (["scaling.method=depth", "scaling.flops=4096"], r"scaling\.flops=4096\.0: no network .* limits\.layers=4096$"),
        (["scaling.method=resolution", "scaling.flops=1e-4"], r"scaling\.flops=0\.0001: no network that near"),
        (["scaling.flops=2"], r"scaling\.flops=2\.0: needs scaling\.method=depth"),
        (["scaling.method=fast"], r"scaling\.flops=None: scaling\.method=fast needs"),
        (["scaling.method=depth", "scaling.flops=2", "scaling.depth=2"], r"scaling\.depth=2\.0: must stay 1"),
        (["scaling.method=depth", "scaling.width=2"], r"scaling\.width=2\.0: must stay 1"),
        (["scaling.method=compound", "scaling.flops=2", "scaling.phi=1"], r"scaling\.phi=1\.0: must stay 0"),
        (["scaling.method=compound", "scaling.flops=2", "scaling.beta=0.9"], r"scaling\.beta=0\.9: must be 1 or more"),
        (
            ["scaling.method=fast", "scaling.flops=2", "scaling.fast_a=2"],
            r"scaling\.fast_a=2\.0: must be a number from 0 to 1",
        ),
        (["scaling.flops=-1", "scaling.method=depth"], r"scaling\.flops=-1\.0: must be a number above 0"),
    ],
)
def test_budgets_that_cannot_be_had_are_one_line(config, overrides, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        variant_of(config("model=efficientnet_b0", "data=imagenet_size", *overrides))


def test_fast_scaling_is_dollars_rule():
    for a, s in ((1.0, 4), (1 / 3, 8), (0.8, 2)):
        c = fast(s, a)
        assert c.nominal_flops == pytest.approx(s)
        assert c.depth * c.width * c.resolution**2 == pytest.approx(s ** (1 - a / 2))  # activations
        assert c.depth * c.width**2 == pytest.approx(s ** ((1 + a) / 2))  # params
    assert fast(4, 1.0) == Coefficients(width=2.0)


def test_repeats_are_rounded_up_and_never_below_1():
    assert [scaled_repeats(n, 1.1) for n in (1, 2, 10)] == [2, 3, 11]
    assert scaled_repeats(4, 0.1) == 1
    assert scaled_repeats(6, 13 + STEP / 100) == 78


@pytest.mark.parametrize("width", [0.05, 0.35, 0.9, 1.0, 1.1, 1.37, 2.6])
@pytest.mark.parametrize("divisor", [1, 2, 8])
def test_channels_are_rounded_as_timm_rounds_them(width, divisor):
    from timm.layers import make_divisible

    for channels in (3, 16, 32, 40, 1280):
        assert scaled_channels(channels, width, divisor) == make_divisible(channels * width, divisor)
