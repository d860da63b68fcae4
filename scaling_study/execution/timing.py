"""Times of a variant on the configured device, each runtime in a process of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from scaling_study.data import size_of
from scaling_study.execution.isolate import answer_of
from scaling_study.execution.network import new_network
from scaling_study.planning.jobs import Job

if TYPE_CHECKING:
    import torch

    from scaling_study.config.schema import Config
    from scaling_study.measure.latency import Timing


def timed_apart(job: Job, setting: Mapping[str, Any], image_bytes: int) -> list[dict[str, Any]]:
    """Columns of the latency table, a row per workload and batch size, measured in a process of its own, so that no
    runtime's threads or memory are there while another is timed. On Linux it is held to as many cores as threads.

    Raises StudyError with the reason where the variant cannot be timed."""
    return answer_of(measured, job, dict(setting), image_bytes)


def measured(job: Job, setting: Mapping[str, Any], image_bytes: int) -> list[dict[str, Any]]:
    """The rows of ``timed_apart``, in this process."""
    import torch

    from scaling_study.training.device import choose_device

    device = choose_device(job.config.device)
    torch.set_num_threads(job.config.threads)
    hold_to_cores(job.config.threads, device)
    timed = timings_of(job, device, setting, image_bytes)
    return [asdict(timing) | {"export_difference": difference} for timing, difference in timed]


def limits_apart(config: Config, precision: str) -> dict[str, float]:
    """The limits of the configured device, as columns of the table of devices, measured in a process of its own.
    Raises StudyError with the reason where they cannot be measured."""
    return answer_of(limits_of, config.device, precision, config.threads)


def limits_of(device_name: str, precision: str, threads: int) -> dict[str, float]:
    """``limits_apart`` in this process."""
    import torch

    without_cuda_warnings()
    from scaling_study.measure.device_limits import device_limits
    from scaling_study.training.device import choose_device

    device = choose_device(device_name)
    torch.set_num_threads(threads)
    hold_to_cores(threads, device)
    return asdict(device_limits(device, precision, threads))


def without_cuda_warnings() -> None:
    """torch's timer warns on import of CUDA tools without a GPU, which is nothing to a user of the CPU."""
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)


def hold_to_cores(count: int, device: torch.device) -> None:
    """Hold this process to its first ``count`` cores, where the system can and the CPU is timed."""
    if device.type == "cpu" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def timings_of(
    job: Job, device: torch.device, setting: Mapping[str, Any], image_bytes: int
) -> Iterator[tuple[Timing, float | None]]:
    """(Timing, largest difference of an exported network's outputs) of each workload and batch size."""
    without_cuda_warnings()
    from scaling_study.measure.energy import meter_or_none
    from scaling_study.measure.exporting import for_comparison, images_for_comparison
    from scaling_study.measure.latency import timings
    from scaling_study.measure.peak import resident_bytes
    from scaling_study.measure.runtimes import prepared
    from scaling_study.training.recipe import make_optimizer

    run, config = job.run, job.config
    size, px = size_of(run.data), run.variant.resolution_px
    start_bytes = resident_bytes()
    network = new_network(job).to(device)
    ready = None
    if setting["runtime"] != "eager":
        images = images_for_comparison(size["channels"], px).to(device)
        ready = prepared(
            setting["runtime"], for_comparison(network, images), images, config.threads, setting["precision"]
        )
        start_bytes = ready.start_bytes if ready.model else start_bytes
    for timing in timings(
        network,
        make_optimizer(network, replace(run.recipe, learning_rate=1e-9)),  # weights stay sane under noise as images
        resolution=px,
        device=device,
        precision=setting["precision"],
        threads=config.threads,
        seconds=config.latency.seconds,
        batch_size_max=config.latency.batch_size_max,
        image_bytes=image_bytes,
        runtime=ready.runtime if ready else None,
        start_bytes=start_bytes,
        meter=meter_or_none(device),
        **size,
    ):
        yield timing, ready.difference if ready else None


def seconds_of_one_image(job: Job) -> float:
    """Median latency of a job's variant on the configured device, in eager torch."""
    import torch

    from scaling_study.training.device import choose_device, choose_precision

    device = choose_device(job.config.device)
    torch.set_num_threads(job.config.threads)
    setting = {"precision": choose_precision(job.config.recipe.precision, device), "runtime": "eager"}
    return next(iter(timings_of(job, device, setting, image_bytes=0)))[0].seconds_median  # inference comes first
