"""Times of a variant on the configured device."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scaling_study.data import size_of
from scaling_study.planning.jobs import Job

if TYPE_CHECKING:
    import torch

    from scaling_study.measure.latency import Timing


def timings_of(job: Job, device: torch.device, setting: Mapping[str, Any], image_bytes: int) -> Iterator[Timing]:
    import torch

    # torch's timer warns on import of CUDA tools without a GPU, which is nothing to a user of the CPU.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    from scaling_study.measure.latency import timings
    from scaling_study.models import build_network
    from scaling_study.training.device import autocast
    from scaling_study.training.recipe import make_optimizer

    run, config = job.run, job.config
    torch.manual_seed(run.seed)
    size = size_of(run.data)
    network = build_network(run.model, run.variant.coefficients, resolution_px=run.variant.resolution_px, **size)
    network = network.to(device).to(memory_format=torch.channels_last)
    return timings(
        network,
        make_optimizer(network, replace(run.recipe, learning_rate=1e-9)),  # weights stay sane under noise as images
        resolution=run.variant.resolution_px,
        device=device,
        autocast=partial(autocast, setting["precision"]),
        threads=config.threads,
        seconds=config.latency.seconds,
        batch_size_max=config.latency.batch_size_max,
        image_bytes=image_bytes,
        **size,
    )


def seconds_of_one_image(job: Job) -> float:
    """Median latency of a job's variant on the configured device."""
    import torch

    from scaling_study.training.device import choose_device, choose_precision

    device = choose_device(job.config.device)
    torch.set_num_threads(job.config.threads)
    setting = {"precision": choose_precision(job.config.recipe.precision, device)}
    return next(iter(timings_of(job, device, setting, image_bytes=0))).seconds_median  # inference comes first
