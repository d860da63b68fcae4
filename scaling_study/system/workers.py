"""How many runs train at the same time, and how many processes read images for each."""

import os
from typing import Any

RUNS_AT_ONCE = "SCALING_STUDY_RUNS_AT_ONCE"  # environment variable by which a command informs its workers


def cores() -> int:
    """CPU cores that this process may use. Slurm does not always enforce its own number, so that number comes first."""
    if "SLURM_CPUS_PER_TASK" in os.environ:
        return int(os.environ["SLURM_CPUS_PER_TASK"])
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus(device: str) -> int:
    """CUDA devices that the config key ``device`` lets runs use."""
    if device == "cpu":
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def processes_per_run() -> int:
    """Number of processes that train each run together, from the variable that torchrun sets."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def tasks_of_job() -> int:
    """Number of tasks of the cluster job that this process belongs to; 1 outside a job."""
    return int(os.environ.get("SLURM_NTASKS", "1")) if "SUBMITIT_EXECUTOR" in os.environ else 1


def first_of_several() -> bool:
    """Whether this process, of several that train a run together, writes files and shows progress."""
    return int(os.environ.get("RANK", "0")) == 0


def count_workers(workers: int | str, device: str) -> int:
    """The number for the config key ``workers``; auto is one per GPU, or one per core the process may use.

    Always one where several processes train each run together.
    """
    if processes_per_run() > 1:
        return 1
    return int(workers) if workers != "auto" else gpus(device) or cores()


def count_runs_here(config: Any) -> int:
    """Number of runs at work on this machine; a job of a cluster counts as alone on it."""
    if "SUBMITIT_EXECUTOR" in os.environ:
        return 1
    return int(os.environ.get(RUNS_AT_ONCE) or count_workers(config.workers, config.device))


def count_runs_per_device(config: Any) -> int:
    """Number of runs at work that share each GPU."""
    return max(1, -(-count_runs_here(config) // max(1, gpus(config.device))))


def count_loader_workers(config: Any, processes: int = 1) -> int:
    """The number for ``data.loader_workers``; auto shares the cores among the runs and processes of this machine."""
    if config.data.loader_workers != "auto":
        return config.data.loader_workers
    if "SLURM_CPUS_PER_TASK" in os.environ:
        processes = 1  # the cores are those of this one
    return max(1, cores() // (count_runs_here(config) * processes))
