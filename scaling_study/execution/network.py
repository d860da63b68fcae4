"""The network of a job's variant, with new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study.data import size_of
from scaling_study.models import build_network
from scaling_study.planning.jobs import Job

if TYPE_CHECKING:
    import torch


def new_network(job: Job) -> torch.nn.Module:
    """The network of a job's variant on the CPU, in channels_last layout, its weights drawn with the run's seed."""
    import torch

    run = job.run
    torch.manual_seed(run.seed)
    px = {"resolution_px": run.variant.resolution_px}
    network = build_network(run.model, run.variant.coefficients, **px, **size_of(run.data))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
