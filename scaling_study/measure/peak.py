"""Memory at its highest: of a GPU by torch's allocator, of this process by what Linux says of it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # what clear_refs takes to start the highest value anew


def resident_bytes() -> int | None:
    """Memory that this process has now, once what it has freed is given back; None where the system does not say."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # there with glibc alone; without, a value that is too high
        ctypes.CDLL(None).malloc_trim(0)
    return status_bytes("VmRSS")


@contextlib.contextmanager
def peak_memory(device: torch.device, start: int | None) -> Iterator[dict[str, Any]]:
    """A dict that holds ``bytes`` at the end: the most memory meanwhile, of the GPU what torch allocated, of this
    process what it had above ``start``, which ``resident_bytes`` gives. None where that is not known."""
    peak: dict[str, Any] = {"bytes": None}
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        yield peak
        peak["bytes"] = torch.cuda.max_memory_allocated(device)
        return
    resident_bytes()  # gives back what is free, so that taking it again counts
    try:
        CLEAR.write_text(RESET_PEAK, encoding="ascii")
    except OSError:  # elsewhere than on Linux
        start = None
    yield peak
    highest = status_bytes("VmHWM")
    if start is not None and highest is not None:
        peak["bytes"] = max(0, highest - start)


def status_bytes(name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
