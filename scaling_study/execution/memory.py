"""Memory that a run takes, at least and as predicted, known before its network is built, and what there is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from scaling_study.config.schema import Config, Recipe
from scaling_study.data import size_of
from scaling_study.errors import ConfigError
from scaling_study.models import FAMILIES, build_network, count_layers
from scaling_study.planning.jobs import Job

if TYPE_CHECKING:
    import torch

    from scaling_study.measure.complexity import Complexity

BYTES = 4  # of a number; weights and their updates stay in 32 bits whatever the precision
HALF = ("bf16", "fp16")
# Numbers per weight that optimizers keep, by name.
STATES = {"adam": 2, "lamb": 2, "lion": 1, "rmsprop": 1, "muon": 1, "sgd": 1}
# Of a training step's memory above that of a process without the network: for each byte of weights, gradients and
# states, for each byte that autograd keeps, and apart from these (code and buffers of the libraries).
STATE_FACTOR, SAVED_FACTOR, FIXED_BYTES = 1.075, 1.114, 45e6
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # limits of containers


def check_memory(
    jobs: Sequence[Job], device: torch.device | None, *, images: int | None = None, training: bool = True
) -> None:
    """Raise ConfigError, with both figures, for the first of ``jobs`` that does not fit into memory.

    device: the torch device, None for one elsewhere, whose memory is known only from ``limits.memory_gb``.
    images: per forward pass; None: as training takes them, on a GPU, where they are halved until they fit, one.
    The estimate is low: weights, gradients and the optimizer's state, and the outputs of convolutions; without
    ``training`` the weights alone.
    """
    limits = jobs[0].config.limits
    if limits.memory_gb == "auto" and device is None:
        return
    limit = limits.memory_gb * 1e9 if limits.memory_gb != "auto" else memory_of(device)
    counted = {}
    for job in jobs:
        key = repr((job.run.model, job.run.variant.coefficients, job.run.variant.resolution_px, job.run.data))
        if key not in counted:
            counted[key] = counts(job)
        weights, activations = counted[key]
        many = images or images_at_once(job.config, device)
        need = Need(BYTES * weights, 0.0, many)
        if training:
            each = activation_bytes(activations, job.run.recipe, device)
            need = Need(state_bytes(weights, job.run.recipe), each, many)
        if need.peak_bytes > limit:
            refuse(job, need, limit)


def refuse(job: Job, need: Need, limit: float) -> None:
    origin = "" if job.config.limits.memory_gb != "auto" else ", the memory there is; give more where you mean it"
    words = f"{job.run.variant.label} takes at least {need.fixed_bytes / 1e9:.3g} GB for weights"
    if need.image_bytes:
        activations = need.peak_bytes - need.fixed_bytes
        words += f" and their updates and {activations / 1e9:.3g} GB for the activations of {need.images} images"
    words += f", more than {limit / 1e9:.3g} GB{origin}"
    if need.images > 1 and (images := need.fitting(limit)):
        words += f"; micro_batch_size={images} may fit"
    raise ConfigError("limits.memory_gb", job.config.limits.memory_gb, words)


@dataclass(frozen=True)
class Need:
    """Memory that a run takes.

    fixed_bytes: whatever the batch; image_bytes: for each image of it; images: of one forward pass.
    """

    fixed_bytes: float
    image_bytes: float
    images: int

    @property
    def peak_bytes(self) -> float:
        return self.at(self.images)

    def at(self, images: int) -> float:
        """Bytes with another number of images per forward pass."""
        return self.fixed_bytes + images * self.image_bytes

    def fitting(self, limit: float) -> int:
        """The largest power of 2 of images that fits into ``limit`` bytes; 0 where none does."""
        images = int((limit - self.fixed_bytes) / self.image_bytes) if self.image_bytes else 0
        return 2 ** (images.bit_length() - 1) if images >= 1 else 0


def predicted(job: Job, cost: Complexity, device: torch.device) -> Need:
    """What training steps of a job's run will take on ``device``, from the counts of its network.

    The two factors are least squares of relative errors over 34 training steps of six families on the CPU, 113 MB to
    2.2 GB; the fixed part is that of 14 more, measured as benchmarks/memory.py does. On 20 others, which that drew with
    the seed 8, the prediction is at most 12% off.
    """
    recipe = job.run.recipe
    half = activation_bytes(1, recipe, device) / BYTES
    images = min(job.config.micro_batch_size or recipe.batch_size, recipe.batch_size)
    fixed = FIXED_BYTES + STATE_FACTOR * state_bytes(cost.params, recipe)
    return Need(fixed, SAVED_FACTOR * half * cost.activation_bytes, images)


def limit_of(config: Config, device: torch.device, workers: int) -> float:
    """Bytes that one run may take: ``limits.memory_gb``, else that of the GPU or a share of the machine's."""
    if config.limits.memory_gb != "auto":
        return config.limits.memory_gb * 1e9
    return memory_of(device) / (workers if device.type == "cpu" else 1)


