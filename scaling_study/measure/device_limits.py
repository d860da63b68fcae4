"""What a device can do at most: multiply-adds per second, and bytes per second to and from its memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.benchmark import Timer

from scaling_study.measure.precision import DTYPES

SIZES = {"cpu": (512, 1024, 1536), "cuda": (2048, 4096, 8192)}  # of square matrices
COPIED_BYTES = {"cpu": 2**27, "cuda": 2**30}  # far more than caches hold
SECONDS = 0.5  # of each measurement


@dataclass(frozen=True)
class DeviceLimits:
    """The two limits of the roofline model (Williams et al. 2009); as columns of the table of devices."""

    flops_per_second: float
    bytes_per_second: float


def device_limits(device: torch.device, precision: str, threads: int) -> DeviceLimits:
    """Measured on ``device``: products of square matrices, of which the fastest size counts, and copies of a tensor.

    precision: a key of DTYPES; threads: of the CPU. Takes about two seconds.
    """
    kind = "cuda" if device.type == "cuda" else "cpu"
    options: dict[str, Any] = {"device": device, "dtype": DTYPES[precision]}
    speeds = []
    for size in SIZES[kind]:
        one, other = torch.rand(size, size, **options), torch.rand(size, size, **options)
        speeds.append(size**3 / median_seconds(lambda one=one, other=other: one @ other, threads))  # type: ignore[misc]
    tensor = torch.zeros(COPIED_BYTES[kind] // 4, device=device)
    copy = torch.empty_like(tensor)
    seconds = median_seconds(lambda: copy.copy_(tensor), threads)
    return DeviceLimits(max(speeds), 2 * COPIED_BYTES[kind] / seconds)  # read and written


def median_seconds(function: Callable[[], object], threads: int) -> float:
    timer = Timer("function()", globals={"function": function}, num_threads=threads)
    return timer.blocked_autorange(min_run_time=SECONDS).median
