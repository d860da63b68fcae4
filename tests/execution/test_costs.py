from types import SimpleNamespace

import pandas as pd
import pytest

from scaling_study.execution import costs
from scaling_study.execution.costs import cost_of, costs_of
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import job_from
from scaling_study.records.columns import BUILT
from scaling_study.records.costs import add_rows, load_costs


@pytest.mark.parametrize(
    ("overrides", "built"),
    [
        (["model=resnet50", "scaling.depth=1.2", "scaling.resolution=1.01"], [21 / 16, 1, 226 / 224]),
        (["model=timm", "model.name=resnet18", "scaling.resolution=0.3"], [None, None, 67 / 224]),
    ],
)
def test_a_row_holds_the_coefficients_that_the_network_is_built_with(config, tmp_path, overrides, built):
    made = config("data=imagenet_size", *overrides)
    _, row = cost_of("v", SimpleNamespace(config=made, run=run_of(made)))
    assert [row[column] for column in BUILT] == built
    add_rows(tmp_path, "costs", [row], ["variant_id"])
    kept = load_costs(tmp_path).iloc[0]
    assert [None if pd.isna(kept[column]) else kept[column] for column in BUILT] == built


@pytest.mark.slow
def test_two_processes_count_what_one_does_and_in_the_same_order(config, monkeypatch):
    jobs = {f"v{width}": job_from(config(f"scaling.width={width}", "workers=2")) for width in (1, 1.4, 1.8)}
    alone = list(costs_of(jobs))
    monkeypatch.setattr(costs, "VARIANTS_PER_PROCESS", 1)
    assert list(costs_of(jobs)) == alone
    assert [row["variant_id"] for _, row in alone] == list(jobs)
