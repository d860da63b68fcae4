"""Where a run computes, and in which precision."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from filelock import Timeout

from scaling_study.errors import ConfigError
from scaling_study.system.locks import lock_of
from scaling_study.training.distributed import ALONE

if TYPE_CHECKING:
    from scaling_study.training.distributed import World


def choose_device(name: str, world: World = ALONE) -> torch.device:
    """The torch device for the config key ``device``; auto takes the GPU if there is one, of several processes each its
    own.

    Raises ConfigError for cuda on a machine without.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError("device", name, "no CUDA device is available here; use auto or cpu")
    if name == "cpu" or not available:
        return torch.device("cpu")
    if world.size == 1:
        return torch.device("cuda")
    return torch.device("cuda", world.local_rank % torch.cuda.device_count())


def choose_precision(name: str, device: torch.device) -> str:
    """fp32, bf16 or fp16; auto is fp32 on the CPU, where half precision is not faster everywhere, else bf16."""
    if name != "auto":
        return name
    if device.type == "cpu":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def describe(device: torch.device) -> str:
    """Name of the hardware, for the record."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        import platform

        return platform.processor() or platform.machine()


@contextmanager
def claimed(device: torch.device, runs_per_device: int = 1, world: World = ALONE) -> Iterator[torch.device]:
    """One GPU of several for this process, as long as the context lasts, shared by ``runs_per_device`` such processes
    at most; other devices as they are, and so those of processes that train together."""
    if device.type != "cuda" or torch.cuda.device_count() < 2 or world.size > 1:
        yield device
        return
    folder = Path(tempfile.gettempdir())
    places = [(place, index) for place in range(runs_per_device) for index in range(torch.cuda.device_count())]
    locks = {(place, index): lock_of(folder / f"scaling_study-gpu{index}-{place}.lock") for place, index in places}
    while True:
        for (_, index), lock in locks.items():
            try:
                with lock.acquire(timeout=0):
                    yield torch.device("cuda", index)
                    return
            except Timeout:
                continue
        time.sleep(1)
