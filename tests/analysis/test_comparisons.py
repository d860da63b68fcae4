import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.comparisons import compare, leaders
from scaling_study.analysis.contrasts import contrast, holm
from scaling_study.analysis.noise import moderated
from scaling_study.analysis.observations import observe, usable
from scaling_study.analysis.study import PRINTED, scaled_in_the_paper
from scaling_study.literature import published

from .synthetic import floor_curve, many_studies, matched_study, run_rows

TOLD = ["better", "worse"]


def verdicts(count, **options):
    """(share of studies with any false or true verdict, share of comparisons that are better)."""
    table, _ = compare(
        many_studies(matched_study(np.random.default_rng(d), **options) for d in range(count)), ("flops",)
    )
    assert table.groupby("model").size().to_list() == [16] * count
    return share_told(table), (table.verdict == "better").mean()


def share_told(table, words=TOLD):
    """Share of studies in which any verdict is one of ``words``."""
    return table.verdict.isin(words).groupby(table.model).any().mean()


@pytest.mark.slow
def test_equal_methods_are_told_apart_in_at_most_6_percent_of_studies():
    assert verdicts(300)[0] <= 0.06


@pytest.mark.slow
def test_a_gap_of_one_point_is_found():
    assert verdicts(100, gap=1.0)[1] >= 0.9


def test_matched_budgets_compare_two_variants_on_common_seeds():
    runs = matched_study(np.random.default_rng(0), gap=1.0)
    table, notes = compare(runs, costs=("flops",))
    assert notes == []
    assert table.groupby("other").flops_target.apply(list).to_dict() == {
        other: [2, 4, 8, 16] for other in ("depth", "fast", "resolution", "width")
    }
    assert set(table.basis) == {"matched"}
    assert table.paired.all()
    assert set(table.n) == {3}
    row = table[(table.other == "width") & (table.flops_target == 4)].iloc[0]
    mean = runs[runs.flops == 4e6].groupby("method").top1.mean()
    assert row.difference == pytest.approx(mean.compound - mean.width)
    assert row.low < row.difference < row.high
    assert (table.p_holm >= table.p).all()


