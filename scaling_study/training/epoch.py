"""One pass over the training images."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from scaling_study.errors import StudyError
from scaling_study.training.generators import seed_generators
from scaling_study.training.session import Session
from scaling_study.training.state import resumed_within, state_within

REPORT_SECONDS = 1.0  # between two progress reports, each of which waits for the device once
RANK_SEED = 7_368_787  # difference of the seeds of two processes, whose dropout must not be the same

OnProgress = Callable[[float, int, float], None]  # (fraction of the run, step, loss)


class Diverged(ArithmeticError):
    """The training loss is no longer a finite number."""


def train_epoch(
    session: Session,
    epoch: int,
    seed: int,
    *,
    on_progress: OnProgress | None = None,
    position: dict[str, Any] | None = None,
    every_steps: int | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
) -> float:
    """Train for the epoch, counted from 0; returns the mean loss (nats, smoothed labels).

    position: within this epoch, as ``keep(position)`` received it after every ``every_steps`` steps.
    Raises Diverged when the loss becomes NaN or infinite, UnusableState when the position does not fit.
    """
    generator = session.batches.generator
    seed_generators(seed + RANK_SEED * session.world.rank, session.device, generator)
    session.network.train()
    total, start = torch.zeros((), device=session.device), position["step"] if position else 0
    batches = iter(session.batches.train(epoch, seed, start))
    if position:
        total += resumed_within(session, position, generator)
    reported = time.monotonic()
    for step in range(start, session.steps_per_epoch):
        images, labels = next_batch(session, batches)
        update = epoch * session.steps_per_epoch + step
        if session.schedule:
            session.schedule.step_update(update)
        loss = session.step(*session.mix(resized(images, session.training_resolutions[epoch]), labels))
        total += loss
        if session.ema:
            session.ema.update(session.network, update)
        if on_progress and time.monotonic() - reported > REPORT_SECONDS:
            report(session, on_progress, update, loss, epoch)
            reported = time.monotonic()
        if keep and every_steps and (step + 1) % every_steps == 0 and step + 1 < session.steps_per_epoch:
            keep({"step": step + 1, "processes": session.world.gathered(state_within(session, total, generator))})
    for network in session.networks():
        session.world.average_statistics(network)
    session.require_few_unreadable()
    total = session.world.total(total) / session.world.size
    return finite(total, epoch) / session.steps_per_epoch


def next_batch(session: Session, batches: Iterator[Any]) -> Any:
    """The next batch; the time until it is there counts as waiting for data."""
    start = time.perf_counter()
    batch = next(batches, None)
    if batch is None:
        message = "the training images ended within an epoch; a stream needs as many shards as data.loader_workers"
        raise StudyError(message)
    session.wait_seconds += time.perf_counter() - start
    return batch


def resized(images: torch.Tensor, resolution_px: int) -> torch.Tensor:
    """A batch (n, channels, h, h) at ``resolution_px``, with antialiasing; itself where it is of that size."""
    if images.shape[-1] == resolution_px:
        return images
    size = (resolution_px, resolution_px)
    small = F.interpolate(images, size=size, mode="bilinear", antialias=True)
    return small.contiguous(memory_format=torch.channels_last)


def report(session: Session, on_progress: OnProgress, update: int, loss: torch.Tensor, epoch: int) -> None:
    """Report how far training is; a process that trains alone also checks that the loss is finite."""
    value = loss.item() if session.world.size > 1 else finite(loss, epoch)
    on_progress((update + 1) / (session.steps_per_epoch * session.recipe.epochs), update + 1, value)


def finite(total: torch.Tensor, epoch: int) -> float:
    """A loss as a number. Raises Diverged unless it is finite."""
    value = total.item()
    if not math.isfinite(value):
        raise Diverged(f"the training loss became {value} in epoch {epoch + 1}")
    return value
