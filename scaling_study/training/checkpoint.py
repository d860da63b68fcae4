"""What a run needs to go on after an interruption, in one file that is whole or absent."""

import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

# What torch and Python raise where a state is not of the shape that is expected.
MISFITS = (KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError)


class UnusableState(ValueError):
    """A saved state is not one of this network and recipe."""


def save(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors, numbers, strings, lists, dicts) so that a crash leaves the old file or the new.

    The file is on the disk before it takes the old one's name. Raises OSError, and leaves no file behind, when it
    cannot be written.
    """
    temporary = path.with_suffix(".tmp")
    try:
        with open(temporary, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def load(path: Path) -> dict[str, Any] | None:
    """The saved state on the CPU, or None, with a warning that names the file, if it cannot be used."""
    if not path.exists():
        return None
    try:
        return loaded(path)
    except Exception as error:  # of whatever kind zipfile, pickle and torch raise for a damaged file
        warnings.warn(f"{path} cannot be read ({reason(error)}); its run starts again", stacklevel=2)
        return None


def loaded(path: Path) -> Any:
    """The state in ``path``, a dict. Raises ValueError where the checksums that torch wrote for each part tell of
    damage, and what torch and Python raise for a file that is no checkpoint."""
    with zipfile.ZipFile(path) as parts:
        if damaged := parts.testzip():
            raise ValueError(f"its part {damaged} is damaged")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError(f"it holds a {type(state).__name__}")
    return state


def reason(error: BaseException) -> str:
    """The first words of an error of torch, which explains at length."""
    return " ".join(str(error).split())[:100] or type(error).__name__
