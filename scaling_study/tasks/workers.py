"""How many runs train at the same time."""

import os


def count_workers(workers, device):
    """The number for the config key ``workers``; auto is one per GPU, or one per core the process may use."""
    if workers != "auto":
        return workers
    if device != "cpu":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.device_count()
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
