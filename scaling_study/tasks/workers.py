"""How many runs train at the same time, and how many processes read images for each."""

import os


def cores():
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def gpus(device):
    """CUDA devices that the config key ``device`` lets runs use."""
    if device == "cpu":
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def processes_per_run():
    """How many processes train each run together, as torchrun tells the processes that it starts."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def first_of_several():
    """Whether this process is the one of them that writes and shows."""
    return int(os.environ.get("RANK", "0")) == 0


def count_workers(workers, device):
    """The number for the config key ``workers``; auto is one per GPU, or one per core the process may use.

    Always one where several processes train each run together.
    """
    if processes_per_run() > 1:
        return 1
    return workers if workers != "auto" else gpus(device) or cores()


def count_runs_per_device(config):
    """How many of the runs at work share each GPU."""
    workers = count_workers(config.workers, config.device)
    return max(1, -(-workers // max(1, gpus(config.device))))


def count_loader_workers(config, processes=1):
    """The number for ``data.loader_workers``; auto shares the cores among the runs and processes of this machine."""
    if config.data.loader_workers != "auto":
        return config.data.loader_workers
    return max(1, cores() // (count_workers(config.workers, config.device) * processes))
