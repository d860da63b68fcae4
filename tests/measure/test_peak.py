"""The highest memory of this process, where Linux says it."""

import sys

import pytest
import torch

from scaling_study.measure import peak

CPU = torch.device("cpu")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@LINUX
def test_memory_that_is_freed_again_counts_and_earlier_memory_does_not():
    held = torch.ones(25_000_000)  # 100 MB
    del held
    start = peak.resident_bytes()
    with peak.peak_memory(CPU, start) as found:
        several = [torch.ones(5_000_000) for _ in range(3)]  # 60 MB
        del several
    assert 55e6 < found["bytes"] < 75e6


@LINUX
def test_what_was_there_at_the_start_counts_into_a_later_peak():
    """As the weights of a network do, which the measured step finds in memory."""
    start = peak.resident_bytes()
    weights = torch.ones(10_000_000)  # 40 MB
    with peak.peak_memory(CPU, start) as found:
        torch.ones(5_000_000)
    assert 55e6 < found["bytes"] < 75e6
    del weights


def test_a_system_that_does_not_say_gives_none(monkeypatch, tmp_path):
    monkeypatch.setattr(peak, "STATUS", tmp_path / "none")
    monkeypatch.setattr(peak, "CLEAR", tmp_path / "no" / "file")
    assert peak.resident_bytes() is None
    with peak.peak_memory(CPU, None) as found:
        pass
    assert found["bytes"] is None
