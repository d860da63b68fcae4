"""Accuracy and loss of a network on a split."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from scaling_study.errors import StudyError
from scaling_study.measure.precision import autocast
from scaling_study.training.distributed import ALONE
from scaling_study.training.memory import out_of_memory

if TYPE_CHECKING:
    from scaling_study.training.distributed import World


@torch.inference_mode()
def evaluate(
    network: torch.nn.Module,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    precision: str,
    device: torch.device,
    world: World = ALONE,
) -> dict[str, float]:
    """Top-1 and top-5 accuracy in percent and mean cross-entropy (nats, no smoothing) over all images of ``batches``,
    of all processes together."""
    network.eval()
    totals = torch.zeros(4, dtype=torch.float64, device=device)
    for inputs, labels in batches:
        with autocast(precision, device):
            logits = in_parts(network, inputs).float()
        hits = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
        loss = F.cross_entropy(logits, labels, reduction="sum")
        totals += torch.stack(
            [hits[:, 0].sum(), hits.sum(), loss, torch.as_tensor(len(labels), device=device)]
        ).double()
    top1, top5, loss, count = world.total(totals).tolist()
    if not count:
        raise StudyError("there is no image to evaluate on that can be read")
    return {"top1": 100 * top1 / count, "top5": 100 * top5 / count, "loss": loss / count}


def in_parts(network: torch.nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """``network(inputs)``, a half at a time where memory runs out."""
    try:
        return network(inputs)
    except RuntimeError as error:
        if not out_of_memory(error) or len(inputs) == 1:
            raise
    if inputs.is_cuda:
        torch.cuda.empty_cache()
    return torch.cat([in_parts(network, half) for half in inputs.tensor_split(2)])
