"""Processes that read images from files while the network trains."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader

from scaling_study.data.files import Decoded

if TYPE_CHECKING:
    from scaling_study.data.dataset import Loading


EVALUATION_BATCH = 250
CLUSTER_SIGNALS = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM}


def leave_signals(worker: int) -> None:
    """In a worker process: leave the signals with which Slurm announces a preemption to the process that trains, whose
    handler, which requeues the job, workers would otherwise run as well."""
    if "SUBMITIT_EXECUTOR" in os.environ:
        signal.pthread_sigmask(signal.SIG_BLOCK, CLUSTER_SIGNALS)


def start_method() -> str | None:
    """How worker processes start. As a copy of this process, at once and with its list of files, where that is safe: a
    process that trains with others has threads of theirs, which a copy may wait for without end; there from a server
    without threads, which the signals of a cluster do not reach either."""
    methods = multiprocessing.get_all_start_methods()
    if not torch.distributed.is_initialized():
        return "fork" if "fork" in methods else None
    if "forkserver" not in methods:
        return None
    multiprocessing.set_forkserver_preload(["scaling_study.data.readers"])
    resource_tracker.ensure_running()  # before, as it lifts the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CLUSTER_SIGNALS if "SUBMITIT_EXECUTOR" in os.environ else ())
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return "forkserver"


def loader_of(
    samples: Any,
    batches: Any,
    loading: Loading,
    *,
    pin_memory: bool = False,
    persistent: bool = False,
    small: bool = True,
) -> DataLoader:
    """torch's loader with this product's settings; ``batches``: lists of keys of ``samples``, few of which in each when
    ``small``."""
    options: dict[str, Any] = {}
    if loading.workers:
        method = start_method()
        options = {
            "multiprocessing_context": method,
            "persistent_workers": persistent,
            "prefetch_factor": 4 if small else 2,
        }
    return DataLoader(
        samples,
        batch_sampler=batches,
        num_workers=loading.workers,
        pin_memory=pin_memory,
        worker_init_fn=leave_signals,
        generator=torch.Generator(),  # not the global one, from which dropout draws
        **options,
    )


def evaluation_loader(
    files: Any, transform: Callable, loading: Loading, positions: Iterable[int], **options: Any
) -> DataLoader:
    """Batches of (uint8 images, labels, positions of unreadable images) of some of a split's images, in order."""
    samples = Decoded(files, transform, loading.channels, replace=False)
    keys = [(position, None) for position in positions]
    batches = [keys[i : i + EVALUATION_BATCH] for i in range(0, len(keys), EVALUATION_BATCH)]
    return loader_of(samples, batches, loading, **options)
