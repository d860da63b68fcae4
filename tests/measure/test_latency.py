import time
from types import SimpleNamespace

import pytest
import torch

from scaling_study.measure import latency
from scaling_study.models import FAMILIES


def timings(network=None, **options):
    network = network or FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=10, channels=1)
    network.to(options.get("device", "cpu"))
    defaults = {
        "channels": 1, "resolution": 14, "classes": 10, "device": torch.device("cpu"), "threads": 1,
        "precision": "fp32", "seconds": 0.01, "batch_size_max": 4, "image_bytes": 1,
    }  # fmt: skip
    return list(latency.timings(network, torch.optim.SGD(network.parameters(), 1e-9), **defaults | options))


@pytest.mark.slow
def test_both_workloads_are_timed_at_growing_batches():
    rows = timings()
    for workload in ("inference", "train_step"):
        sizes = [row.batch_size for row in rows if row.workload == workload]
        assert sizes == [1, 2, 4][: len(sizes)]
        assert len(sizes) >= 2
    for row in rows:
        assert 0 < row.seconds_p25 <= row.seconds_median <= row.seconds_p75
        assert row.repeats >= latency.REPEATS_MIN
        assert row.images_per_second == pytest.approx(row.batch_size / row.seconds_median)
        assert row.peak_memory_bytes is None
        assert row.joules_per_image is None


def test_energy_is_that_of_an_image():
    calls = []

    class Meter:
        def begin_window(self, key):
            calls.clear()

        def end_window(self, key):
            return SimpleNamespace(gpu_energy={}, cpu_energy={0: 8.0 * len(calls)}, dram_energy=None)

    options = {"device": torch.device("cpu"), "threads": 1, "start_bytes": None, "meter": Meter()}
    timing = latency.measure("inference", lambda: calls.append(1), 4, seconds=0.01, **options)
    assert timing.joules_per_image == pytest.approx(2.0)
    assert len(calls) >= latency.REPEATS_MIN
    latency.measure("inference", lambda: calls.append(1) or time.sleep(0.01), 4, seconds=0.001, **options)
    assert len(calls) == latency.REPEATS_MIN


@pytest.mark.gpu
def test_peak_memory_is_taken_on_cuda():
    rows = timings(device=torch.device("cuda"), precision="bf16")
    assert all(row.peak_memory_bytes > 0 for row in rows)


def test_the_search_ends_when_a_larger_batch_does_not_pay(monkeypatch):
    speeds = iter([100, 150, 152, 151, 900])  # one doubling without gain may be noise, two are not
    monkeypatch.setattr(latency, "measure", lambda workload, run, size, **_: fake(workload, size, next(speeds, 1)))
    inference = [row.batch_size for row in timings(batch_size_max=64) if row.workload == "inference"]
    assert inference == [1, 2, 4, 8]


def fake(workload, size, speed):
    return latency.Timing(workload, size, size / speed, size / speed, size / speed, 5, speed, 1.0, None, None)


def test_batches_that_do_not_fit_are_not_tried():
    assert {row.batch_size for row in timings(image_bytes=10**15)} == {1}


def test_a_stalled_repetition_does_not_shorten_the_measurement(monkeypatch):
    class Stalling:
        def __init__(self, *_, **__):
            pass

        def blocked_autorange(self, min_run_time):
            return type("Measurement", (), {"times": [100.0, 0.1]})

    monkeypatch.setattr(latency, "Timer", Stalling)
    assert all(row.repeats >= 5 for row in timings(batch_size_max=1))


@pytest.mark.slow
def test_training_starts_at_the_batch_that_batch_norm_accepts():
    network = FAMILIES["resnet50"].build(depths=[0.1] * 4, width=0.1, classes=10, channels=1)
    rows = timings(network=network, resolution=32, batch_size_max=2)  # the last stage sees 1x1
    assert {(row.workload, row.batch_size) for row in rows} >= {("inference", 1), ("train_step", 2)}
    assert ("train_step", 1) not in {(row.workload, row.batch_size) for row in rows}
    assert {row.workload for row in timings(network=network, resolution=32, batch_size_max=1)} == {"inference"}
