"""The studies on photographs in the documentation, against their committed tables."""

import blocks
import pandas as pd
import photographs
import pytest
import recommended

import scaling_study as ss
from scaling_study.records.costs import load_table

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


def words_of(path):
    return " ".join(path.read_text(encoding="utf-8").split())


def difference(row, sign=1):
    low, high = sorted((sign * row.low, sign * row.high))
    return f"{sign * row.difference:.2f} points ({low:.2f} to {high:.2f})"


@pytest.fixture(scope="module")
def compared():
    return ss.compare(table_of(blocks.PHOTOGRAPHS), ["flops"]).set_index(["flops_target", "other"])


@pytest.mark.parametrize("path", [PAGE, blocks.ROOT / "README.md"])
def test_the_page_and_the_readme_say_what_the_table_shows(path, compared):
    words, found = words_of(path), compared.loc[4.0]
    equal = found.loc["width"]
    assert f"ahead of depth by {difference(found.loc['depth'])}" in words
    middle = f"({equal.difference:.2f} points, {equal.low:.2f} to {equal.high:.2f})"
    assert f"not distinguishable from width {middle}" in words
    assert f"behind resolution by {difference(found.loc['resolution'], -1)}" in words
    assert found.verdict.to_dict() == {"depth": "better", "width": "not distinguishable", "resolution": "worse"}


def test_the_page_says_how_leads_change_with_the_budget(compared):
    words = words_of(PAGE)
    for budget in (8.0, 16.0):
        assert f"{difference(compared.loc[(budget, 'width')])} at {budget:g} times" in words
        assert f"{difference(compared.loc[(budget, 'resolution')], -1)} at {budget:g} times" in words
    verdicts = compared.verdict.drop(index=4.0)
    assert verdicts.loc[8.0, ["width", "resolution"]].tolist() == ["not distinguishable"] * 2
    assert verdicts.loc[16.0, ["width", "resolution"]].tolist() == ["better", "worse"]
    runs = table_of(blocks.PHOTOGRAPHS)
    means = runs.groupby([runs.flops_target.fillna(1.0), "method"]).top1.mean()
    assert means[16.0, "depth"] - means[1.0, "baseline"] == pytest.approx(0.5, abs=0.05)
    fits = pd.read_csv(blocks.ROOT / "results" / blocks.PHOTOGRAPHS / "fits.csv")
    width = fits[(fits.cost == "flops") & (fits.method == "width") & (fits.form == "average")].iloc[0]
    assert width.saturation_high < runs.flops[runs.method == "width"].max()
    assert f"from {width.saturation_high / 1e6:.2f} million at the latest" in words
    late = runs.groupby(["method", "flops"]).last_tenth_gain.mean()
    assert (late >= 0.3).sum() == 1  # all networks but one have converged


def test_the_page_says_which_predictions_came_true():
    study = blocks.ROOT / "results" / blocks.PHOTOGRAPHS
    predictions = load_table(study, "predictions")
    assert (predictions.predicted_at.max() < table_of(blocks.PHOTOGRAPHS).query("flops_target >= 8").finished_at).all()
    rows = cells(recommended.predicted(predictions, table_of(blocks.PHOTOGRAPHS)))
    trained = [row for row in rows if row[5] != "0"]
    assert {row[1] for row in trained if row[6].endswith("outside")} == {"resolution"}
    assert {row[1] for row in trained if row[6].endswith("within")} == {"depth", "width", "compound"}
    for row in trained:
        if row[1] in ("compound", "width"):
            assert abs(float(row[4].split()[0]) - float(row[6].split(",")[0])) < 0.2
    assert "compound scaling and width to within 0.2 points" in words_of(PAGE)


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
