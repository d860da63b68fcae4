"""Batches of streams of images, as timm reads them from shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from timm.data import create_loader

from scaling_study.data.readers import EVALUATION_BATCH
from scaling_study.data.transforms import augmentation, crop_fraction, imagenet_normalization

if TYPE_CHECKING:
    from scaling_study.config.schema import Recipe
    from scaling_study.data.dataset import DataSet


class StreamBatches:
    """Batches of ImageStreams, by timm's create_loader: order and augmentation are the library's, so that a resumed
    run sees other images than one that was not stopped; an epoch is entered at a later step by passing over batches.
    Images that the library cannot decode are left out and logged by the library itself."""

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
        self.device, self.loading = device, data.loading
        self.splits = {"train": data.train, "val": data.val, "test": data.test}
        self.batch_size = recipe.batch_size // share[1]
        self.steps_per_epoch = len(data.train) // recipe.batch_size
        self.unreadable: list[str] = []
        self.unreadable_max = self.generator = None
        self.loader: Any = None
        self.augmentation = augmentation(recipe, auto_augment)
        self.normalization = normalization or imagenet_normalization(self.loading.channels)
        mean, std = (tuple((values / 255).flatten().tolist()) for values in self.normalization)
        self.options: dict[str, Any] = {
            "input_size": (self.loading.channels, resolution, resolution),
            "interpolation": self.loading.interpolation,
            "crop_pct": self.loading.crop_fraction or crop_fraction(resolution),
            "mean": mean,
            "std": std,
            "device": device,
            "num_workers": self.loading.workers,
            "pin_memory": device.type == "cuda",
        }

    def train(self, epoch: int, seed: int, start: int = 0) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        if self.loader is None:
            dataset = self.splits["train"].open(train=True, batch_size=self.batch_size, seed=seed)
            self.loader = self.make_loader(dataset, self.batch_size, is_training=True, **self.augmentation)
        self.loader.dataset.set_epoch(epoch)
        return channels_last(islice(self.loader, start, self.steps_per_epoch))

    def evaluate(self, split: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        dataset = self.splits[split].open(train=False)
        loader = self.make_loader(dataset, EVALUATION_BATCH, is_training=False, persistent_workers=False)
        most = -(-len(self.splits["val"]) // EVALUATION_BATCH) if split == "train" else None
        return channels_last(islice(loader, most))

    def make_loader(self, dataset: Any, batch_size: int, **options: Any) -> Any:
        return create_loader(dataset, batch_size=batch_size, **self.options, **options)


def channels_last(batches: Iterable) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for images, labels in batches:
        yield images.contiguous(memory_format=torch.channels_last), labels
