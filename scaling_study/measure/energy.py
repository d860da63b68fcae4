"""Energy, by the counters of the machine: RAPL of its processors, NVML of a GPU."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scaling_study.errors import StudyError

if TYPE_CHECKING:
    import torch


def energy_meter(device: torch.device) -> Any:
    """Zeus's monitor of the GPU ``device``, or of all processors of the machine and their memory, with whatever else
    they do. Raises StudyError with the reason where there is none."""
    if find_spec("zeus") is None:
        raise StudyError("needs zeus: pip install 'scaling_study[energy]'")
    logging.getLogger("zeus").setLevel(logging.ERROR)
    from zeus.monitor import ZeusMonitor

    gpu = device.type == "cuda"
    monitor = ZeusMonitor(gpu_indices=[device.index or 0] if gpu else [], cpu_indices=[] if gpu else None)
    if not gpu and not monitor.cpu_indices:
        raise StudyError("this machine has no counter that may be read (Linux's RAPL, often for root alone)")
    return monitor


def meter_or_none(device: torch.device) -> Any:
    """As ``energy_meter``; None where there is none."""
    try:
        return energy_meter(device)
    except StudyError:
        return None


def joules(meter: Any, function: Callable[[], object], repeats: int) -> float:
    """Mean energy of a call of ``function`` over ``repeats`` of them. meter: as ``energy_meter`` gives it."""
    meter.begin_window("timed")
    for _ in range(repeats):
        function()
    found = meter.end_window("timed")
    parts = (found.gpu_energy, found.cpu_energy, found.dram_energy)  # its total_energy is that of GPUs alone
    return sum(sum(part.values()) for part in parts if part) / repeats
