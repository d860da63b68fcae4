"""Power of comparisons on studies of known noise."""

import numpy as np
import pytest
from scipy import stats

from scaling_study.analysis.candidates import trained
from scaling_study.analysis.comparisons import compare
from scaling_study.analysis.next_comparison import compared
from scaling_study.analysis.observations import observe, usable
from scaling_study.analysis.power import COLUMNS, fewest, power, simulated

from .synthetic import matched_study

METHODS = ("compound", "width")


@pytest.fixture(scope="module")
def study():
    return matched_study(np.random.default_rng(0), sd=0.3, seeds=4)


def test_the_difference_and_its_interval_are_those_of_compare(study):
    table = compare(study, ["flops"])[0].query("flops_target == 4 and other == 'width'").iloc[0]
    found = compared(observe(usable(study)[0]), *METHODS, 4.0)
    assert (found.estimate, found.standard_error, found.p) == pytest.approx(
        (table.difference, table.standard_error, table.p)
    )


def test_power_is_that_of_a_t_test_with_the_noise_of_the_study(study):
    frame = usable(study)[0]
    observations, seconds = observe(frame), trained(frame).core_seconds.to_numpy()
    table = power(observations, seconds, METHODS, 4.0, [0.3, -0.6], seeds=(4, 6), studies=100)
    assert table.dtypes.map(str).to_dict() == COLUMNS
    assert table.runs.tolist() == [0, 0, 4, 4]
    assert table.core_seconds.tolist() == [0, 0, 4 * 40.0, 4 * 40.0]
    df, sd = observations.paired_noise.df_pooled, np.sqrt(observations.paired_noise.pooled)
    for row in table.itertuples():
        t = abs(row.difference) / (sd * np.sqrt(2 / row.seeds))
        expected = stats.nct.sf(stats.t.ppf(0.975, df), df, t)
        assert row.power == pytest.approx(expected, abs=max(4 * row.power_error, 0.04))


@pytest.mark.slow
def test_no_difference_is_told_in_one_of_forty_studies(study):
    observations = observe(usable(study)[0])
    found = simulated(observations, ~np.isnan(observations.values), METHODS, 4.0, studies=300)
    p = 2 * stats.t.sf(np.abs(found[:, 0]) / found[:, 1], found[:, 2])
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.04)


def test_the_fewest_seeds_are_named_and_what_cannot_be_simulated_is_refused(study):
    frame = usable(study)[0]
    observations, seconds = observe(frame), trained(frame).core_seconds.to_numpy()
    table = power(observations, seconds, METHODS, 4.0, [0.01, 2.0], seeds=(2, 3), studies=20)
    assert fewest(table)[["difference", "seeds"]].to_numpy().tolist() == [[2.0, 2]]
    with pytest.raises(ValueError, match="compound and width at 64: not both trained around there"):
        power(observations, seconds, METHODS, 64.0, [1.0])
    single = usable(study[study.seed == 0])[0]
    with pytest.raises(ValueError, match="with several seeds"):
        power(observe(single), seconds, METHODS, 4.0, [1.0])
