"""How many runs train at the same time, and how many processes read images for each."""

import os
from typing import Any

RUNS_AT_ONCE = "SCALING_STUDY_RUNS_AT_ONCE"  # environment variable with which a command tells its workers how many


def cores() -> int:
    """CPU cores that this process may use; Slurm says how many its tasks may, and does not always keep them to it."""
    if "SLURM_CPUS_PER_TASK" in os.environ:
        return int(os.environ["SLURM_CPUS_PER_TASK"])
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def gpus(device: str) -> int:
    """CUDA devices that the config key ``device`` lets runs use."""
    if device == "cpu":
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def processes_per_run() -> int:
    """How many processes train each run together, as torchrun tells the processes that it starts."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def tasks_of_job() -> int:
    """How many tasks the job of a cluster has that this process belongs to."""
    return int(os.environ.get("SLURM_NTASKS", "1")) if "SUBMITIT_EXECUTOR" in os.environ else 1


def first_of_several() -> bool:
    """Whether this process is the one of them that writes and shows."""
    return int(os.environ.get("RANK", "0")) == 0


def count_workers(workers: int | str, device: str) -> int:
    """The number for the config key ``workers``; auto is one per GPU, or one per core the process may use.

    Always one where several processes train each run together.
    """
    if processes_per_run() > 1:
        return 1
    return workers if workers != "auto" else gpus(device) or cores()


def count_runs_here(config: Any) -> int:
    """How many runs are at work on this machine; a job of a cluster has it for itself, as far as it may see."""
    if "SUBMITIT_EXECUTOR" in os.environ:
        return 1
    return int(os.environ.get(RUNS_AT_ONCE) or count_workers(config.workers, config.device))


def count_runs_per_device(config: Any) -> int:
    """How many of the runs at work share each GPU."""
    return max(1, -(-count_runs_here(config) // max(1, gpus(config.device))))


def count_loader_workers(config: Any, processes: int = 1) -> int:
    """The number for ``data.loader_workers``; auto shares the cores among the runs and processes of this machine."""
    if config.data.loader_workers != "auto":
        return config.data.loader_workers
    if "SLURM_CPUS_PER_TASK" in os.environ:
        processes = 1  # the cores are those of this one
    return max(1, cores() // (count_runs_here(config) * processes))
