"""Small sets of image files, decoded once into memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from timm.data import create_transform

from scaling_study.data.dataset import DataSet, Images
from scaling_study.data.readers import evaluation_loader
from scaling_study.data.transforms import transform_size
from scaling_study.data.unreadable import Unreadable
from scaling_study.errors import ConfigError

if TYPE_CHECKING:
    from scaling_study.data.dataset import Loading


def in_memory(dataset: DataSet, resolution: int) -> DataSet:
    """The DataSet of ImageFiles as one of Images: the short side scaled to ``resolution`` pixels, and the centre of it.

    Raises StudyError for more unreadable images than ``data.unreadable_max``, ConfigError for a stream.
    """
    if not hasattr(dataset.train, "read"):
        raise ConfigError("data.in_memory", True, "a stream is not read into memory")
    loading = replace(dataset.loading, crop_fraction=1.0)
    unreadable = Unreadable(loading.unreadable_max)
    splits: Any = {
        name: read(getattr(dataset, name), loading, resolution, unreadable) for name in ("train", "val", "test")
    }
    rest: Any = {"unreadable": tuple(unreadable.names), "class_names": dataset.class_names}
    return DataSet(dataset.classes, **splits, **rest)


def read(files: Any, loading: Loading, resolution: int, unreadable: Unreadable) -> Images:
    """One split as Images, without the images that cannot be read."""
    transform = create_transform(is_training=False, crop_pct=1.0, **transform_size(loading, resolution))
    images, labels = [], []
    for batch, targets, wrong in evaluation_loader(files, transform, loading, range(len(files))):
        unreadable.note(files, wrong)
        images.append(batch[targets >= 0])
        labels.append(targets[targets >= 0])
    return Images(torch.cat(images), torch.cat(labels))
