"""What a run needs to go on after an interruption, in one file that is whole or absent."""

import os
import pickle
import warnings

import torch


def save(path, state):
    """Write ``state`` (tensors, numbers, strings, lists, dicts) so that a crash leaves the old file or the new."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load(path):
    """The saved state on the CPU, or None, with a warning that names the file, if it cannot be used."""
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        warnings.warn(f"{path} cannot be read ({type(error).__name__}); its run starts again", stacklevel=2)
        return None
