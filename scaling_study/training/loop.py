"""The training loop. No files: checkpoints and progress leave through callbacks."""

import math
import time
from dataclasses import dataclass

from scaling_study.training.checkpoint import MISFITS, UnusableState
from scaling_study.training.distributed import ALONE
from scaling_study.training.session import Session


@dataclass(frozen=True)
class Trained:
    """What training gives: final metrics of the three splits, one history row per epoch, cost in time.

    data_wait_fraction: of the training time, in which the network waited for images; micro_batch_size: images per
    forward pass, less than the share of a process where memory ran out; unreadable: names of images left out.
    """

    metrics: dict
    history: list
    train_seconds: float
    images_per_second: float
    precision: str
    data_wait_fraction: float
    micro_batch_size: int
    unreadable: list


def train(
    network, data, recipe, *, seed, resolution, device, state=None, on_state=None, on_progress=None, every_steps=None,
    world=ALONE, **engine,
):  # fmt: skip
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

    def keep(position=None):
        session.train_seconds = seconds + time.perf_counter() - started
        if on_state:
            on_state(session.state(position), session.history)

    for epoch in range(len(session.history), recipe.epochs):
        started, seconds = time.perf_counter(), session.train_seconds
        loss = session.train_epoch(
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
            on_state(session.state(), session.history)
    return Trained(
        metrics=session.final_metrics(),
        history=session.history,
        train_seconds=session.train_seconds,
        images_per_second=session.steps_per_epoch * recipe.batch_size * recipe.epochs / session.train_seconds,
        precision=session.precision,
        data_wait_fraction=session.wait_seconds / session.train_seconds,
        micro_batch_size=session.micro_batch_size,
        unreadable=session.unreadable(),
    )


def restored(session, state):
    """Put ``state`` into the session; the position within an epoch it was saved at, or None."""
    try:
        require_shape(state, session.recipe.epochs, session.steps_per_epoch)
        return session.restore(state)
    except MISFITS as error:
        raise UnusableState(f"{type(error).__name__}: {error}") from error


def require_shape(state, epochs, steps_per_epoch):
    """Raise one of MISFITS unless the plain values of ``state`` are such as a session of so many epochs saves."""
    done = [row["epoch"] for row in state["history"]]
    if done != list(range(1, len(done) + 1)) or len(done) > epochs:
        raise ValueError(f"its history is of the epochs {done}")
    numbers = [value for row in state["history"] for value in row.values()]
    numbers += [state["train_seconds"], state.get("wait_seconds", 0.0), state.get("micro_batch_size", 1)]
    if wrong := [value for value in numbers if not isinstance(value, int | float)]:
        raise TypeError(f"{wrong[0]!r} stands where a number belongs")
    if not (math.isfinite(state["train_seconds"]) and state["train_seconds"] >= 0 < state.get("micro_batch_size", 1)):
        raise ValueError("it has trained for a negative time or in batches of nothing")
    if (position := state.get("position")) is not None and (
        len(done) == epochs or not 0 < position["step"] < steps_per_epoch or not position["processes"]
    ):
        raise ValueError(f"it was saved at step {position['step']} of epoch {len(done) + 1}")


def epoch_seed(seed, epoch):
    """A seed for each epoch of each run, so that resuming needs no generator state."""
    return seed * 100_003 + epoch
