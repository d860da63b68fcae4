"""Times on a device: inference and one full training step, at batch 1 and at the batch that is fastest per image."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import psutil
import torch
import torch.nn.functional as F
from torch.utils.benchmark import Timer

from scaling_study.measure.energy import joules
from scaling_study.measure.peak import peak_memory
from scaling_study.measure.precision import autocast
from scaling_study.measure.runtimes import Runtime

REPEATS_MIN = 5
GAIN_MIN = 1.03  # a batch has to be this much faster per image than the best before it
IDLE_MAX = 2  # as many doublings in a row without such a gain, one of which may be noise, end the search
MEMORY_SHARE = 0.5  # of the free memory, which a batch may take by estimate


@dataclass(frozen=True)
class Timing:
    """workload: ``inference`` or ``train_step``; seconds_*: of one batch, over ``repeats`` measurements after a
    warm-up; drift: median of their last third relative to that of their first; peak_memory_bytes: as ``peak_memory``
    gives it; joules_per_image: of as many calls again, None without a meter."""

    workload: str
    batch_size: int
    seconds_median: float
    seconds_p25: float
    seconds_p75: float
    repeats: int
    images_per_second: float
    drift: float
    peak_memory_bytes: int | None
    joules_per_image: float | None


def timings(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    channels: int,
    resolution: int,
    classes: int,
    device: torch.device,
    precision: str,
    threads: int,
    seconds: float,
    batch_size_max: int,
    image_bytes: int,
    runtime: Runtime | None = None,
    start_bytes: int | None = None,
    meter: Any = None,
) -> Iterator[Timing]:
    """Timings of ``network`` on ``device`` in channels_last layout, for growing batches until they stop paying.

    precision: of the forward passes in eager torch; seconds: least time per measurement; image_bytes: what training
    needs per image, by which batches that would not fit into memory are not tried; runtime: what inference runs on
    instead of eager torch; training steps are then not timed; start_bytes: memory of this process without the network,
    which a CPU's peaks are above; meter: as ``energy_meter`` gives it.
    """
    workloads: dict[str, Callable[[torch.Tensor, torch.Tensor], Callable[[], object]]] = {
        "inference": lambda images, labels: partial(infer, network, images, precision),
        "train_step": lambda images, labels: partial(train_step, network, optimizer, images, labels, precision),
    }
    if runtime:
        workloads = {"inference": lambda images, labels: partial(runtime.run, runtime.inputs(images))}
    for name, prepare in workloads.items():
        network.train(name == "train_step")
        best, idle, batch_size = 0.0, 0, 1
        while batch_size <= batch_size_max and (batch_size == 1 or fits(batch_size * image_bytes, device)):
            images = torch.rand(batch_size, channels, resolution, resolution, device=device)
            images = images.to(memory_format=torch.channels_last)
            labels = torch.randint(classes, (batch_size,), device=device)
            if name == "train_step" and batch_size == 1 and not trains_on(network, images):
                batch_size = 2
                continue
            try:
                run = prepare(images, labels)
                timing = measure(
                    name,
                    run,
                    batch_size,
                    device=device,
                    threads=threads,
                    seconds=seconds,
                    start_bytes=start_bytes,
                    meter=meter,
                )
            except torch.cuda.OutOfMemoryError:
                break
            yield timing
            idle = 0 if timing.images_per_second >= best * GAIN_MIN else idle + 1
            if idle == IDLE_MAX:
                break
            best, batch_size = max(best, timing.images_per_second), 2 * batch_size


def infer(network: torch.nn.Module, images: torch.Tensor, precision: str) -> None:
    with torch.inference_mode(), autocast(precision, images.device):
        network(images)


def train_step(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    images: torch.Tensor,
    labels: torch.Tensor,
    precision: str,
) -> None:
    """Forward, backward and update; without a gradient scaler, whose cost is negligible."""
    with autocast(precision, images.device):
        loss = F.cross_entropy(network(images), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def trains_on(network: torch.nn.Module, images: torch.Tensor) -> bool:
    """Whether batch norm accepts ``images``: it refuses a single image where the strides leave a single pixel of it,
    since there is then no variance to normalize by."""
    try:
        with torch.no_grad():
            network(images)
    except ValueError as error:
        if "more than 1 value per channel" in str(error):
            return False
        raise
    return True


def measure(
    workload: str,
    function: Callable[[], object],
    batch_size: int,
    *,
    device: torch.device,
    threads: int,
    seconds: float,
    start_bytes: int | None,
    meter: Any = None,
) -> Timing:
    timer = Timer("function()", globals={"function": function}, num_threads=threads)
    with peak_memory(device, start_bytes) as peak:
        start = time.perf_counter()
        function()  # warms up
        once = time.perf_counter() - start
        times: list[float] = []
        while len(times) < REPEATS_MIN:  # again only where one of them stalled and took up the time of the others
            times += timer.blocked_autorange(min_run_time=max(seconds, REPEATS_MIN * once)).times
    p25, median, p75 = np.quantile(times, (0.25, 0.5, 0.75)).tolist()
    part = len(times) // 3 or 1
    drift = float(np.median(times[-part:]) / np.median(times[:part]))
    repeats = max(REPEATS_MIN, ceil(seconds / median))
    energy = joules(meter, function, repeats) / batch_size if meter else None
    return Timing(workload, batch_size, median, p25, p75, len(times), batch_size / median, drift, peak["bytes"], energy)


def fits(nbytes: float, device: torch.device) -> bool:
    """Whether ``nbytes`` more may be taken."""
    if device.type == "cuda":
        return nbytes < MEMORY_SHARE * torch.cuda.mem_get_info(device)[0]
    return nbytes < MEMORY_SHARE * psutil.virtual_memory().available