def too_large(label: str, need: Need, limit: float) -> str:
    """A line about a run that will not fit, and with which micro-batch it would."""
    images = need.fitting(limit)
    remedy = f"micro_batch_size={images} would take {need.at(images) / 1e9:.3g} GB" if images else "no micro-batch fits"
    return (
        f"warning: {label} will take about {need.peak_bytes / 1e9:.3g} GB with {need.images} images at a time, more "
        f"than the {limit / 1e9:.3g} GB that a run may take here; {remedy}"
    )


def images_at_once(config: Config, device: torch.device | None) -> int:
    if device is None or device.type == "cuda":
        return 1
    return min(config.micro_batch_size or config.recipe.batch_size, config.recipe.batch_size)


def state_bytes(weights: float, recipe: Recipe) -> float:
    """Of weights, gradients, the optimizer's state and the average of the weights."""
    states = next((n for name, n in STATES.items() if name in recipe.optimizer.lower()), 0)
    if "sgd" in recipe.optimizer.lower() and not recipe.momentum:
        states = 0
    if "rmsprop" in recipe.optimizer.lower() and recipe.momentum:
        states = 2
    return BYTES * weights * (2 + states + bool(recipe.ema_decay))


def activation_bytes(activations: float, recipe: Recipe, device: torch.device | None) -> float:
    """Of the outputs of one image's convolutions, which are kept for the backward pass."""
    on_cpu = device is not None and device.type == "cpu"
    full = recipe.precision == "fp32" or (recipe.precision == "auto" and on_cpu)
    return activations * (BYTES if full else BYTES // 2)


def counts(job: Job) -> tuple[float, float]:
    """(weights, activations of one image) of a run's network: by arithmetic, else from shapes alone."""
    model, variant, size = job.run.model, job.run.variant, size_of(job.run.data)
    if FAMILIES[model.family].layers:
        return count_layers(model, variant.coefficients, resolution_px=variant.resolution_px, **size)[1:]
    from scaling_study.measure.complexity import count_parts, shapes_only
    from scaling_study.measure.flops import size_reported

    with size_reported(model, variant.resolution_px):
        px = {"resolution_px": variant.resolution_px}
        network = shapes_only(lambda: build_network(model, variant.coefficients, **size, **px))
        parts = count_parts(network, size["channels"], variant.resolution_px)
    return sum(weight.numel() for weight in network.parameters()), sum(part.activations for part in parts)


def memory_of(device: torch.device | None) -> float:
    """Bytes of the GPU's memory, else of this machine's, as far as a container lets this process have it."""
    if device is not None and device.type == "cuda":
        import torch

        return torch.cuda.get_device_properties(device).total_memory
    # psutil does not know the limits of containers.
    limits = [text for path in CGROUPS if (text := read(path)).isdecimal()]
    return min([psutil.virtual_memory().total, *map(int, limits)])


def read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
