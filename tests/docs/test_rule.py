"""The rule that chose the embedded set: what it says of tables whose truth is known, and of the committed one."""

import re
from pathlib import Path

import blocks
import numpy as np
import pandas as pd
import pytest
import rule
from scipy import stats

import scaling_study as ss

ERRORS = {"baseline": 40.0, "depth": 37.0, "width": 36.0, "resolution": 38.0}
KEPT = [True] * 7  # lines of the rule


def table(errors=ERRORS, spread=0.4, gain=0.2, left=20.0):
    """Five seeds of the baseline and its doublings, one run of two methods at 16 times."""
    steps = spread * np.array([-1.0, -1, 0, 1, 1])  # whose standard deviation is ``spread``
    rows = [
        {"method": method, "flops_target": None if method == "baseline" else 2.0, "top1": 100 - error + step}
        for method, error in errors.items()
        for step in steps
    ]
    rows += [{"method": m, "flops_target": 16.0, "top1": 100 - left - w} for m, w in (("width", 0), ("depth", 5))]
    return pd.DataFrame(rows).assign(status="done", last_tenth_gain=gain)


def met(runs):
    return [criterion.met for criterion in rule.judged(runs)]


def test_rule_is_met():
    assert met(table()) == KEPT


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({"errors": ERRORS | {"baseline": 62.0}}, 0),
        ({"errors": {name: error - 12 for name, error in ERRORS.items()}}, 0),
        ({"errors": ERRORS | {"depth": 38.6}}, 1),
        ({"errors": ERRORS | {"width": 41.0}}, 2),
        ({"errors": ERRORS | {"resolution": 38.7}}, 3),
        ({"left": 7.9}, 4),
        ({"spread": 0.61}, 5),
        ({"gain": 0.3}, 6),
    ],
)
def test_each_line_of_the_rule_can_be_broken_alone(changed, broken):
    assert met(table(**changed)) == [n != broken for n in range(len(KEPT))]


def test_gain_whose_interval_holds_zero_is_not_enough():
    noisy = met(table(spread=2.0))
    assert noisy[1:4] == [False, True, False]


def test_failed_runs_do_not_count():
    failed = table(errors={"baseline": 99.0}).assign(status="failed")
    assert met(pd.concat([table(), failed], ignore_index=True)) == KEPT


def test_intervals_are_those_of_dunnetts_test():
    runs = table()
    groups = {name: part.top1 for name, part in runs[runs.flops_target != 16].groupby("method")}
    control = groups.pop("baseline")
    expected = stats.dunnett(*groups.values(), control=control).confidence_interval()
    measured = {c.name.split()[4].rstrip(","): c.measured for c in rule.judged(runs) if c.name.startswith("twice")}
    for axis, low, high in zip(groups, expected.low, expected.high, strict=True):
        numbers = measured[axis].replace("(", "").replace(")", "").replace("to ", "").split()[1:]
        assert [float(n) for n in numbers] == pytest.approx([low, high], abs=0.06)


def test_numbers_of_the_committed_study():
    """Recomputed from the table without ``rule``: what the page says of the baseline and of each doubling."""
    runs = ss.load_runs(Path(blocks.ROOT) / "results" / blocks.RULE_STUDY)
    page = (blocks.ROOT / "docs/explanation/embedded_data.md").read_text(encoding="utf-8")
    results = (blocks.ROOT / "docs/explanation/results.md").read_text(encoding="utf-8")
    means = (
        runs[runs.flops_target.isna() | (runs.flops_target == 2)].groupby("method").top1.agg(["mean", "std", "size"])
    )
    assert (means["size"] == 5).all()
    assert f"| {100 - means['mean']['baseline']:.1f}% |" in page
    for axis in ("depth", "width", "resolution"):
        gain = means["mean"][axis] - means["mean"]["baseline"]
        assert f"| twice the multiply-adds by {axis}, n = 5 |" in page
        assert f"| {gain:.1f} (" in page
        assert re.search(rf"\b{gain:.1f}\sand\sthen\s[\d.]+\spoints\sby\s{axis}\s\(", results)
    assert f"{means['std'].idxmax()}, {means['std'].max():.2f}" in page
