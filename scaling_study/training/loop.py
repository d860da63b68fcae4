"""The training loop. No files: checkpoints and progress leave through callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scaling_study.training.distributed import ALONE
from scaling_study.training.epoch import train_epoch
from scaling_study.training.session import Session
from scaling_study.training.state import restored, state_of

if TYPE_CHECKING:
    import torch

    from scaling_study.config.schema import Recipe
    from scaling_study.data.dataset import DataSet
    from scaling_study.training.distributed import World
    from scaling_study.training.epoch import OnProgress


@dataclass(frozen=True)
class Trained:
    """What training gives: final metrics of the three splits, one history row per epoch, cost in time.

    updates: steps of the optimizer; data_wait_fraction: of the training time, in which the network waited for images;
    micro_batch_size: images per forward pass, less than the share of a process where memory ran out; unreadable: names
    of images left out.
    """

    metrics: dict
    history: list
    updates: int
    train_seconds: float
    images_per_second: float
    precision: str
    data_wait_fraction: float
    micro_batch_size: int
    unreadable: list


def train(
    network: torch.nn.Module,
    data: DataSet,
    recipe: Recipe,
    *,
    seed: int,
    resolution: int,
    device: torch.device,
    state: dict[str, Any] | None = None,
    on_state: Callable[[dict[str, Any], list[dict[str, Any]]], None] | None = None,
    on_progress: OnProgress | None = None,
    every_steps: int | None = None,
    world: World = ALONE,
    **engine: Any,
) -> Trained:
    """Train ``network`` on ``data`` by ``recipe`` and evaluate it.

    resolution: side of the network's input in pixels; state: what an earlier ``on_state`` received, to go on from;
    on_state(state, history) is called after every epoch, and with ``every_steps`` after so many steps of one;
    on_progress(fraction, step, loss) about once a second; world: the processes that train together, each of which
    calls this; engine: further keywords of Session.
    On the CPU the result depends on the arguments and the numbers of threads and processes only, resumed or not: every
    epoch draws its order and augmentation from a seed of its own, and a state within an epoch holds its generators.
    Raises Diverged when the loss becomes NaN or infinite, UnusableState when ``state`` does not fit, StudyError when
    the data set has too many unreadable images.
    """
    session = Session(network, data, recipe, resolution=resolution, device=device, world=world, **engine)
    position = restored(session, state) if state else None
    started, seconds = time.perf_counter(), session.train_seconds

    def keep(position: dict[str, Any] | None = None) -> None:
        session.train_seconds = seconds + time.perf_counter() - started
        if on_state:
            on_state(state_of(session, position), session.history)

    for epoch in range(len(session.history), recipe.epochs):
        started, seconds = time.perf_counter(), session.train_seconds
        loss = train_epoch(
            session,
            epoch,
            epoch_seed(seed, epoch),
            on_progress=on_progress,
            position=position,
            every_steps=every_steps,
            keep=keep,
        )
        position, session.train_seconds = None, seconds + time.perf_counter() - started
        val = {f"val_{name}": value for name, value in session.evaluate("val").items()}
        session.history = [*session.history, {"epoch": epoch + 1, "train_loss": loss, **val, **session.epoch_columns()}]
        if on_state:
            on_state(state_of(session), session.history)
    return finished(session)


def finished(session: Session) -> Trained:
    """What a session whose epochs are done has given."""
    updates = session.steps_per_epoch * session.recipe.epochs
    return Trained(
        metrics=session.final_metrics(),
        history=session.history,
        updates=updates,
        train_seconds=session.train_seconds,
        images_per_second=updates * session.recipe.batch_size / session.train_seconds,
        precision=session.precision,
        data_wait_fraction=session.wait_seconds / session.train_seconds,
        micro_batch_size=session.step.micro_batch_size,
        unreadable=session.unreadable(),
    )


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed for each epoch of each run, so that resuming needs no generator state."""
    return seed * 100_003 + epoch
