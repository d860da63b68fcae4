"""Batches of images that are read from files, in an order that follows from the epoch's seed alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from timm.data import create_transform

from scaling_study.data.files import Decoded
from scaling_study.data.readers import EVALUATION_BATCH, evaluation_loader, loader_of
from scaling_study.data.transforms import (
    crop_fraction,
    imagenet_normalization,
    training_transform,
    transform_size,
)
from scaling_study.data.unreadable import Unreadable
from scaling_study.errors import StudyError

if TYPE_CHECKING:
    from scaling_study.config.schema import Recipe
    from scaling_study.data.dataset import DataSet


class FileBatches:
    """Batches of ImageFiles, normalized, on ``device``, the share of one of several processes.

    An epoch's order and every sample's augmentation follow from the epoch's seed alone: neither the number of workers
    nor of processes changes them, and an epoch can be entered at any step. (timm's create_loader takes no sampler, so
    the loader is torch's, and the transforms timm's.)
    Unreadable images are named in a warning and counted; more than ``unreadable_max`` raise StudyError.
    """

    def __init__(
        self,
        data: DataSet,
        recipe: Recipe,
        *,
        resolution: int,
        device: torch.device,
        share: tuple[int, int],
        auto_augment: str | None = None,
        normalization: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> None:
        self.device, self.share, self.loading = device, share, data.loading
        self.batch_size = recipe.batch_size
        self.splits = {"train": data.train, "val": data.val, "test": data.test}
        self.pin_memory = device.type == "cuda"
        self.classes = data.classes
        self.steps_per_epoch = len(data.train) // recipe.batch_size
        self.faults = Unreadable(self.loading.unreadable_max)
        self.unreadable, self.unreadable_max = self.faults.names, self.faults.allowed
        channels = self.loading.channels
        self.normalization = tuple(v.to(device) for v in normalization or imagenet_normalization(channels))
        self.transforms = {
            "train": training_transform(self.loading, recipe, resolution, auto_augment),
            "evaluation": create_transform(
                is_training=False,
                crop_pct=self.loading.crop_fraction or crop_fraction(resolution),
                **transform_size(self.loading, resolution),
            ),
        }
        self.order = EpochOrder(len(data.train), recipe.batch_size, share)
        self.loader: Any = None
        self.evaluation_loaders: dict[str, Any] = {}
        self.generator = None  # all that is random here is seeded sample by sample

    def train(self, epoch: int, seed: int, start: int = 0) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(inputs, labels) of the steps of one epoch from ``start`` on."""
        self.order.seed, self.order.start = seed, start
        if self.loader is None:  # made once: its workers stay from epoch to epoch
            samples = Decoded(self.splits["train"], self.transforms["train"], self.loading.channels, replace=True)
            small = self.batch_size // self.share[1] <= EVALUATION_BATCH
            options = {"pin_memory": self.pin_memory, "persistent": True, "small": small}
            self.loader = loader_of(samples, self.order, self.loading, **options)
        return self.delivered("train", self.loader)

    def evaluate(self, split: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(inputs, labels) of this process's share of a split, in order, without augmentation.

        Of the training images as many as there are for validation.
        """
        files = self.splits[split]
        count = min(len(files), len(self.splits["val"])) if split == "train" else len(files)
        if split not in self.evaluation_loaders:
            rank, processes = self.share
            options = {"pin_memory": self.pin_memory, "persistent": split == "val"}  # which every epoch ends with
            transform, positions = self.transforms["evaluation"], range(rank, count, processes)
            self.evaluation_loaders[split] = evaluation_loader(files, transform, self.loading, positions, **options)
        return self.delivered(split, self.evaluation_loaders[split])

    def delivered(self, split: str, loader: Iterable[Any]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for images, labels, unreadable in loader:
            self.faults.note(self.splits[split], unreadable)
            if (labels < 0).any():
                images, labels = images[labels >= 0], labels[labels >= 0]
            if len(labels) and labels.max() >= self.classes:
                raise StudyError(f"data.classes={self.classes}: the {split} split has a label {int(labels.max())}")
            images, labels = (v.to(self.device, non_blocking=True) for v in (images, labels))
            yield self.prepare(images), labels

    def prepare(self, images: torch.Tensor) -> torch.Tensor:
        images = images.contiguous(memory_format=torch.channels_last).float()
        mean, std = self.normalization
        return images.sub_(mean).div_(std)


class EpochOrder:
    """A batch sampler, of lists of (position, sample seed); ``seed`` sets its epoch, which begins at step ``start``."""

    def __init__(self, images: int, batch_size: int, share: tuple[int, int]) -> None:
        self.images, self.batch_size, self.share = images, batch_size, share
        self.seed, self.start = 0, 0

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order = torch.randperm(self.images, generator=torch.Generator().manual_seed(self.seed))
        rank, processes = self.share
        for step in range(self.start, len(self)):
            batch = order[step * self.batch_size :][: self.batch_size][rank::processes].tolist()
            yield [(position, (1_000_003 * self.seed + position) % 2**63) for position in batch]

    def __len__(self) -> int:
        return self.images // self.batch_size
