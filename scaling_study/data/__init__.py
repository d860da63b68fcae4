"""Data sets: which there are, and what is known of each without an image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from scaling_study.errors import ConfigError

if TYPE_CHECKING:
    from scaling_study.config.schema import Data


LIBRARIES = ("hfds", "hfids", "wds", "tfds", "torch")  # behind timm.data.create_dataset
STREAMS = ("hfids", "wds", "tfds")  # of which images come in the order of the library, not in ours


@dataclass(frozen=True)
class Source:
    """Where a data set comes from.

    module: has ``load(root, train_images, test_images)``, which returns a pair of Images, train and test; the
        counts limit how many are needed (None: all). With ``files``, ``open_splits(data)``, which returns the
        splits train, val (None: to be taken from train) and test, whose images are read when they are needed.
        None for a size without images, for measuring costs.
    classes: number of labels, from 0; None: set by the config, or the folder.
    channels: of an image; None: set by the config.
    images: how many there are for training and for testing; None: known when they are loaded.
    version: raised when its images or labels change, which makes runs on it other runs.
    """

    module: str | None
    classes: int | None
    channels: int | None
    version: int = 1
    files: bool = False
    images: tuple[int, int] | None = None

    @property
    def load(self) -> Callable:
        return import_module(str(self.module)).load

    @property
    def open_splits(self) -> Callable:
        return import_module(str(self.module)).open_splits


LOADER = ("data.loader", "scaling_study.data")  # config key and entry points of the functions of data=custom
SOURCES = {
    "fractals": Source("scaling_study.data.fractals", classes=200, channels=1, images=(30_000, 10_000)),
    "fractals_v2": Source("scaling_study.data.fractals_v2", classes=100, channels=1, images=(104_000, 10_000)),
    "fashion_mnist": Source("scaling_study.data.fashion_mnist", classes=10, channels=1, images=(60_000, 10_000)),
    "cifar10": Source("scaling_study.data.cifar10", classes=10, channels=3, images=(50_000, 10_000)),
    "cifar100": Source("scaling_study.data.cifar100", classes=100, channels=3, images=(50_000, 10_000)),
    "elpv": Source("scaling_study.data.elpv", classes=4, channels=1),
    "custom": Source("scaling_study.data.custom", classes=None, channels=None),
    "imagenet_size": Source(None, classes=1000, channels=3),
    "imagefolder": Source("scaling_study.data.imagefolder", classes=None, channels=None, files=True),
}
TIMM = Source("scaling_study.data.timm_sets", classes=None, channels=None, files=True)


def source_of(name: str) -> Source:
    """The entry for the config key ``data.name``. Raises ConfigError for a name that there is none for."""
    library, slash, rest = name.partition("/")
    if slash and rest and library in LIBRARIES:
        return TIMM
    if name not in SOURCES:
        libraries = ", ".join(f"{library}/NAME" for library in LIBRARIES)
        raise ConfigError("data.name", name, f"must be one of {', '.join(SOURCES)}, or with data=timm {libraries}")
    return SOURCES[name]


def shape_of(data: Data) -> tuple[int, int]:
    """(classes, channels) of the config group ``data``; of image files, the folders under train/ are counted.

    Raises ConfigError or StudyError when neither the config nor the folder gives the number of classes.
    """
    source = source_of(data.name)
    if data.name == "custom":
        from scaling_study.data import custom

        return custom.shape(data.loader)
    if not source.files:
        return source.classes, source.channels  # type: ignore[return-value]  # known of every set in memory
    channels = data.channels or 3
    if data.classes is not None:
        return data.classes, channels
    if source is TIMM:
        raise ConfigError("data.classes", None, f"data.name={data.name} needs the number of its classes")
    from scaling_study.data.classes import class_names

    return len(class_names(data)), channels


def with_val_images(data: Data) -> Data:
    """The config group ``data`` with a number in place of a null ``val_images``, which only image folders may have."""
    if data.val_images is not None:
        return data
    from scaling_study.data.classes import default_val_images

    return replace(data, val_images=default_val_images(data.root, data.train_split, data.val_split))


def size_of(data: Data) -> dict[str, int]:
    """The same as keywords."""
    classes, channels = shape_of(data)
    return {"classes": classes, "channels": channels}
