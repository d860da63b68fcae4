"""A data set as a value: images in memory or files, in three splits, and how files are read."""

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Loading:
    """How images are read: keys of the config group ``data``, and ``workers``, the processes that read."""

    channels: int
    crop_fraction: float | None
    interpolation: str
    unreadable_max: int
    workers: int = 1


@dataclass(frozen=True)
class Images:
    """images: uint8 (n, channels, height, width), height = width; labels: int64 (n,)."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Any) -> "Images":
        return Images(self.images[index], self.labels[index])

    def relabelled(self, labels: Any) -> "Images":
        """The same with labels[i] in place of label i."""
        return Images(self.images, torch.as_tensor(labels)[self.labels])

    def to(self, device: torch.device) -> "Images":
        return Images(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class DataSet:
    """A classification task: three disjoint splits and the number of classes.

    The splits are Images, or ImageFiles or ImageStreams that are read by ``loading``.
    """

    classes: int
    train: Any
    val: Any
    test: Any
    loading: Loading = None  # type: ignore[assignment]  # of images from files
    unreadable: tuple = ()  # names of images that were left out when the set was read into memory
    class_names: tuple | None = None  # of folders of images, in the order of their labels

    @property
    def channels(self) -> int:
        return self.loading.channels if self.loading else self.train.images.shape[1]

    @property
    def native_resolution(self) -> int | None:
        """Pixels of a side; None of images from files, which may differ."""
        return None if self.loading else self.train.images.shape[-1]
