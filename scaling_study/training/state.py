"""The state of a session, from which its run can go on: between two epochs, or within one."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from scaling_study.training.checkpoint import MISFITS, UnusableState
from scaling_study.training.generators import generator_states, restore_generators
from scaling_study.training.session import Session


def state_of(session: Session, position: dict[str, Any] | None = None) -> dict[str, Any]:
    """All that ``restored`` needs, as tensors and plain values. position: within the running epoch, or None."""
    return {
        "parts": {name: part.state_dict() for name, part in parts(session).items()},
        "history": session.history,
        "train_seconds": session.train_seconds,
        "wait_seconds": session.wait_seconds,
        "micro_batch_size": session.step.micro_batch_size,
        "position": position,
        "unreadable": list(session.batches.unreadable),
        # spelled as in the checkpoints that exist
        "normalisation": [values.cpu() for values in session.batches.normalization],
        **({"class_names": list(session.class_names)} if session.class_names else {}),
    }


def parts(session: Session) -> dict[str, Any]:
    """What has a ``state_dict``, by name."""
    found = {"network": session.network, "optimizer": session.step.optimizer, "scaler": session.step.scaler}
    return found | ({"ema": session.ema.module} if session.ema else {})


def restored(session: Session, state: dict[str, Any]) -> dict[str, Any] | None:
    """Put ``state`` into the session; returns the position within an epoch at which it was saved, or None.

    Raises UnusableState when the state does not fit.
    """
    try:
        require_shape(state, session.recipe.epochs, session.steps_per_epoch)
        return restore(session, state)
    except MISFITS as error:
        raise UnusableState(f"{type(error).__name__}: {error}") from error


def restore(session: Session, state: dict[str, Any]) -> dict[str, Any] | None:
    """``restored``, with the errors of torch and Python for a state that does not fit."""
    for name, part in parts(session).items():
        part.load_state_dict(state["parts"][name])
    session.history, session.train_seconds = state["history"], state["train_seconds"]
    session.wait_seconds = state.get("wait_seconds", 0.0)
    if (size := state.get("micro_batch_size", session.step.micro_batch_size)) < session.step.micro_batch_size:
        session.step.micro_batch_size = size
        session.step.leave_graphs()
    session.batches.unreadable.extend(state.get("unreadable", []))
    return state.get("position")


def require_shape(state: dict[str, Any], epochs: int, steps_per_epoch: int) -> None:
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


def state_within(session: Session, total: torch.Tensor, generator: torch.Generator | None) -> dict[str, Any]:
    """The part of a state within an epoch that differs between processes: the sum of losses, the states of the
    generators, and the statistics of batch norm, averaged weights' included."""
    buffers = {name: value.cpu() for name, value in statistics(session)}
    return {"total": total.cpu(), "generators": generator_states(session.device, generator), "statistics": buffers}


def statistics(session: Session) -> Iterator[tuple[str, torch.Tensor]]:
    """(name, buffer) of the network's buffers and of those with averaged weights."""
    for number, network in enumerate(session.networks()):
        for name, value in network.named_buffers():
            yield f"{number}.{name}", value


def resumed_within(session: Session, position: dict[str, Any], generator: torch.Generator | None) -> torch.Tensor:
    """Put this process's own part of ``position`` back; returns the sum of losses so far. A process that did not exist
    before takes the first one's losses and statistics and new generators.

    Raises UnusableState for a position that does not fit.
    """
    try:
        processes = position["processes"]
        known = session.world.rank < len(processes)
        own = processes[session.world.rank if known else 0]
        for name, value in statistics(session):
            value.copy_(own["statistics"][name])
        if known:
            restore_own_generators(session, own, generator)
        return own["total"].to(session.device)
    except MISFITS as error:
        raise UnusableState(f"{type(error).__name__}: {error}") from error


def restore_own_generators(session: Session, own: dict[str, Any], generator: torch.Generator | None) -> None:
    try:
        restore_generators(own["generators"], session.device, generator)
    except (RuntimeError, KeyError) as error:  # of a run that goes on on another kind of device
        warnings.warn(f"the states of the random generators do not fit here ({error})", stacklevel=2)
