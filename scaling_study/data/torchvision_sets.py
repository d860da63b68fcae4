"""Data sets that torchvision downloads and reads."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch

from scaling_study.data.dataset import Images
from scaling_study.errors import StudyError


def cache_folder(root: str | None = None) -> Path:
    """``root`` if given, else the user's cache directory."""
    return Path(root) if root else platformdirs.user_cache_path("scaling_study")


def download(name: str, root: str | None, hint: str) -> Any:
    """torchvision's training and test sets of that class name, downloaded if they are not there.

    Raises StudyError, with ``hint`` for what else can be done, when that fails.
    """
    from torchvision import datasets

    folder = cache_folder(root)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return [getattr(datasets, name)(folder, train=train, download=True) for train in (True, False)]
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise StudyError(f"{name} is not in {folder} and cannot be downloaded ({reason}); {hint}") from error


def load_cifar(name: str, root: str | None) -> tuple[Images, ...]:
    """(train, test) Images, (n, 3, 32, 32)."""
    pair = download(name, root, "give data.root=FOLDER that holds torchvision's copy")
    images = (torch.from_numpy(split.data).permute(0, 3, 1, 2).contiguous() for split in pair)
    labels = (torch.from_numpy(np.asarray(split.targets)) for split in pair)
    return tuple(Images(i, t) for i, t in zip(images, labels, strict=True))
