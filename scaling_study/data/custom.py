"""A user's own images (data=custom): a function that returns them as arrays."""

from typing import Any

import numpy as np
import torch

from scaling_study.data import LOADER
from scaling_study.data.dataset import Images
from scaling_study.errors import ConfigError
from scaling_study.system.plugins import Plugin, called, load_plugin

KEY, GROUP = LOADER
WANTED = (
    "must return ((images, labels), (images, labels)) for training and testing, images uint8 of shape "
    "(n, channels, side, side) with 1 or 3 channels, labels whole numbers of shape (n,)"
)
LOADED: dict[str, tuple[Images, Images]] = {}  # by digest of the code and reference


def plugin(loader: str | None) -> Plugin:
    """The function that ``data.loader`` names. Raises ConfigError where there is none."""
    if loader is None:
        raise ConfigError(KEY, None, "data=custom needs the function that loads images, as my_sets:load")
    return load_plugin(KEY, GROUP, loader)


def load(loader: str | None) -> tuple[Images, Images]:
    """(train, test) Images of the function ``loader()``, called once in each process.

    Raises ConfigError where the function raises, or returns something else than described in WANTED.
    """
    found = plugin(loader)
    name = f"{loader} {found.digest}"
    if name not in LOADED:
        LOADED[name] = checked(str(loader), called(KEY, str(loader), found.function))
    return LOADED[name]


def shape(loader: str | None) -> tuple[int, int]:
    """(classes, channels): one more than the largest label, and those of the training images."""
    train, test = load(loader)
    return int(max(train.labels.max(), test.labels.max())) + 1, train.images.shape[1]


def checked(loader: str, returned: Any) -> tuple[Images, Images]:
    """The two splits as Images. Raises ConfigError with what is wrong."""
    try:
        (train, train_labels), (test, test_labels) = returned
    except (TypeError, ValueError) as error:
        raise ConfigError(KEY, loader, f"{WANTED}; it returned {type(returned).__name__}") from error
    pair = images_of(loader, train, train_labels), images_of(loader, test, test_labels)
    if pair[0].images.shape[1:] != pair[1].images.shape[1:]:
        shapes = " and ".join(str(tuple(part.images.shape[1:])) for part in pair)
        raise ConfigError(KEY, loader, f"{WANTED}; training and test images are {shapes}")
    return pair


def images_of(loader: str, images: Any, labels: Any) -> Images:
    images, labels = (value if isinstance(value, torch.Tensor) else np.asarray(value) for value in (images, labels))
    found = f"it returned images {images.dtype} {tuple(images.shape)}, labels {labels.dtype} {tuple(labels.shape)}"
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    square = images.ndim == 4 and images.shape[2] == images.shape[3] and images.shape[1] in (1, 3)
    whole = not (labels.is_floating_point() or labels.dtype == torch.bool) and labels.shape == images.shape[:1]
    if images.dtype != torch.uint8 or not square or not whole or not len(labels):
        raise ConfigError(KEY, loader, f"{WANTED}; {found}")
    if labels.min() < 0:
        raise ConfigError(KEY, loader, f"{WANTED}, from 0 on; the least is {int(labels.min())}")
    return Images(images, labels.long())
