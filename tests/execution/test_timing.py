"""Timing of variants: each runtime in a process of its own, and one that fails keeps no other from being timed."""

import os
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from scaling_study.analysis.latency import most_timed
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution import isolate, timing
from scaling_study.measure import runtimes
from scaling_study.planning.identity import run_of
from scaling_study.records.costs import LATENCY_COLUMNS, SETTING, add_rows, load_latencies, with_runtime
from scaling_study.report.terminal import drifted
from scaling_study.tasks import latency

QUICK = ["latency.seconds=0.01", "latency.batch_size_max=2", "device=cpu"]
EAGER = {"precision": "fp32", "runtime": "eager"}


@pytest.fixture
def job(config):
    made = config(*QUICK)
    return SimpleNamespace(config=made, run=run_of(made))


@pytest.mark.slow
def test_rows_come_from_a_process_of_its_own(job):
    rows = timing.timed_apart(job, EAGER, image_bytes=1)
    assert {(row["workload"], row["batch_size"]) for row in rows} >= {("inference", 1), ("train_step", 1)}
    assert all(row["export_difference"] is None and row["drift"] > 0 for row in rows)
    assert set(rows[0]) < set(LATENCY_COLUMNS)


@pytest.mark.slow
def test_exported_runtime_has_a_difference_and_no_training(job):
    pytest.importorskip("onnxruntime")
    rows = timing.timed_apart(job, EAGER | {"runtime": "onnxruntime"}, image_bytes=1)
    assert {row["workload"] for row in rows} == {"inference"}
    assert all(0 <= row["export_difference"] < 1e-5 for row in rows)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StudyError("it differs"), "^it differs$"),
        (RuntimeError("no\nsuch operator"), "^RuntimeError: no such operator$"),
    ],
)
def test_what_goes_wrong_is_given_as_a_line(job, monkeypatch, error, message):
    def fail(*_):
        raise error

    monkeypatch.setattr(timing, "timings_of", fail)
    monkeypatch.setattr(timing, "hold_to_cores", lambda *_: None)
    monkeypatch.setattr(isolate, "run_isolated", lambda function, *arguments: function(*arguments))
    with pytest.raises(StudyError, match=message):
        timing.timed_apart(job, EAGER, image_bytes=1)


def test_death_of_the_process_is_given(job, monkeypatch):
    monkeypatch.setattr(isolate, "run_isolated", lambda *_: "the process of the run was killed by SIGILL")
    with pytest.raises(StudyError, match="killed by SIGILL"):
        timing.timed_apart(job, EAGER, image_bytes=1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not hold processes to cores")
def test_process_is_held_to_as_many_cores_as_threads():
    before = os.sched_getaffinity(0)
    try:
        timing.hold_to_cores(1, torch.device("cpu"))
        assert os.sched_getaffinity(0) == {min(before)}
    finally:
        os.sched_setaffinity(0, before)
    timing.hold_to_cores(1, torch.device("cuda"))
    assert os.sched_getaffinity(0) == before


def timed(job, setting, image_bytes):
    if setting["runtime"] == "compile":
        raise StudyError("no compiler")
    return [{"workload": "inference", "batch_size": 1, "seconds_median": 1.0, "seconds_p25": 1.0, "seconds_p75": 1.0,
             "repeats": 5, "images_per_second": 1.0, "drift": 1.2, "peak_memory_bytes": None,
             "export_difference": None}]  # fmt: skip


@pytest.mark.slow
def test_runtime_that_fails_is_named_and_the_others_are_kept(config, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(latency, "timed_apart", timed)
    made = config(*QUICK, f"results_dir={tmp_path}", "latency.runtime=[compile,eager]", "study=s")
    jobs = [SimpleNamespace(config=made, run=run_of(made))]
    assert latency.run(jobs) == 1
    out, err = capsys.readouterr()
    assert "fp32" in out
    assert "on compile in fp32 was not timed: no compiler" in err
    assert "1 of 1 measurements drifted by more than 10%, most micro_mbconv on eager (inference, batch 1)" in err
    assert load_latencies(tmp_path / "s").runtime.tolist() == ["eager"]
    latency.run(jobs)
    assert "on compile in fp32 (1 of 1)" in capsys.readouterr().err  # eager is done
    assert len(load_latencies(tmp_path / "s")) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            ("latency.runtime=[onnxruntime]", "recipe.precision=bf16"),
            "runtime=onnxruntime: onnxruntime on cpu takes fp32 and int8",
        ),
        (("recipe.precision=bf16",), "runtime=eager: this processor has no bf16 arithmetic"),
        (("latency.precision=[fp32,bf16]",), "precision=bf16: this processor has no bf16 arithmetic"),
        (("latency.precision=[int8]",), "runtime=eager: eager on cpu takes fp32 and bf16"),
    ],
)
def test_what_cannot_be_timed_here_is_refused(config, monkeypatch, changes, message):
    monkeypatch.setattr(runtimes, "has_bf16", lambda: False)
    with pytest.raises(ConfigError, match=rf"^latency\.{message}"):
        latency.settings_of(config(*changes), torch.device("cpu"))


def test_every_precision_of_every_runtime_is_timed_and_what_is_missing_said(config):
    pytest.importorskip("onnxruntime")
    made = config("latency.runtime=[eager,onnxruntime]", "latency.precision=[fp32,int8]")
    settings, impossible = latency.settings_of(made, torch.device("cpu"))
    pairs = [("eager", "fp32"), ("onnxruntime", "fp32"), ("onnxruntime", "int8")]
    assert [(setting["runtime"], setting["precision"]) for setting in settings] == pairs
    assert impossible == ["eager in int8 was not timed: eager on cpu takes fp32 and bf16"]


def test_tables_of_earlier_versions_are_of_eager_torch(tmp_path):
    old = {"variant_id": "a", "torch_version": "2.9", "device": "x", "threads": 1, "precision": "fp32"}
    table = add_rows(tmp_path, "latencies", [old], ["variant_id"]).drop(columns=["runtime", "runtime_version", "drift"])
    table.to_csv(tmp_path / "latencies.csv", index=False)
    read = load_latencies(tmp_path).iloc[0]
    assert (read.runtime, read.runtime_version) == ("eager", "2.9")
    new = pd.DataFrame([old | {"runtime": "openvino", "runtime_version": "1"}], columns=list(LATENCY_COLUMNS))
    assert with_runtime(new.astype(LATENCY_COLUMNS)).runtime_version.tolist() == ["1"]


def test_setting_with_the_most_networks_is_taken_and_of_equal_ones_eager():
    row = dict(zip(SETTING, ("x", 1, "fp32", "compile"), strict=True))
    rows = [row | {"variant_id": "a", "runtime": runtime} for runtime in ("compile", "eager", "openvino")]
    assert most_timed(pd.DataFrame(rows)).runtime.tolist() == ["eager"]
    more = pd.DataFrame([*rows, row | {"variant_id": "b", "runtime": "openvino"}])
    assert most_timed(more).runtime.tolist() == ["openvino"] * 2
    precise = pd.DataFrame(
        [row | {"variant_id": "a", "precision": precision} for precision in ("bf16", "fp32", "int8")]
    )
    assert most_timed(precise).precision.tolist() == ["fp32"]


def test_drift_is_said_only_beyond_its_limit():
    table = pd.DataFrame({"drift": [1.05, 0.95, None]})
    assert drifted(table) == []
