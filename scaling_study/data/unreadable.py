"""Images that cannot be read: reported, counted, and refused when they are too many."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scaling_study.errors import StudyError

if TYPE_CHECKING:
    import torch

NAMED = 10  # that an error lists


class Unreadable:
    """Tells of images that cannot be read, each once, and refuses to go on after ``allowed`` of them."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.names: list[str] = []

    def note(self, files: Any, positions: torch.Tensor) -> None:
        """positions: (n,) of a batch's images in ``files``, -1 for those that were read. Raises StudyError."""
        if not (positions >= 0).any():
            return
        for position in positions[positions >= 0].tolist():
            name = files.name(position)
            if name not in self.names:
                self.names.append(name)
                reason = files.why(position)
                warnings.warn(f"{name} cannot be read and is left out: {reason}", stacklevel=2)
                refuse(self.names, self.allowed, f" (the last: {reason})")


def refuse(names: Sequence[str], allowed: int, reason: str = "") -> None:
    """Raise StudyError, with some of the names and the reason for the last, for more than ``allowed`` of them."""
    if len(names) > allowed:
        listed = ", ".join(names[-NAMED:])
        raise StudyError(
            f"data.unreadable_max={allowed}: {len(names)} images cannot be read{reason}, among them {listed}"
        )
