from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from scaling_study import plot
from scaling_study.figures import family, of_costs
from scaling_study.figures.labels import extent
from scaling_study.figures.printed import figure_of
from scaling_study.figures.speed import speeds
from scaling_study.literature import published
from scaling_study.records.costs import load_table

from . import drawn

STUDY = Path(__file__).parents[2] / "results" / "imagenet-family"
PLOTS = STUDY.parents[1] / "plots" / STUDY.name


@pytest.fixture(scope="module")
def tables():
    """Costs, the latencies in eager torch, and published numbers."""
    latencies = load_table(STUDY, "latencies")
    return (
        load_table(STUDY, "costs"),
        latencies[latencies.runtime == "eager"].reset_index(drop=True),
        published(torchvision=False),
    )


@pytest.fixture(scope="module")
def figures(tables):
    return drawn(of_costs(*tables))


def test_the_family_study_gives_every_figure(figures):
    assert set(figures) == {"accuracy_flops", "accuracy_params", "memory", "speed", "cost_curves"} | {
        "latency",
        "accuracy_latency",
    }


def test_built_models_stand_at_their_measured_cost_and_others_where_printed(tables):
    costs, _, paper = tables
    table = family.table2(costs, paper).set_index("model")
    assert table.flops["EfficientNet-B0"] == 385_825_092
    assert table.params["ResNet-50"] == 25_557_032
    assert table.measured["ResNet-50"]
    assert not table.measured["SENet"]
    assert table.flops["SENet"] == 42e9


def test_marks_tell_measured_from_printed(figures):
    [axes] = figures["accuracy_flops"].axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["EfficientNet, cost measured", "others, cost measured", "others, cost as printed"]
    line, own, measured, printed = axes.lines[:4]
    assert len(line.get_xdata()) == len(own.get_xdata()) == 8
    assert measured.get_markerfacecolor() != printed.get_markerfacecolor() == "white"
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize(
    "name", ["accuracy_flops", "accuracy_params", "memory", "latency", "accuracy_latency", "speed"]
)
def test_names_do_not_cover_each_other(figures, name):
    figure = figures[name]
    figure.draw_without_rendering()
    boxes = [extent(text) for text in figure.axes[0].texts]
    assert len(boxes) >= 18
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_what_was_not_measured_is_not_said_to_be(tables):
    costs, _, paper = tables
    [axes] = figure_of(family.accuracy(costs[costs.family == "timm"], paper, "flops")).axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["EfficientNet, cost as printed", "others, cost measured", "others, cost as printed"]


def test_a_small_stem_is_not_the_published_network(tables):
    costs, _, paper = tables
    small = costs[costs.model == "resnet50"].assign(small_stem=True, flops=10**12, variant_id="small")
    table = family.table2(pd.concat([costs, small]), paper).set_index("model")
    assert table.flops["ResNet-50"] < 5e9


def test_models_without_a_baseline_have_no_cost_curves(tables):
    costs, latencies, paper = tables
    assert "cost_curves" not in of_costs(costs[costs.method != "baseline"], latencies, paper)


def test_cost_curves_start_at_the_baseline(figures):
    for axes in figures["cost_curves"].axes:
        assert all(line.get_xdata()[0] == line.get_ydata()[0] == 1 for line in axes.lines)
    assert [axes.get_xlabel().split()[0] for axes in figures["cost_curves"].axes] == ["depth", "width", "resolution"]


def test_tables_without_timings_or_published_models_draw_what_they_can(tables):
    costs, latencies, paper = tables
    assert "latency" not in of_costs(costs, latencies[:0], paper)
    assert set(of_costs(costs[costs.model == "efficientnet_b0"], latencies, paper)) == {"cost_curves"}
    assert of_costs(costs[costs.model == "resnet50"], latencies, paper) == {}


@pytest.mark.slow
def test_speed_is_that_of_one_image_and_lies_under_the_limits(tables):
    """The limits of a device bend where its memory gives as much as it computes."""
    costs, latencies, paper = tables
    limits = {"device": latencies.device[0], "threads": 1, "precision": "fp32"}
    devices = pd.DataFrame([limits | {"flops_per_second": 60e9, "bytes_per_second": 9e9}])
    left, right = drawn(of_costs(costs, latencies, paper, devices))["speed"].axes
    rows = speeds(costs, latencies).set_index("model")
    assert rows.depthwise_percent["resnet50"] == 0
    assert 8 < rows.depthwise_percent["efficientnet_b0"] < 10
    b0 = latencies[(latencies.model == "efficientnet_b0") & (latencies.workload == "inference")]
    seconds = b0[b0.batch_size == 1].seconds_median.iloc[-1]
    assert rows.speed["efficientnet_b0"] == pytest.approx(385_825_092 / seconds)
    *points, roof = left.lines
    assert sum(len(line.get_xdata()) for line in points) == sum(len(line.get_xdata()) for line in right.lines) == 18
    assert max(roof.get_ydata()) == 60
    low = roof.get_xdata()[0]
    assert roof.get_ydata()[0] == pytest.approx(9 * low)


def test_costs_of_earlier_versions_have_no_speeds(tables):
    costs, latencies, paper = tables
    old = costs.assign(traffic_bytes=pd.NA, depthwise_flops=pd.NA)
    assert "speed" not in of_costs(old, latencies, paper)


def test_each_runtime_has_charts_of_its_own(tables):
    costs, latencies, paper = tables
    slower = latencies.assign(runtime="openvino", seconds_median=latencies.seconds_median * 1.01)
    figures = of_costs(costs, pd.concat([latencies, slower], ignore_index=True), paper)
    assert {"accuracy_latency", "accuracy_latency-openvino", "latency", "latency-openvino"} <= set(figures)
    two = drawn({name: figures[name] for name in ("accuracy_latency", "accuracy_latency-openvino")})
    own, other = (figure.axes[0].lines[0].get_xdata() for figure in two.values())
    assert other == pytest.approx(own * 1.01)
    with pytest.raises(ValueError, match="runtime=compile: the table has eager"):
        plot.latency(costs, latencies, paper, runtime="compile")
