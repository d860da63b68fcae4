"""From uint8 images to network inputs, a batch at a time, on the images' device."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from scaling_study.config.schema import Recipe
    from scaling_study.data.dataset import DataSet, Images


EVALUATION_BATCH = 500


def statistics(images: torch.Tensor, sample: int = 10_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Per-channel mean and standard deviation of up to ``sample`` images, each (1, channels, 1, 1) in 0 to 255."""
    values = images[:sample].float()
    mean = values.mean(dim=(0, 2, 3), keepdim=True)
    return mean, values.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-3)


def network_input(images: torch.Tensor, resolution: int, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """Resize the whole image to ``resolution`` pixels with antialiasing and normalize it.

    images: (n, channels, h, h), uint8 or float. Train and evaluation both use all of the image at every
    resolution: a crop that varied with either would be confounded with the resolution axis.
    Returns float32 (n, channels, resolution, resolution) in channels_last order.
    """
    images = images.float()
    if images.shape[-1] != resolution:
        images = F.interpolate(images, size=(resolution, resolution), mode="bilinear", antialias=True)
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def augment(images: torch.Tensor, recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """Random flip, shift and rotation per image at the native resolution, so that they mean the same at every one.

    images: uint8 (n, channels, h, w). ``recipe.shift`` is the largest displacement as a fraction of the side,
    ``recipe.rotate`` the largest angle in degrees. Uncovered borders repeat the edge.
    """
    n, device = len(images), images.device
    if recipe.flip:
        flipped = torch.rand(n, 1, 1, 1, generator=generator, device=device) < 0.5
        images = torch.where(flipped, images.flip(-1), images)
    if recipe.shift:
        images = shifted(images, recipe.shift, generator)
    if recipe.rotate:
        images = rotated(images, recipe.rotate, generator)
    return images


def shifted(images: torch.Tensor, fraction: float, generator: torch.Generator) -> torch.Tensor:
    """Move each image by whole pixels, up to ``fraction`` of the side, independently in both directions."""
    n, _, height, width = images.shape
    device = images.device

    def positions(side: int) -> torch.Tensor:
        most = round(fraction * side)
        offset = torch.randint(-most, most + 1, (n, 1), generator=generator, device=device)
        return (torch.arange(side, device=device) + offset).clamp(0, side - 1)

    rows, columns = positions(height), positions(width)
    index = torch.arange(n, device=device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def rotated(images: torch.Tensor, degrees: float, generator: torch.Generator) -> torch.Tensor:
    """Turn each image about its centre by an angle uniform in -degrees to degrees."""
    angle = (2 * torch.rand(len(images), generator=generator, device=images.device) - 1) * torch.pi * degrees / 180
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    matrix = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)


class MemoryBatches:
    """Batches of Images that live on the device, or in pinned memory where they do not fit, augmented there.

    share: (rank, processes) of this process, whose part of every batch it gives. The order is that of the epoch's seed
    for any number of processes; augmentation draws from a ``generator`` per process. normalization: (mean, standard
    deviation), each (1, channels, 1, 1) in 0 to 255; None for those of the training images.
    """

    def __init__(
        self,
        data: DataSet,
        recipe: Recipe,
        *,
        resolution: int,
        device: torch.device,
        share: tuple[int, int],
        normalization: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> None:
        self.recipe, self.device, self.share = recipe, device, share
        self.images = placed(data.train, device)
        self.splits = {"train": data.train[: len(data.val)], "val": data.val, "test": data.test}
        self.normalization = tuple(value.to(device) for value in normalization or statistics(data.train.images))
        mean, std = self.normalization
        self.prepare = partial(network_input, resolution=resolution, mean=mean, std=std)
        self.steps_per_epoch = len(data.train) // recipe.batch_size
        self.generator = torch.Generator(device)
        self.unreadable, self.unreadable_max = list(data.unreadable), None

    def train(self, epoch: int, seed: int, start: int = 0) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(inputs, labels) of the steps of one epoch from ``start`` on, as float32 and int64 on the device."""
        batches = shuffled(self.images, self.recipe.batch_size, torch.Generator().manual_seed(seed), self.share, start)
        for images, labels in batches:
            images, labels = (v.to(self.device, non_blocking=True) for v in (images, labels))
            yield self.prepare(augment(images, self.recipe, self.generator)), labels

    def evaluate(self, split: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(inputs, labels) of this process's share of a split, in order; of the training images as many as there are
        for validation."""
        rank, processes = self.share
        for images, labels in in_order(self.splits[split][rank::processes], EVALUATION_BATCH):
            yield self.prepare(images.to(self.device, non_blocking=True)), labels.to(self.device, non_blocking=True)


def placed(images: Images, device: torch.device) -> Images:
    """The training images on the device if they fit and leave half of its memory to training, else in pinned memory."""
    if device.type == "cpu" or images.images.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return images.to(device)
    return type(images)(images.images.pin_memory(), images.labels.pin_memory())


def shuffled(
    images: Images, batch_size: int, generator: torch.Generator, share: tuple[int, int] = (0, 1), start: int = 0
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of one epoch in random order, from number ``start`` on, of each the share of one of several processes;
    the last images that fill no batch wait for another epoch."""
    order = torch.randperm(len(images), generator=generator).to(images.labels.device)
    rank, processes = share
    for index in order[: len(order) // batch_size * batch_size].split(batch_size)[start:]:
        own = index[rank::processes]
        yield images.images[own], images.labels[own]


def in_order(images: Images, batch_size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """All images, in batches, in order."""
    for start in range(0, len(images), batch_size):
        yield images.images[start : start + batch_size], images.labels[start : start + batch_size]


def make_batches(data: DataSet, recipe: Recipe, *, auto_augment: str | None = None, **options: Any) -> Any:
    """Batches of a data set in memory or of one that is read from files."""
    if data.loading is None:
        return MemoryBatches(data, recipe, **options)
    from scaling_study.data.file_batches import FileBatches  # timm's transforms, which take a second to import
    from scaling_study.data.files import ImageStream
    from scaling_study.data.stream_batches import StreamBatches

    kind = StreamBatches if isinstance(data.train, ImageStream) else FileBatches
    return kind(data, recipe, auto_augment=auto_augment, **options)
