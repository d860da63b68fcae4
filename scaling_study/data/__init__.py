"""Data sets as uint8 image tensors, and batches of them on the device."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Source:
    """Where a data set comes from.

    module: has ``load(root, train_images, test_images)``, which returns a pair of Images, train and test; the
        counts say how many are needed at most (None: all). None for a size without images, for measuring costs.
    classes: number of labels, from 0.
    channels: of an image.
    version: raised when its images or labels change, which makes runs on it other runs.
    """

    module: str | None
    classes: int
    channels: int
    version: int = 1

    @property
    def load(self) -> Callable:
        return import_module(self.module).load


SOURCES = {
    "fractals": Source("scaling_study.data.fractals", classes=200, channels=1),
    "fashion_mnist": Source("scaling_study.data.fashion_mnist", classes=10, channels=1),
    "cifar10": Source("scaling_study.data.cifar10", classes=10, channels=3),
    "cifar100": Source("scaling_study.data.cifar100", classes=100, channels=3),
    "elpv": Source("scaling_study.data.elpv", classes=4, channels=1),
    "imagenet_size": Source(None, classes=1000, channels=3),
}
