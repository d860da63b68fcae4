"""Tables of earlier versions: the coefficients that their networks were built with."""

from pathlib import Path

import pandas as pd
import pytest

from scaling_study.measure.flops import count_flops
from scaling_study.models import list_layers
from scaling_study.planning.identity import run_of
from scaling_study.records.columns import BUILT
from scaling_study.records.costs import load_costs
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import load_runs, run_table, write_tables

RESULTS = Path(__file__).parents[2] / "results"
COMMITTED = [
    *(f"{study}/runs.csv" for study in ("fashion_mnist-reference", "fashion_mnist-regime")),
    *(f"{study}/runs.csv" for study in ("fractals-reference", "fractals-search")),
    *(f"{study}/costs.csv" for study in ("fashion_mnist-reference", "fractals-reference", "imagenet-family")),
]


def earlier(source, folder, suffixes=(".csv",)):
    """A copy of a committed table without the columns BUILT."""
    folder.mkdir(exist_ok=True)
    frame = pd.read_csv(RESULTS / source).drop(columns=list(BUILT), errors="ignore")
    path = folder / Path(source).name
    for suffix in suffixes:
        write = frame.to_csv if suffix == ".csv" else frame.to_parquet
        write(path.with_suffix(suffix), index=False)
    return folder


def built(frame, **values):
    """BUILT of the first row that has the values."""
    rows = frame[(frame[list(values)] == list(values.values())).all(axis=1)]
    return tuple(rows.iloc[0][list(BUILT)])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_runs_of_earlier_tables_are_filled(tmp_path, suffix):
    earlier("fractals-reference/runs.csv", tmp_path, [suffix])
    width = (18 / 16 * 26 / 24 * 44 / 40 * 70 / 64) ** (1 / 4)
    for runs in (load_runs(tmp_path), load_runs(tmp_path / f"runs{suffix}"), write_tables(tmp_path)):
        assert built(runs, method="baseline") == (1, 1, 1)
        assert built(runs, method="depth", depth=8.0) == (8, 1, 1)
        assert built(runs, method="resolution", resolution=1.3) == (1, 1, 18 / 14)
        assert built(runs, method="compound", phi=1.0) == pytest.approx((1.5, width, 16 / 14), rel=1e-12)
    assert pd.read_csv(tmp_path / "runs.csv")[list(BUILT)].notna().all(axis=None)


def test_costs_of_earlier_tables_are_filled_except_for_timms_networks(tmp_path):
    costs = load_costs(earlier("imagenet-family/costs.csv", tmp_path))
    assert built(costs, model="efficientnet_b7") == (1, 1, 1)
    assert built(costs, model="efficientnet_b0", resolution=1.3) == (1, 1, 291 / 224)
    # 24, 32, 56, 112, 160, 272, 448 channels
    ratios = [24 / 16, 32 / 24, 56 / 40, 112 / 80, 160 / 112, 272 / 192, 448 / 320]
    assert built(costs, model="efficientnet_b0", width=1.4)[1] == pytest.approx(pd.Series(ratios).prod() ** (1 / 7))
    timm = costs[costs.family == "timm"]
    assert timm[["built_depth", "built_width"]].isna().all(axis=None)
    assert (timm.built_resolution == 1).all()


@pytest.mark.parametrize("source", COMMITTED)
def test_committed_tables_hold_what_is_built(tmp_path, source):
    load = load_runs if source.endswith("runs.csv") else load_costs
    found = load(earlier(source, tmp_path))[list(BUILT)]
    pd.testing.assert_frame_equal(pd.read_csv(RESULTS / source)[list(BUILT)], found, check_dtype=False, rtol=1e-12)


def test_what_a_table_holds_stays(tmp_path):
    earlier("fractals-reference/runs.csv", tmp_path)
    path = tmp_path / "runs.csv"
    frame = pd.read_csv(path)
    frame["built_depth"] = pd.Series([7.5], index=[0])
    frame.to_csv(path, index=False)
    runs = load_runs(path)
    assert runs.built_depth[:2].tolist() == [7.5, 1]
    assert tuple(runs.loc[0, ["built_width", "built_resolution"]]) == (1, 1)


def row(config, *overrides, **values):
    """A record of an earlier version."""
    made = config("model=efficientnet_b0", "data=imagenet_size", *overrides)
    run = run_of(made)
    size = {"classes": 1000, "channels": 3, "resolution_px": run.variant.resolution_px}
    flops = count_flops(run.model, run.variant.coefficients, **size)
    columns = {"run_id": run.run_id, "status": "done", "epochs": 1, "model": run.model.name, "data": "imagenet_size"}
    columns |= {"small_stem": run.model.small_stem, "family": run.model.family, "classes": 1000, "flops": flops}
    return columns | run.variant.columns | values


