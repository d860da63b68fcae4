"""The states of all random generators that training draws from, as values that a checkpoint can hold."""

import random
from typing import Any

import numpy as np
import torch


def seed_generators(seed: int, device: torch.device, own: torch.Generator | None) -> None:
    """Seed python, numpy and torch, and ``own``, the generator of augmentation, or None."""
    random.seed(seed)  # timm's random erasing
    np.random.seed(seed % 2**32)  # timm's mixup
    torch.manual_seed(seed)  # dropout and stochastic depth, on every device
    if own is not None:
        own.manual_seed(seed)


def generator_states(device: torch.device, own: torch.Generator | None) -> dict[str, Any]:
    """The states as tensors, numbers and tuples."""
    state: Any = np.random.get_state()
    name, keys, position, has_gauss, gauss = state
    states = {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, gauss),
        "torch": torch.get_rng_state(),
    }
    if own is not None:
        states["own"] = own.get_state()
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_generators(states: dict[str, Any], device: torch.device, own: torch.Generator | None) -> None:
    random.setstate(states["python"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(states["torch"])
    if own is not None:
        own.set_state(states["own"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
