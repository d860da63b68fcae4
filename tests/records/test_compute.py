"""Training compute: in records, and filled in for tables of earlier versions."""

import pandas as pd
import pytest

from scaling_study.records.columns import EPOCH_COLUMNS
from scaling_study.records.compute import train_flops
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import load_runs, write_tables


def test_it_is_three_forward_passes_of_every_image_seen():
    assert train_flops(1e6, 10, 128) == 3 * 1e6 * 1280
    gpt3 = train_flops(175e9, 300e9, 1)  # Hoffmann et al. 2022, Table A3: 3.14e23 floating-point operations, two each
    assert 2 * gpt3 == pytest.approx(3.14e23, rel=0.01)


def test_earlier_records_get_it_where_their_updates_and_batch_are_known(tmp_path):
    common = {"status": "done", "epochs": 1, "flops": 1000}
    known = {
        "early": {"updates": 5, "batch_size": 4},
        "oldest": {"updates": 5},
        "new": {"updates": 5, "batch_size": 4, "train_flops": 7.0},
    }
    for name, values in known.items():
        folder = RunFolder(tmp_path / "runs" / name)
        folder.write_history([{"epoch": 1} | dict.fromkeys(list(EPOCH_COLUMNS)[2:], 0.5)])
        folder.write_record({"run_id": name} | common | values)
    runs = write_tables(tmp_path).set_index("run_id").train_flops
    assert runs["early"] == 60_000
    assert pd.isna(runs["oldest"])
    assert runs["new"] == 7
    table = pd.read_csv(tmp_path / "runs.csv").drop(columns="train_flops")
    table.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "runs.parquet").unlink()
    assert load_runs(tmp_path).set_index("run_id").train_flops["early"] == 60_000