def read(tmp_path, *records):
    run_table(records).drop(columns=list(BUILT)).to_csv(tmp_path / "runs.csv", index=False)
    return [tuple(values) for values in load_runs(tmp_path).set_index("run_id").loc[:, list(BUILT)].to_numpy()]


def test_multipliers_of_stages_and_a_small_stem_count(config, tmp_path):
    staged = row(config, "scaling.stage_depth=[1,1,1,2,2,3,1]", "model.small_stem=true")
    assert read(tmp_path, staged) == [(30 / 16, 1, 1)]


def missing(values):
    return [name for name, value in zip(BUILT, values, strict=True) if pd.isna(value)]


UNKNOWN = {
    "another architecture or multiplier": {"flops": 385_825_093},
    "a run that failed": {"flops": None},
    "a reference of the same name": {"family": "timm"},
    "no model of this package": {"model": "efficientnet_b9"},
    "stages that are none": {"stage_depth": "1 2 x"},
    "stages of another network": {"stage_depth": "1 1"},
    "a coefficient out of range": {"depth": -1.0},
}


@pytest.mark.parametrize("values", UNKNOWN.values(), ids=UNKNOWN)
def test_what_a_row_does_not_tell_is_missing(config, tmp_path, values):
    [whole] = read(tmp_path, row(config))
    assert missing(whole) == []
    [values] = read(tmp_path, row(config, **values))
    assert missing(values) == ["built_depth", "built_width"]
    assert values[2] == 1


def test_of_the_millions_of_layers_that_a_cell_asks_for_few_are_counted(config, tmp_path, monkeypatch):
    counted = []

    def remembered(*args, **options):
        for layer in list_layers(*args, **options):
            counted.append(layer)
            yield layer

    monkeypatch.setattr("scaling_study.records.built.list_layers", remembered)
    [values] = read(tmp_path, row(config, depth=100_000.0))
    assert missing(values) == ["built_depth", "built_width"]
    assert 0 < len(counted) < 100_000


def scaled(px, resolution):
    return {"run_id": f"{px}-{resolution}", "status": "done", "epochs": 1, "model": "m", "data": "d",
            "resolution": resolution, "resolution_px": px}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(14, 1.0), (16, 1.15)], {"16-1.15": 16 / 14}),
        ([(16, 1.15)], {"16-1.15": 16 / 14}),  # 13.9, the nearest
        ([(14, 1.0), (28, 1.0), (16, 1.15)], {"16-1.15": 16 / 14, "28-1.0": 1}),  # of two studies in one
        ([(28, 1.0), (16, 1.15)], {"16-1.15": None}),  # of other pixels than those of the table's baseline
        ([(50, 1.0), (51, 1.0), (25, 0.5)], {"25-0.5": 1 / 2}),  # 25.5 is 26 in Python
        ([(14, 1.0), (15, 1.0), (3, 0.2)], {"3-0.2": None}),  # 2.8 and 3
        ([(2, 1.15)], {"2-1.15": 1}),
        ([(3, 1.5), (None, 1.5)], {"3-1.5": 3 / 2, "None-1.5": None}),
    ],
)
def test_pixels_are_relative_to_those_of_the_baseline(tmp_path, rows, expected):
    run_table([scaled(*row) for row in rows]).drop(columns=list(BUILT)).to_csv(tmp_path / "runs.csv", index=False)
    found = load_runs(tmp_path).set_index("run_id").built_resolution
    assert {name: None if pd.isna(found[name]) else found[name] for name in expected} == expected


def test_every_data_set_has_its_own_baseline(tmp_path):
    """Of 14 and of 15 pixels 0.2 is 3."""
    rows = [scaled(14, 1.0), scaled(3, 0.2), scaled(15, 1.0) | {"data": "e"}]
    run_table(rows).drop(columns=list(BUILT)).to_csv(tmp_path / "runs.csv", index=False)
    assert load_runs(tmp_path).set_index("run_id").built_resolution["3-0.2"] == 3 / 14


def test_records_of_earlier_versions_are_filled_when_the_tables_are_made(config, tmp_path):
    record = row(config, "scaling.depth=1.2")
    folder = RunFolder(tmp_path / "runs" / record["run_id"])
    folder.write_history([{"epoch": 1, "train_loss": 0.5}])
    folder.write_record(record)
    assert built(write_tables(tmp_path), depth=1.2) == (23 / 16, 1, 1)
