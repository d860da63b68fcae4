"""Out of memory is no reason to fail: a smaller micro-batch gives the same update in more passes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from scaling_study.training.step import TrainingStep


def halved_until_it_fits(step: TrainingStep, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """``step.accumulate``, the micro-batch halved, also for all steps after, as long as memory runs out.

    The batch stays what the recipe says. (Batch norm then sees fewer images at a time.) Raises what torch raises when
    a single image does not fit. Several processes on GPUs agree on a size at their first step, which they try without
    waiting for each other's gradients; later none of them may run out.
    """
    if step.world.size > 1:
        if step.device.type == "cuda" and not step.size_agreed:
            agree_on_size(step, inputs, labels)
            step.size_agreed = True
        return step.accumulate(inputs, labels)
    while True:
        try:
            return step.accumulate(inputs, labels)
        except RuntimeError as error:
            if not out_of_memory(error) or step.micro_batch_size == 1:
                raise
        halve(step)


def agree_on_size(step: TrainingStep, inputs: torch.Tensor, labels: torch.Tensor) -> None:
    """Halve the micro-batch of all processes until none of them runs out of memory. The trial leaves weights and
    statistics alone."""
    buffers = {name: value.clone() for name, value in step.network.named_buffers()}
    while True:
        failed = torch.zeros(1, device=step.device)
        try:
            step.accumulate(inputs, labels, sync=False)
        except RuntimeError as error:
            if not out_of_memory(error) or step.micro_batch_size == 1:
                raise
            failed += 1
        if not step.world.total(failed).item():
            break
        halve(step)
    for name, value in step.network.named_buffers():
        value.copy_(buffers[name])
    step.optimizer.zero_grad()


def halve(step: TrainingStep) -> None:
    step.optimizer.zero_grad()
    step.micro_batch_size = -(-step.micro_batch_size // 2)
    step.leave_graphs()
    if step.device.type == "cuda":
        torch.cuda.empty_cache()
    warnings.warn(f"memory ran out; going on with {step.micro_batch_size} images per forward pass", stacklevel=2)


def out_of_memory(error: BaseException) -> bool:
    """Whether the error is of memory that ran out, on a GPU, in its libraries or on the CPU."""
    messages = ("DefaultCPUAllocator: can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in messages)
