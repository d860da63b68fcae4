"""Loading any data set by its config group, split and capped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scaling_study.data import custom, shape_of, source_of
from scaling_study.data.dataset import DataSet, Images, Loading
from scaling_study.errors import ConfigError, StudyError, encodable

if TYPE_CHECKING:
    from scaling_study.config.schema import Data
    from scaling_study.data import Source


SPLIT_SEED = 20190528  # of the validation split: the same for every study, whatever its seed


def load_data(data: Data) -> DataSet:
    """Load the data set that the config group ``data`` names, or open it where its images are read from files.

    The validation split is taken from the training images by a permutation with a fixed seed, unless the data set has
    one of its own; ``data.train_images`` caps what remains. Raises StudyError when files are missing or corrupt,
    ConfigError when the data set has fewer images than asked for.
    """
    source, (classes, _) = source_of(data.name), shape_of(data)
    if source.module is None:
        raise StudyError(f"data={data.name} is a size without images, for task=cost and task=latency only")
    if source.images:
        require_enough(source, data)
    if source.files:
        train, val, test = source.open_splits(data)
    elif data.name == "custom":
        (train, test), val = custom.load(data.loader), None
    else:
        needed = None if data.train_images is None else data.train_images + (data.val_images or 0)
        (train, test), val = source.load(data.root, needed, data.test_images), None
    for split, images in (("training", train), ("test", test)):
        check(data.name, split, images, classes)
    if val is None:
        train, val = separated(train, data)
    check(data.name, "validation", val, classes)
    splits = {"train": train, "val": val, "test": test}
    own_val = data.val_split is not None and hasattr(val, "__getitem__")  # a stream is used whole
    caps = {"train": data.train_images, "val": data.val_images if own_val else None, "test": data.test_images}
    splits = {split: capped(mixed(images, caps[split]), caps[split], split, data) for split, images in splits.items()}
    if not source.files:
        return DataSet(classes, **splits)
    dataset = DataSet(classes, **splits, loading=loading_of(data), class_names=names_of(data))
    return decoded(dataset, data)


def names_of(data: Data) -> tuple[str, ...] | None:
    """Names of the classes, as texts that any file can hold; None where labels are all that is known."""
    if data.name != "imagefolder":
        return None
    from scaling_study.data.classes import class_names

    return tuple(map(encodable, class_names(data)))


def require_enough(source: Source, data: Data) -> None:
    """Raise ConfigError for more images than there are, before they are drawn or downloaded."""
    (train, test), val = source.images or (0, 0), data.val_images or 0
    if val >= train:
        raise ConfigError("data.val_images", val, f"must leave some of the {train} training images")
    for split, available in (("train", train - val), ("test", test)):
        if (cap := getattr(data, f"{split}_images")) is not None and cap > available:
            raise ConfigError(f"data.{split}_images", cap, f"must be at most {available}, what {data.name} has")


def separated(train: Any, data: Data) -> tuple[Any, Any]:
    """(training, validation) images of a training split."""
    available = len(train) - (data.val_images or 0)
    if available < 1:
        raise ConfigError("data.val_images", data.val_images, f"must leave some of the {len(train)} training images")
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(SPLIT_SEED))
    return train[order[data.val_images :]], train[order[: data.val_images]]


def mixed(images: Any, cap: int | None) -> Any:
    """Image files that are to be capped, in a fixed random order: their own is that of the classes."""
    if cap is None or isinstance(images, Images) or not hasattr(images, "__getitem__"):
        return images
    return images[torch.randperm(len(images), generator=torch.Generator().manual_seed(SPLIT_SEED))]


def capped(images: Any, cap: int | None, split: str, data: Data) -> Any:
    """The first ``cap`` images, all for None."""
    if cap is None or (cap == len(images)):
        return images
    if cap > len(images):
        if split == "val":
            return images
        raise ConfigError(f"data.{split}_images", cap, f"must be at most {len(images)}, what {data.name} has")
    if not hasattr(images, "__getitem__"):
        raise ConfigError(f"data.{split}_images", cap, f"{data.name} is a stream, which is used whole; give null")
    return images[:cap]


def loading_of(data: Data) -> Loading:
    keys = ("crop_fraction", "interpolation", "unreadable_max")
    return Loading(channels=shape_of(data)[1], **{key: getattr(data, key) for key in keys})


def decoded(dataset: DataSet, data: Data) -> DataSet:
    """With ``data.in_memory`` the data set as Images, else as it is."""
    if not data.in_memory:
        return dataset
    from scaling_study.data.memory import in_memory

    return in_memory(dataset, data.memory_resolution)


def check(name: str, split: str, images: Any, classes: int) -> None:
    """Refuse what no network could be trained on."""
    if not len(images):
        raise StudyError(f"data={name}: the {split} split is empty")
    if not isinstance(images, Images):
        return  # labels of files are known when they are read
    if len(images.images) != len(images.labels):
        raise StudyError(f"data={name}: {len(images.images)} {split} images but {len(images.labels)} labels")
    low, high = int(images.labels.min()), int(images.labels.max())
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        raise StudyError(f"data={name}: a {split} label is {wrong}; allowed are 0 to {classes - 1}")
