"""One training step: forward and backward passes in micro-batches, and the update."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F

from scaling_study.config.schema import Recipe
from scaling_study.measure.precision import autocast
from scaling_study.training.distributed import World, parallel
from scaling_study.training.memory import halved_until_it_fits


class TrainingStep:
    """A network with its optimizer; calling it updates the weights by one batch.

    network: on its device, in channels_last order; micro_batch_size: images per forward pass of this process at most,
    None for its whole share of a batch; cuda_graphs: replay steps as CUDA graphs.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        recipe: Recipe,
        *,
        precision: str,
        device: torch.device,
        world: World,
        micro_batch_size: int | None = None,
        cuda_graphs: bool = False,
    ) -> None:
        self.network, self.optimizer, self.recipe = network, optimizer, recipe
        self.precision, self.device, self.world = precision, device, world
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        share = recipe.batch_size // world.size
        self.micro_batch_size = min(micro_batch_size or share, share)
        self.size_agreed = False  # among several processes, on what fits
        self.parallel = parallel(network, world, device)
        self.cuda_graphs = cuda_graphs and device.type == "cuda"
        self.forward = compiled(self.parallel, recipe, device, self.cuda_graphs)

    def __call__(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Update the weights. Returns the detached mean loss of this process's images."""
        loss = halved_until_it_fits(self, inputs, labels)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss

    def accumulate(self, inputs: torch.Tensor, labels: torch.Tensor, sync: bool = True) -> torch.Tensor:
        """Gradients of the mean loss, a micro-batch at a time; with ``sync`` averaged over the processes.

        inputs: float32 (n, channels, height, width); labels: int64 (n,), or probabilities (n, classes).
        """
        self.optimizer.zero_grad()
        size, total = self.micro_batch_size, torch.zeros((), device=inputs.device)
        for start in range(0, len(inputs), size):
            last = start + size >= len(inputs)
            wait = nullcontext() if self.world.size == 1 or (last and sync) else self.parallel.no_sync()
            with wait:
                loss = self.loss(inputs[start : start + size], labels[start : start + size])
                if size < len(inputs):
                    loss = loss * (len(labels[start : start + size]) / len(labels))
                self.scaler.scale(loss).backward()
            total = total + loss.detach()
        return total

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy in nats; labels that are probabilities are smoothed already."""
        smoothing = self.recipe.label_smoothing if labels.ndim == 1 else 0.0
        with autocast(self.precision, self.device):
            return F.cross_entropy(self.forward(inputs), labels, label_smoothing=smoothing)

    def leave_graphs(self) -> None:
        """Go on without CUDA graphs, whose replays would overwrite gradients that have to be accumulated."""
        if self.cuda_graphs:
            self.cuda_graphs = False
            self.forward = compiled(self.parallel, self.recipe, self.device, cuda_graphs=False)

    @property
    def learning_rate(self) -> float:
        return self.optimizer.param_groups[0]["lr"]


def compiled(network: torch.nn.Module, recipe: Recipe, device: torch.device, cuda_graphs: bool) -> Callable[..., Any]:
    """The network as torch.compile compiles it, where the recipe or ``cuda_graphs`` asks for that."""
    if cuda_graphs:
        return torch.compile(network, mode="reduce-overhead")
    compile_ = device.type == "cuda" if recipe.compile is None else recipe.compile
    return torch.compile(network) if compile_ else network
