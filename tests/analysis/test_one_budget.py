"""The networks that stand beside each other at one budget."""

import pandas as pd
import pytest

from scaling_study.analysis.one_budget import at_budget, comparable, largest_budget
from scaling_study.records.tables import run_table

COEFFICIENTS = {"depth": ("depth", 3.0), "width": ("width", 2.0), "compound": ("width", 1.5)}


def runs_of(*rows):
    """A run table of (method, multiple of the baseline's multiply-adds, what else differs)."""
    records = []
    for method, multiple, *others in rows:
        same = {"model": "m", "status": "done", "depth": 1.0, "width": 1.0, "resolution": 1.0, "seed": 0, "epochs": 2}
        axis, value = COEFFICIENTS.get(method, ("width", 1.0))
        record = same | {"method": method, axis: value, "flops": round(1000 * multiple), "val_top1": 50.0}
        record |= dict(*others)
        records.append(record | {"run_id": f"{method}-{record['flops']}-{record['seed']}-{record['epochs']}"})
    return run_table(records)


def names(runs):
    return [f"{row.method}-{row.flops}-{row.seed}" for row in runs.itertuples()]


def test_the_nearest_of_each_method_stands_beside_the_baseline():
    table = runs_of(("compound", 4.4), ("width", 3.9), ("width", 4.1), ("depth", 8), ("baseline", 1), ("compound", 2))
    runs = comparable(table)
    assert sorted(runs.multiple) == [1, 2, 3.9, 4.1, 4.4, 8]
    assert names(at_budget(runs, 4)) == ["baseline-1000-0", "width-4100-0", "compound-4400-0"]
    assert names(at_budget(runs, 8)) == ["baseline-1000-0", "depth-8000-0"]
    assert names(at_budget(runs, 100)) == ["baseline-1000-0"]


@pytest.mark.parametrize(("multiple", "there"), [(3.19, False), (3.2, True), (5, True), (5.01, False)])
def test_a_network_may_be_a_quarter_off(multiple, there):
    runs = comparable(runs_of(("baseline", 1), ("width", multiple)))
    assert len(at_budget(runs, 4)) == 1 + there


def test_the_largest_budget_of_most_methods_is_taken():
    rows = [("baseline", 1), ("width", 2), ("depth", 2.1), ("width", 4), ("depth", 4.2), ("width", 16)]
    assert largest_budget(comparable(runs_of(*rows))) == 4.2
    targets = [(method, multiple, {"flops_target": round(multiple)}) for method, multiple in rows[1:]]
    assert largest_budget(comparable(runs_of(("baseline", 1), *targets))) == 4
    assert largest_budget(comparable(runs_of(("baseline", 1)))) is None


def test_of_several_seeds_the_smallest_and_of_several_lengths_the_baselines_longest():
    others = [{"seed": seed, "epochs": epochs} for seed in (3, 1) for epochs in (2, 8)]
    rows = [(*network, other) for network in (("baseline", 1), ("width", 4)) for other in others]
    runs = comparable(runs_of(*rows, ("depth", 4, {"epochs": 4})))
    assert set(runs.epochs) == {8}
    assert names(at_budget(runs, 4)) == ["baseline-1000-1", "width-4000-1"]


def test_without_a_baseline_there_is_nothing_to_compare():
    runs = comparable(runs_of(("width", 4)))
    assert runs.multiple.isna().all()
    assert isinstance(runs, pd.DataFrame)