def test_other_costs_are_interpolated_along_the_curve():
    costs = np.array([1, 4, 16])
    rng = np.random.default_rng(0)
    width = run_rows("width", costs, [40, 30, 20], rng, sd=0.0)
    compound = run_rows("compound", np.array([1, 8, 32]), [40, 22, 15], rng, sd=0.0)
    table, _ = compare(pd.concat([width, compound[compound.method == "compound"]]), costs=("flops",))
    assert table.basis.tolist() == ["interpolated", "none"]
    assert table.difference[0] == pytest.approx(25 - 22, abs=1e-3)  # width has 30 at 4 and 20 at 16, so 25 at 8
    assert table.verdict.tolist() == [
        "no interval, the seeds agree exactly",
        "not comparable: width was not trained around this cost",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("costs", [(1, 2, 4, 8, 16), (1, 4, 16)])
def test_interpolating_along_a_curve_that_flattens_does_not_make_verdicts(costs):
    """All methods on one curve; compound's costs lie between the others'."""
    studies = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        parts = [run_rows(m, costs, floor_curve(costs), rng) for m in ("width", "depth", "resolution")]
        between = [1, *np.sqrt(np.array(costs[1:]) * np.array(costs[:-1]))]
        parts.append(run_rows("compound", between, floor_curve(between), rng))
        studies.append(pd.concat([parts[0], *(part[part.method != "baseline"] for part in parts[1:])]))
    table, _ = compare(many_studies(studies), costs=("flops",))
    assert table.model.nunique() == 100
    assert set(table.basis) == {"interpolated"}
    assert share_told(table) <= 0.06


@pytest.mark.slow
def test_leaders_of_equal_methods_are_not_told_apart():
    table = leaders(many_studies(matched_study(np.random.default_rng(d)) for d in range(200)), costs=("flops",))
    assert table.model.nunique() == 200
    assert share_told(table, ["better"]) <= 0.06


def test_another_cost_can_change_the_leader():
    rng = np.random.default_rng(0)
    width = run_rows("width", [1, 2, 4], [40, 35, 32], rng)
    depth = run_rows("depth", [1, 2, 4], [40, 36, 33], rng)
    depth.loc[depth.method == "depth", "params"] = [1.5e6] * 3 + [2e6] * 3
    table = leaders(pd.concat([width, depth[depth.method == "depth"]]), costs=("flops", "params"))
    assert table.set_index("cost").method.to_dict() == {"flops": "width", "params": "depth"}
    assert table.set_index("cost").cost_value.to_dict() == {"flops": 4e6, "params": 2e6}


def test_the_leaders_networks_of_one_budget_are_compared_as_they_are():
    rng = np.random.default_rng(0)
    width = run_rows("width", [1, 4], [40, 32], rng)
    depth = run_rows("depth", [1, 4.1], [40, 36], rng)
    runs = pd.concat([width, depth[depth.method == "depth"]])
    budgets = runs.assign(flops_target=runs.method.map({"width": 4.0, "depth": 4.0}))
    means = runs.groupby("method").top1.mean()
    [row] = leaders(budgets, costs=("flops",)).itertuples()
    assert (row.method, row.other, row.basis) == ("width", "depth", "matched")
    assert row.difference == pytest.approx(means["width"] - means["depth"])
    for [other] in (leaders(runs, ("flops",)).itertuples(), leaders(budgets, ("flops",), matched=0.02).itertuples()):
        assert other.basis == "interpolated"
        assert other.standard_error > row.standard_error


def test_leaders_without_a_network_of_the_budget_are_compared_along_curves_at_one_cost():
    """Depth costs 3% more at the budget, and compound has only a far larger network."""
    rng = np.random.default_rng(0)
    parts = [run_rows("width", [1, 4], [40, 32], rng), run_rows("depth", [1, 4.12], [40, 36], rng)]
    parts.append(run_rows("compound", [1, 16], [40, 28], rng))
    runs = pd.concat([parts[0], *(part[part.method != "baseline"] for part in parts[1:])])
    runs["flops_target"] = runs.method.map({"width": 4.0, "depth": 4.0, "compound": 16.0})
    table = leaders(runs, costs=("flops",)).set_index("other")
    assert table.basis.to_dict() == {"depth": "matched", "compound": "interpolated"}
    assert table.flops_target.fillna(0).to_dict() == {"depth": 4.0, "compound": 0.0}
    alone = leaders(runs[runs.method != "depth"], costs=("flops",)).set_index("other")
    assert table.difference["compound"] == pytest.approx(alone.difference["compound"])


def test_leaders_of_one_budget_but_far_from_the_cost_compared_are_taken_along_curves():
    """By parameters, width and compound have the same at their budget, and depth, which sets the cost, has half."""
    rng = np.random.default_rng(0)
    parts = [run_rows(method, [1, 4], [40, error], rng) for method, error in
             (("width", 32), ("compound", 31), ("depth", 36))]  # fmt: skip
    runs = pd.concat([parts[0], *(part[part.method != "baseline"] for part in parts[1:])])
    runs["flops_target"] = runs.method.where(runs.method == "baseline", 4.0).replace("baseline", np.nan).astype(float)
    runs["params"] = runs.method.map({"baseline": 1e6, "width": 4e6, "compound": 4e6, "depth": 2e6})
    table = leaders(runs, costs=("params",))
    assert set(table.cost_value) == {2e6}
    assert set(table.basis) == {"interpolated"}
    assert set(leaders(runs, costs=("flops",)).basis) == {"matched"}


def test_one_seed_has_no_interval():
    table, _ = compare(matched_study(np.random.default_rng(0), gap=5.0, seeds=1), costs=("flops",))
    assert set(table.verdict) == {"no interval without a second seed"}
    assert table[["low", "high", "p", "p_holm"]].isna().all(axis=None)
    assert table.difference.notna().all()


def test_the_papers_tables_are_single_seed_data():
    table, _ = compare(scaled_in_the_paper(published(torchvision=False)), costs=("flops",), matched=PRINTED)
    assert set(table.verdict) == {"no interval without a second seed"}
    assert set(table.basis) == {"matched"}
    differences = table.set_index(["model", "other"]).difference
    assert differences["EfficientNet-B0, Table 7"].round(1).to_dict() == {"depth": 2.1, "width": 2.2, "resolution": 2.0}
    assert differences["MobileNetV1, Table 3"].round(1).to_dict() == {"width": 1.4, "resolution": 2.9}
    assert len(table) == 11


def test_what_a_seed_does_to_all_alike_does_not_blur_a_comparison():
    runs = matched_study(np.random.default_rng(0))
    shifted = runs.assign(top1=runs.top1 + runs.seed.map({0: -3.0, 1: 0.0, 2: 3.0}))
    before, after = (compare(frame, costs=("flops",))[0] for frame in (runs, shifted))
    assert after.standard_error.to_numpy() == pytest.approx(before.standard_error)


def test_variants_with_different_seeds_are_compared_unpaired():
    runs = matched_study(np.random.default_rng(0))
    runs.loc[runs.method == "compound", "seed"] += 10
    table, _ = compare(runs, costs=("flops",))
    assert not table.paired.any()
    assert (table.standard_error > 0).all()


def test_broken_tables_are_analysed_for_what_is_in_them():
    runs = matched_study(np.random.default_rng(0))
    runs.loc[3, "status"] = "failed"
    runs.loc[5, "top1"] = np.nan
    runs.loc[7, "top1"] = 200.0
    runs.loc[9, "flops"] = np.nan
    table, notes = compare(runs.drop(index=runs.index[runs.method == "baseline"]), costs=("flops", "latency_seconds"))
    assert len(table) > 0
    assert [note.split(": ")[-1] for note in notes] == [
        "failed or unfinished",
        "without top1 from 0 to 100",
        "1 of 57 rows have no flops and are left out where it counts",
    ]
    assert (
        compare(runs[runs.method != "compound"])[1][-1]
        == "net: no compound runs that follow one rule, so nothing is compared with them"
    )
    assert len(compare(runs[:0])[0]) == 0
    assert compare(runs.assign(status="failed"))[0].empty
    with pytest.raises(ValueError, match="lacks depth"):
        compare(runs.drop(columns="depth"))


def test_constant_accuracy_gives_no_verdict():
    table, _ = compare(matched_study(np.random.default_rng(0)).assign(top1=50.0), costs=("flops",))
    assert set(table.verdict) == {"no interval, the seeds agree exactly"}


def test_holm_multiplies_the_smallest_by_their_number_and_never_falls():
    assert holm([0.01, 0.04, 0.03, 0.6]) == pytest.approx([0.04, 0.09, 0.09, 0.6])
    assert holm([np.nan, 0.02, np.nan]).tolist()[1] == 0.02
    p = np.random.default_rng(0).uniform(0, 0.1, 12)
    assert holm(np.repeat(p, 2), repeats=2) == pytest.approx(np.repeat(holm(p), 2))
    assert np.isnan(holm([np.nan])).all()


def test_contrasts_weigh_means_and_noise():
    frame, _ = usable(run_rows("width", [1, 2, 4], floor_curve([1, 2, 4]), np.random.default_rng(0), seeds=4))
    observations = observe(frame)
    result = contrast(observations, {0: 1.0, 1: -0.5, 2: -0.5})
    means = observations.means
    assert result.estimate == pytest.approx(means[0] - means[1:].mean())
    variance = observations.paired_noise.pooled * 1.5 / 4
    assert result.standard_error == pytest.approx(np.sqrt(variance))
    assert result.df == observations.paired_noise.df_pooled == 6


def test_noise_is_pooled_unless_variants_differ():
    rng = np.random.default_rng(0)
    equal = moderated(rng.standard_normal((30, 3)))
    assert np.ptp(equal.variance) == 0
    assert equal.variance[0] == pytest.approx(1, abs=0.4)
    assert equal.df_pooled == 60
    scales = np.repeat([0.2, 3.0], 15)[:, None]
    unequal = moderated(scales * rng.standard_normal((30, 3)))
    assert np.median(unequal.variance[:15]) < 0.05 * np.median(unequal.variance[15:])
    assert moderated(np.array([[1.0, np.nan], [np.nan, 2.0]])) is None


@pytest.mark.filterwarnings("error")
def test_a_seed_that_no_variant_was_trained_with_changes_nothing():
    values = np.random.default_rng(5).standard_normal((4, 6))
    wider = np.column_stack([values[:, :3], np.full(4, np.nan), values[:, 3:]])
    one, other = (moderated(table, blocks=True) for table in (values, wider))
    assert one.pooled == pytest.approx(other.pooled)
    assert one.variance == pytest.approx(other.variance)


@pytest.mark.parametrize("seeds", [3, 5])
def test_the_interval_of_a_single_mean_holds_what_a_seed_does_to_all_variants_alike(seeds):
    """Which cancels in differences alone: 60% of the variance of 1 is shared by all variants of a seed."""
    rng, held = np.random.default_rng(seeds), []
    for _ in range(200):
        runs = matched_study(rng, sd=0.4**0.5, budgets=(2, 4), seeds=seeds)
        runs["top1"] += 0.6**0.5 * rng.standard_normal(seeds)[runs.seed]
        observations = observe(usable(runs)[0])
        [baseline] = np.flatnonzero(observations.variants.method == "baseline")
        low, high = contrast(observations, {int(baseline): 1.0}).interval()
        held.append(low <= 100 - floor_curve(1.0) <= high)
    assert np.mean(held) >= 0.87  # by the noise of differences it would be 0.8
