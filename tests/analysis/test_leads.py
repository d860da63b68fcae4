"""How far one method is ahead in several studies, and the change from one to the next."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import scaling_study as ss
from scaling_study.analysis.contrasts import Contrast
from scaling_study.analysis.leads import COLUMNS, change, leads

from .synthetic import matched_study

NAMES = ("first", "second", "third")


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    gaps = zip(NAMES, (0.0, 2.0, -1.0), strict=True)
    return {name: matched_study(rng, gap=gap, sd=0.3, budgets=(2, 4), seeds=4) for name, gap in gaps}


def test_leads_are_those_of_the_comparisons_of_each_study(tables):
    table = leads(tables, 4.0)
    assert table.dtypes.map(str).to_dict() == COLUMNS
    assert list(dict.fromkeys(table.study)) == list(NAMES)
    for name, runs in tables.items():
        compared = ss.compare(runs, ["flops"])
        compared = compared[compared.flops_target == 4].set_index("other")
        found = table[table.study == name].set_index("other")
        assert sorted(found.index) == sorted(compared.index)
        columns = ["difference", "low", "high"]
        assert found.loc[compared.index, columns].to_numpy() == pytest.approx(compared[columns].to_numpy(dtype=float))


def test_changes_are_differences_of_leads_from_the_study_that_was_named(tables):
    for against in NAMES:
        table = leads(tables, 4.0, against=against)
        own = table[table.study == against]
        assert own[["change", "change_low", "change_high"]].isna().all(axis=None)
        wide = table.pivot(index="other", columns="study", values="difference")
        changes = table.pivot(index="other", columns="study", values="change")
        for name in set(NAMES) - {against}:
            assert changes[name].to_numpy() == pytest.approx((wide[name] - wide[against]).to_numpy())
    assert leads(tables, 4.0).equals(leads(tables, 4.0, against="first"))


def test_a_true_change_is_found(tables):
    table = leads(tables, 4.0).set_index(["study", "other"])
    moved = table.loc[("second", "width")]
    assert moved.change_low < 2.0 < moved.change_high
    assert moved.change_low > 0


def test_other_references_budgets_and_responses(tables):
    other = leads(tables, 2.0, reference="width")
    assert set(other.method) == {"width"}
    assert set(other.flops_target) == {2.0}
    shifted = {name: runs.assign(val_top1=runs.top1 + (runs.method == "compound")) for name, runs in tables.items()}
    by_validation = leads(shifted, 4.0, response="val_top1")
    assert (by_validation.difference - leads(tables, 4.0).difference).to_numpy() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"flops": 3.0}, r"^first: no comparison of compound at flops=3 times the baseline; there are 2, 4$"),
        ({"flops": 4.0, "against": "fourth"}, r"^against=fourth: must be one of first, second, third$"),
        (
            {"flops": 4.0, "reference": "tall"},
            r"^first: no comparison of tall at flops=4 times the baseline; there are none$",
        ),
    ],
)
def test_what_cannot_be_compared_is_named(tables, given, message):
    with pytest.raises(ValueError, match=message):
        ss.leads(tables, **given)


def test_what_is_interpolated_and_what_is_left_out_is_said(tables):
    width = (tables["first"].method == "width") & (tables["first"].flops_target == 2)
    other = tables["first"].assign(status=np.where(tables["first"].index == 0, "failed", "done"))
    table = leads({"first": tables["first"], "second": other[~width]}, 2.0).set_index(["study", "other"])
    assert set(table.basis["first"]) == {"matched"}
    assert table.basis["second", "width"] == "interpolated"
    assert table.attrs["notes"]
    assert all(note.startswith("second: ") for note in table.attrs["notes"])


def test_a_study_of_two_models_is_refused(tables):
    both = pd.concat([tables["first"], tables["first"].assign(model="other")])
    with pytest.raises(ValueError, match=r"^two: holds 2 models or lengths of training; give the runs of one$"):
        leads({"two": both}, 4.0)
    with pytest.raises(ValueError, match="nothing to draw"):
        ss.plot.leads(leads(tables, 4.0)[:0])
    several = pd.concat([leads(tables, 4.0), leads(tables, 2.0)])
    with pytest.raises(ValueError, match=r"^leads: the table holds 2 values of flops_target; give the rows of one$"):
        ss.plot.leads(several)


def test_a_change_has_the_interval_of_welchs_test():
    samples = [[60.1, 61.0, 60.4, 61.9], [63.0, 64.8, 62.1]]
    ones = [
        Contrast(np.mean(x), np.std(x, ddof=1) / np.sqrt(len(x)), len(x) - 1, len(x), False)
        for x in map(np.array, samples)
    ]
    expected = stats.ttest_ind(samples[1], samples[0], equal_var=False)
    found = change(*ones)
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval()))
    assert found.p == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("seeds", [2, 5])
@pytest.mark.parametrize("ratio", [1, 3])
def test_intervals_of_changes_hold(seeds, ratio):
    """Noise of a study is known from 4 methods; that of the second is ``ratio`` times that of the first."""
    rng, held = np.random.default_rng(seeds), []
    for _ in range(2000):
        pair = []
        for sd in (0.5, 0.5 * ratio):
            values = sd * rng.standard_normal((4, seeds))
            df = 4 * (seeds - 1)
            noise = np.sqrt(((values - values.mean(axis=1, keepdims=True)) ** 2).sum() / df)
            pair.append(Contrast(values[0].mean() - values[1].mean(), noise * np.sqrt(2 / seeds), df, seeds, False))
        low, high = change(*pair).interval()
        held.append(low <= 0 <= high)
    assert 0.93 <= np.mean(held) <= 0.97
