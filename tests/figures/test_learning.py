"""Learning curves, and accuracy at equal training compute."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import scaling_study as ss
from scaling_study.figures import learning
from scaling_study.figures.learning import DRAWN_MAX
from scaling_study.figures.printed import figure_of

from ..analysis.test_isocompute import LEVELS, SIZES, compute_study, valley

RESULTS = Path(__file__).parents[2] / "results"


def epochs_of(runs, length=12):
    """A history of so many epochs for each run, that ends at its accuracy."""
    rows = [
        {"run_id": row.run_id, "epoch": epoch, "train_loss": 3.0 / epoch, "val_top1": row.top1 * epoch / length}
        for row in runs.itertuples()
        for epoch in range(1, length + 1)
    ]
    return pd.DataFrame(rows)


def study(sizes, gain=0.1):
    runs = compute_study(valley()[0], sizes=sizes, levels=(8,), seeds=2).assign(epochs=12, last_tenth_gain=gain)
    return runs.assign(run_id=[f"run{n}" for n in range(len(runs))])


def learning_curves(*tables):
    chart = learning.learning_curves(*tables)
    return None if chart is None else figure_of(chart)


def lines(axes):
    return [line for line in axes.lines if not line.get_label().startswith("_")]


def test_committed_runs_have_seeds_and_means_by_method():
    folder = RESULTS / "fashion_mnist-regime"
    figure = ss.plot.learning_curves(ss.load_runs(folder), ss.load_history(folder), epochs=4)
    assert [axes.get_title() for axes in figure.axes] == ["depth", "width", "", ""]
    accuracy, loss = figure.axes[0], figure.axes[2]
    assert [line.get_label() for line in lines(accuracy)] == ["baseline", "d=4"]
    assert len(accuracy.lines) == len(loss.lines) == 2 * 2
    thin = accuracy.lines[0]
    assert np.isnan(thin.get_xdata()).sum() == 3  # before each seed
    assert np.isfinite(thin.get_ydata()).sum() == 3 * 4
    means = ss.load_runs(folder).query("epochs == 4").groupby("method").val_top1.mean()
    assert lines(accuracy)[1].get_ydata()[-1] == pytest.approx(means["depth"])


@pytest.mark.parametrize("count", [1, 5, 60])
def test_of_many_networks_some_are_drawn_the_largest_darkest(count):
    runs = study(np.geomspace(1, 64, count))
    figure = learning_curves(runs, epochs_of(runs), "net")
    shown = lines(figure.axes[0])
    assert len(shown) == min(count, DRAWN_MAX)
    grey = [np.dot(to_rgb(line.get_color()), (0.3, 0.59, 0.11)) for line in shown]
    assert grey == sorted(grey, reverse=True)
    assert (f"at most {DRAWN_MAX} networks" in " ".join(figure.get_suptitle().split())) == (count == 60)


def test_networks_that_had_not_converged_are_dashed():
    for gain, dashed in ((0.1, False), (2.0, True), (np.nan, False)):
        runs = study((1, 2), gain)
        figure = learning_curves(runs, epochs_of(runs), "net")
        assert {line.is_dashed() for line in lines(figure.axes[0])} == {dashed}


def test_one_epoch_makes_no_curve():
    runs = study((1, 2))
    assert learning_curves(runs, epochs_of(runs, 1), "net") is None
    assert learning_curves(runs, epochs_of(runs).assign(run_id="other"), "net") is None


def test_equal_compute_has_a_curve_and_a_best_for_each_level():
    runs = compute_study(valley()[0])
    table = ss.isocompute(runs, draws=100)
    left, right = ss.plot.isocompute(table, runs).axes
    curves = [line for line in left.lines if len(line.get_xdata()) == len(SIZES) and line.get_linestyle() == "-"]
    assert len(curves) == len(LEVELS)
    assert curves[0].get_ydata().max() < curves[-1].get_ydata().max()
    best = table[table.what == "best size"]
    assert right.get_xticks().tolist() == pytest.approx((best.train_flops / 1e9).tolist())
    assert "to the power 0." in right.get_title()
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["24 billions", "48 billions", "96 billions"]


def test_networks_without_a_rule_give_way_to_methods():
    folder = RESULTS / "fractals_v2-matched_24px"
    figure = ss.plot.learning_curves(ss.load_runs(folder), ss.load_history(folder))
    titles = [axes.get_title() for axes in figure.axes[:4]]
    assert titles == ["compound", "depth", "resolution", "width"]
    assert "; without custom" in figure.get_suptitle().replace("\n", " ")
