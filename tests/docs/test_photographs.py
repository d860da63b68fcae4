"""The studies on photographs in the documentation, against their committed tables."""

import blocks
import photographs
import pytest

import scaling_study as ss

PAGE = blocks.ROOT / "docs/explanation/photographs.md"


def cells(lines):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def table_of(study):
    return ss.load_runs(blocks.ROOT / "results" / study)


def test_shapes_stand_by_validation_accuracy_with_the_baseline_among_them():
    runs = table_of(blocks.PHOTOGRAPH_SHAPES)
    rows = cells(photographs.shapes(runs))
    assert [row[3] for row in rows] == [f"{value:.2f}" for value in sorted(runs.val_top1, reverse=True)]
    [baseline] = [row for row in rows if row[0].endswith("(baseline)")]
    assert baseline[4] == f"{runs.top1[runs.method == 'baseline'].item():.2f}"
    assert max(abs(runs.flops / runs.flops[runs.method == "baseline"].item() - 1)) < 0.03


def test_shapes_are_means_over_seeds():
    runs = table_of(blocks.SHAPE_STUDY)
    rows = cells(photographs.shapes(runs))
    assert len(rows) == 13
    assert {row[2] for row in rows} == {"3"}
    [baseline] = [row for row in rows if row[0].endswith("(baseline)")]
    assert baseline[3] == f"{runs.val_top1[runs.method == 'baseline'].mean():.2f}"


def test_the_best_rate_is_that_of_the_highest_validation_accuracy():
    runs = table_of(blocks.RATE_STUDY)
    runs = runs[runs.seed == 0]
    for method, *accuracies, best, own, at_best in cells(photographs.rates(runs, own=0.04)):
        of_method = runs[runs.method == method].set_index("learning_rate")
        assert accuracies == [f"{value:.2f}" for value in of_method.val_top1.sort_index()]
        assert float(best) == of_method.val_top1.idxmax()
        assert own == f"{of_method.top1[0.04]:.2f}"
        assert at_best == f"{of_method.top1[float(best)]:.2f}"


def test_a_rate_that_failed_is_left_out():
    runs = table_of(blocks.RATE_STUDY)
    runs = runs[runs.seed == 0].copy()
    first = cells(photographs.rates(runs, own=0.04))[0]
    runs.loc[(runs.method == first[0]) & (runs.learning_rate == float(first[-3])), "status"] = "failed"
    again = {row[0]: row for row in cells(photographs.rates(runs, own=0.04))}[first[0]]
    assert again[-3] != first[-3]
    assert again.count("") == 1


@pytest.mark.parametrize("path", [PAGE, blocks.ROOT / "README.md"])
def test_the_page_and_the_readme_say_what_the_table_shows(path):
    words = " ".join(path.read_text(encoding="utf-8").split())
    table = ss.compare(table_of(blocks.PHOTOGRAPHS), ["flops"])
    found = table[table.flops_target == 4].set_index("other")
    ahead, equal, behind = found.loc["depth"], found.loc["width"], found.loc["resolution"]
    assert f"ahead of depth by {ahead.difference:.1f} points ({ahead.low:.1f} to {ahead.high:.1f})" in words
    middle = f"({equal.difference:.1f} points, {equal.low:.1f} to {equal.high:.1f})"
    assert f"not distinguishable from width {middle}" in words
    assert f"behind resolution by {-behind.difference:.1f} points ({-behind.high:.1f} to {-behind.low:.1f})" in words
    assert found.verdict.to_dict() == {"depth": "better", "width": "not distinguishable", "resolution": "worse"}


def test_the_page_says_what_the_best_rates_change():
    words = " ".join(PAGE.read_text(encoding="utf-8").split())
    runs = table_of(blocks.PHOTOGRAPH_RATES)
    own = runs[runs.learning_rate == 0.08].set_index("method").top1
    best = runs.loc[runs.groupby("method").val_top1.idxmax()].set_index("method").top1
    leads, tuned = own["compound"] - own, best["compound"] - best
    assert f"ahead of depth by {tuned['depth']:.2f} test points instead of {leads['depth']:.2f}" in words
    assert (
        f"to width ({tuned['width']:.2f}) and resolution ({tuned['resolution']:.2f}, before {leads['resolution']:.2f})"
        in words
    )
