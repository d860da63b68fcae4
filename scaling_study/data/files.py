"""Splits whose images are read when they are needed, and how one image becomes a tensor."""

import random
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torchvision.transforms.functional import rgb_to_grayscale

from scaling_study.data.pixels import UNREADABLE, color, decoded
from scaling_study.errors import encodable, one_line

ATTEMPTS = 32  # images in a row that may be unreadable before a place in a training batch stays empty


@dataclass(frozen=True)
class ImageFiles:
    """dataset: timm's or torchvision's, with access by number; index: the numbers of the split's images, (n,)."""

    dataset: Any
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: Any) -> Any:
        return ImageFiles(self.dataset, self.index[np.asarray(index) if torch.is_tensor(index) else index])

    def read(self, position: int) -> Any:
        """(image, label) number ``position`` of the split. Raises one of UNREADABLE when it cannot be decoded."""
        number = int(self.index[position])
        if not hasattr(self.dataset, "reader"):  # torchvision's own classes decode themselves
            image, label = self.dataset[number]
            return color(image), int(label)
        file, label, *_ = self.dataset.reader[number]
        with file:
            return decoded(file, upright=getattr(self.dataset, "upright", False)), int(label)

    def why(self, position: int) -> str:
        """Why an image cannot be read, in a few words."""
        try:
            self.read(position)
        except UnidentifiedImageError:  # whose text names the open file
            return "no format of images that Pillow knows"
        except UNREADABLE as error:
            return one_line(error, 200) or type(error).__name__
        return "its transform failed"

    def relabelled(self, labels: Any) -> Any:
        """The same with labels[i] in place of label i; of images in folders."""
        return replace(self, dataset=replace(self.dataset, labels=labels[self.dataset.labels]))

    def name(self, position: int) -> str:
        """File name, where the data set has one, else its number."""
        number = int(self.index[position])
        try:
            return encodable(self.dataset.filename(number, absolute=True))
        except (AttributeError, NotImplementedError, AssertionError, KeyError, TypeError):
            return f"image {number}"


@dataclass(frozen=True)
class ImageStream:
    """A split that its library gives out in an order of its own.

    size: how many images it has; open: (train, **options) -> timm's data set, for training or in order.
    """

    size: int
    open: Callable

    def __len__(self) -> int:
        return self.size


class Decoded(torch.utils.data.Dataset):
    """Samples of a split: (uint8 image (channels, r, r), label, -1 or the position of an image that cannot be read).

    A key is (position, seed); the seed is for the random parts of ``transform``, so that a sample is the same whichever
    process makes it, and after a resumption; None where nothing is random. With ``replace`` the next readable image
    stands in for one that is not; without, its label is -1.
    """

    def __init__(self, files: Any, transform: Callable, channels: int, replace: bool) -> None:
        self.files, self.transform, self.channels, self.replace = files, transform, channels, replace

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, key: tuple[int, int | None]) -> Any:
        position, seed = key
        if seed is None:
            return self.sample(position)
        with seeded(seed):
            return self.sample(position)

    def sample(self, position: int) -> Any:
        unreadable = -1
        for offset in range(ATTEMPTS if self.replace else 1):
            try:
                image, label = self.files.read((position + offset) % len(self.files))
                return self.tensor(image), label, unreadable
            except UNREADABLE:
                unreadable = position if unreadable < 0 else unreadable
        return self.tensor(Image.new("RGB", (8, 8))), -1, unreadable

    def tensor(self, image: Any) -> torch.Tensor:
        image = self.transform(image)
        return rgb_to_grayscale(image) if self.channels == 1 else image


@contextmanager
def seeded(seed: int) -> Any:
    """With the three generators seeded that timm's and torchvision's transforms draw from; in the process that trains
    they are then as they were, since dropout draws from them too."""
    states = None
    if torch.utils.data.get_worker_info() is None:
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also notes it for GPUs, which takes ten times as long
    yield
    if states:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
