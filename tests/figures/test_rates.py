"""Accuracy against the learning rate: curves, the best of each network, and whether it lies at the edge."""

import pandas as pd
import pytest

import scaling_study as ss
from scaling_study.figures.chart import Marks, Rule
from scaling_study.figures.rates import tried_rates

from ..analysis.test_rates import RATES, VARIANTS, rate_study


@pytest.fixture(scope="module")
def study():
    runs = rate_study(0).assign(recipe="standard")
    return ss.rates(runs, draws=100)


def marks_of(panel):
    marks = [mark for mark in panel.marks if isinstance(mark, Marks)]
    return [mark for mark in marks if mark.line], [mark for mark in marks if not mark.line]


def test_every_network_has_a_curve_and_its_best(study):
    [panel] = tried_rates(*study).flat
    curves, tops = marks_of(panel)
    assert len(curves) == len(tops) == len(VARIANTS)
    assert panel.x.ticks == pytest.approx(RATES)
    assert [mark.x for mark in panel.marks if isinstance(mark, Rule)] == [0.015]
    best = study.best[study.best.what == "best rate"]
    assert sorted(mark.x[0] for mark in tops) == pytest.approx(sorted(best.value))
    highest = {mark.color: max(mark.y) for mark in curves}
    for mark in tops:
        assert mark.hollow == best.at_edge[best.value.sub(mark.x[0]).abs().idxmin()]
        assert mark.y[0] == pytest.approx(highest[mark.color], abs=1.0)
        assert mark.y[0] >= highest[mark.color] - 1e-9
    assert panel.title == "n = 3 seeds, 95% intervals"


def test_networks_of_one_method_differ_in_line_and_name(study):
    best, curves = (table[table.method == "depth"].assign(depth=16.0) for table in study)
    [panel] = tried_rates(pd.concat([study.best, best]), pd.concat([study.curves, curves])).flat
    depth = [mark for mark in marks_of(panel)[0] if mark.name.startswith("depth")]
    assert [mark.name for mark in depth] == ["depth (d) 8, 1, 1", "depth (d) 16, 1, 1"]
    assert depth[0].line != depth[1].line


def test_each_kind_of_rate_has_a_panel(study):
    other = [table.assign(rate="weight_decay") for table in study]
    chart = tried_rates(*(pd.concat(pair) for pair in zip(study, other, strict=True)))
    assert [panel.x.label for panel in chart.flat] == ["learning rate, log scale", "weight decay, log scale"]


def test_single_seeds_say_so():
    [panel] = tried_rates(*ss.rates(rate_study(0, seeds=1).assign(recipe="standard"))).flat
    assert panel.title == "n = 1 seed, no intervals"
    assert tried_rates(*ss.rates(rate_study(0, rates=RATES[:2]))) is None


def test_networks_that_differ_in_single_stages_or_budgets_are_apart(study):
    others = [
        [table.assign(stage_depth="1 2", flops_target=2.0) for table in study],
        [table.assign(flops_target=4.0) for table in study],
    ]
    tables = [pd.concat(parts) for parts in zip(study, *others, strict=True)]
    curves, tops = marks_of(tried_rates(*tables).flat[0])
    assert len(curves) == len(tops) == 3 * len(VARIANTS)
    assert {len(mark.x) for mark in curves} == {len(RATES)}


def test_rates_that_differ_by_network_and_unknown_recipes_are_not_said_to_be_of_all(study):
    own = study.curves.value == study.curves.method.map(lambda method: RATES[1 + (method == "depth")])
    chart = tried_rates(study.best, study.curves.assign(own=own, recipe=pd.NA))
    assert not [mark for mark in chart.flat[0].marks if isinstance(mark, Rule)]
    assert "vertical line" not in chart.title
    assert "nan" not in chart.title.lower()
    assert "NA" not in chart.title
