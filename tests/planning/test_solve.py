"""One coefficient solved for a budget while the others stay as given."""

from dataclasses import replace

import pandas as pd
import pytest

from scaling_study.config.choices import check_choices
from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.measure.flops import count_flops
from scaling_study.planning.identity import run_of
from scaling_study.planning.variant import variant_of
from scaling_study.report.terminal import off_target
from scaling_study.scaling.coefficients import Coefficients


@pytest.fixture
def variant(config):
    """The variant of the default configuration with other scaling keys; what they may not be is refused."""
    base = config()

    def make(px=64, **keys):
        changed = replace(base.data, resolution=px)
        made = replace(base, data=changed, scaling=replace(base.scaling, **keys))
        check_choices(made)
        return made, variant_of(made)

    return make


def ratio(config, variant):
    def cost(coefficients, px):
        return count_flops(config.model, coefficients, resolution_px=px, **size_of(config.data))

    return cost(variant.coefficients, variant.resolution_px) / cost(Coefficients(), config.data.resolution)


def test_the_measured_flops_are_those_asked_for(variant):
    for solve, given, near in (
        ("width", {"depth": 0.5, "resolution": 1.41}, 0.03),
        ("resolution", {"depth": 3}, 0.1),
        ("depth", {"width": 0.5}, 0.1),
    ):
        config, found = variant(solve=solve, flops=2, **given)
        assert ratio(config, found) == pytest.approx(2, rel=near)
        c = found.coefficients
        assert {axis: getattr(c, axis) for axis in given} == given
        assert (found.method, found.flops_target) == ("custom", 2)
        assert found.label == f"custom-d{c.depth:g}-w{c.width:g}-r{c.resolution:g}"


def test_a_network_that_is_built_as_the_baseline_is_the_baseline(variant):
    for depth in (1, 0.9):
        assert variant(solve="width", flops=1, depth=depth)[1] == variant()[1]


def test_what_leaves_nothing_to_solve_is_refused(variant):
    width = {"solve": "width", "flops": 2}
    for keys, message in (
        ({"solve": "width"}, r"scaling\.solve=width: needs scaling\.flops"),
        (width | {"method": "depth"}, r"scaling\.solve=width: needs scaling\.method=custom"),
        (width | {"width": 2}, r"scaling\.width=2: must stay 1 with scaling\.solve=width"),
        (width | {"stage_depth": [1, 2, 1, 1]}, r"scaling\.stage_depth=.*: must be null with scaling\.solve"),
        ({"flops": 2}, r"scaling\.flops=2: needs scaling\.method=.*or scaling\.solve=AXIS"),
        ({"solve": "depth", "flops": 1, "width": 9}, r"scaling\.flops=1: no network that near; scaling\.solve=depth"),
        (width | {"depth": 1e5}, r"scaling\.depth=100000\.0: makes a network"),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"):
            variant(**keys)


def test_what_is_too_small_or_no_axis_is_refused(config):
    given = ["scaling.solve=width", "scaling.flops=1"]
    with pytest.raises(ConfigError, match=r"^scaling\.resolution=0\.3: gives 4 pixels"):
        run_of(config(*given, "scaling.resolution=0.3"))
    with pytest.raises(ConfigError, match=r"^scaling\.solve=size: must be one of depth, width, resolution, or null"):
        config("scaling.solve=size", "scaling.flops=1")


def test_a_plan_warns_of_networks_far_from_what_was_asked_for():
    table = pd.DataFrame({"run_id": ["a", "b", "b2", "c"], "target": [1.0, 1.0, 1.0, None]})
    lines = list(off_target(table.assign(built=[1.05, 1.15, 1.15, 3.0])))
    assert len(lines) == 1
    assert lines[0].startswith("warning: b: ")
    assert "1.15 times the baseline's multiply-adds, +15% off scaling.flops=1" in lines[0]
