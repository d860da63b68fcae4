"""Where a run computes, and in which precision."""

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from scaling_study.errors import ConfigError

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name):
    """The torch device for the config key ``device``; auto takes the GPU if there is one.

    Raises ConfigError for cuda on a machine without.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError("device", name, "no CUDA device is available here; use auto or cpu")
    return torch.device("cuda" if name != "cpu" and available else "cpu")


def choose_precision(name, device):
    """fp32, bf16 or fp16; auto is fp32 on the CPU, where half precision is not faster everywhere, else bf16."""
    if name != "auto":
        return name
    if device.type == "cpu":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def autocast(precision, device):
    """Context in which forward passes run."""
    dtype = AUTOCAST.get(precision)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)


def describe(device):
    """Name of the hardware, for the record."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        import platform

        return platform.processor() or platform.machine()


def fits_on(device, nbytes):
    """Whether a data set of ``nbytes`` may live on ``device`` and leave half of its memory to training."""
    return device.type == "cpu" or nbytes < torch.cuda.mem_get_info(device)[0] / 2


@contextmanager
def claimed(device):
    """One GPU of several for this process alone, as long as the context lasts; other devices as they are."""
    if device.type != "cuda" or torch.cuda.device_count() < 2:
        yield device
        return
    locks = [
        FileLock(Path(tempfile.gettempdir()) / f"scaling_study-gpu{i}.lock") for i in range(torch.cuda.device_count())
    ]
    while True:
        for index, lock in enumerate(locks):
            try:
                with lock.acquire(timeout=0):
                    yield torch.device("cuda", index)
                    return
            except Timeout:
                continue
        time.sleep(1)
