"""Image files in a folder per class: ``root/train/class/image`` and ``root/val/class/image``, ImageNet's among them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scaling_study.data.classes import class_names, text_order_of_numbers
from scaling_study.data.files import ImageFiles
from scaling_study.data.layout import not_used, require_classes, require_images
from scaling_study.data.listing import directly_in, list_split, some
from scaling_study.errors import ConfigError, StudyError

if TYPE_CHECKING:
    from scaling_study.config.schema import Data


@dataclass(frozen=True)
class FolderImages:
    """The images of one folder, by number, as timm's data sets give theirs; turned as their EXIF data require.

    names: relative to ``folder``; labels: int64 (n,).
    """

    folder: str
    names: tuple
    labels: np.ndarray
    upright = True

    def __len__(self) -> int:
        return len(self.names)

    @property
    def reader(self) -> Any:
        return self

    def __getitem__(self, number: int) -> tuple[Any, int]:
        return open(self.filename(number), "rb"), self.labels[number]

    def filename(self, number: int, absolute: bool = True) -> str:
        return os.path.join(self.folder, self.names[number])


def open_splits(data: Data) -> list:
    """(train, val or None, test) as ImageFiles; labels are the places of the class folders of the training split.

    Raises StudyError for a class without training images and for one that only another split has, ConfigError for a
    folder that is missing. Classes that another split has no images of, and files that are not used, are reported in
    warnings.
    """
    classes = class_names(data)
    if data.classes not in (None, len(classes)):
        raise ConfigError("data.classes", data.classes, f"{data.root}/{data.train_split} has {len(classes)}")
    if data.class_map is None and (line := text_order_of_numbers(classes)):
        warnings.warn(f"{data.root}: {line}", stacklevel=2)
    splits, known = [], {}
    for key in ("train_split", "val_split", "test_split"):
        name = getattr(data, key)
        if name is not None and name not in known:
            known[name] = open_split(data, key, name, classes)
        splits.append(None if name is None else known[name])
    return splits


def open_split(data: Data, key: str, name: str, classes: Sequence[str]) -> ImageFiles:
    root = Path(str(data.root))
    folder = root / name
    if not folder.is_dir():
        there = directly_in(root)[0]
        raise ConfigError(f"data.{key}", name, f"there is no folder {folder}, only {some(there)}")
    listing = list_split(folder)
    require_classes(folder, listing.classes, listing.loose)
    if unknown := [label for label in listing.classes if label not in classes]:
        verb = "is" if len(unknown) == 1 else "are"
        raise StudyError(f"data=imagefolder: {listed(unknown)} {verb} in {folder} but not in {data.train_split}/")
    require_images(listing)
    if line := not_used(listing):
        warnings.warn(line, stacklevel=2)
    numbers = {label: number for number, label in enumerate(classes)}
    labels = np.array([numbers[owner] for owner in listing.owners], dtype=np.int64)
    counts = np.bincount(labels, minlength=len(classes))
    empty = [label for label, count in zip(classes, counts, strict=True) if count == 0]
    if key == "train_split" and (without := [label for label in empty if label in listing.classes]):
        raise StudyError(f"data=imagefolder: {listed(without)} in {folder} has no images to learn from")
    if empty:
        so = "of which accuracy is not measured" if key != "train_split" else "which data.class_map names"
        warnings.warn(f"{folder} has no images of {listed(empty)}, {so}", stacklevel=2)
    return ImageFiles(FolderImages(str(folder), listing.images, labels), np.arange(len(labels)))


def listed(names: Sequence[str]) -> str:
    """class a, or classes a, b, c and 3 more."""
    return ("class " if len(names) == 1 else "classes ") + some(names)
