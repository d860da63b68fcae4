"""What a device can do at most, measured."""

import pytest
import torch

from scaling_study.measure import device_limits


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_limits_are_those_of_products_and_copies(monkeypatch, precision):
    monkeypatch.setattr(device_limits, "SECONDS", 0.01)
    monkeypatch.setattr(device_limits, "SIZES", {"cpu": (64, 128)})
    monkeypatch.setattr(device_limits, "COPIED_BYTES", {"cpu": 2**20})
    monkeypatch.setattr(device_limits, "median_seconds", lambda function, _: function() is None or 0.5)
    limits = device_limits.device_limits(torch.device("cpu"), precision, threads=1)
    assert limits.flops_per_second == 128**3 / 0.5
    assert limits.bytes_per_second == 2 * 2**20 / 0.5


def test_time_of_a_function_is_measured(monkeypatch):
    monkeypatch.setattr(device_limits, "SECONDS", 0.01)
    calls = []
    assert 0 < device_limits.median_seconds(lambda: calls.append(1), threads=1) < 0.01
    assert calls
