"""Image files in a folder per class: ``root/train/class/image`` and ``root/val/class/image``, ImageNet's among them."""

import warnings
from pathlib import Path

import numpy as np
from timm.data import create_dataset

from scaling_study.data import class_folders
from scaling_study.data.files import ImageFiles
from scaling_study.errors import ConfigError, StudyError

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")  # of image files
NAMED = 5  # classes or files that a message names


def open_splits(data):
    """(train, val or None, test) as ImageFiles; labels are the places of the class folders of the training split.

    Raises StudyError for a class without training images and for one that only another split has, ConfigError for a
    folder that is missing. Classes that another split has no images of are told in a warning, as accuracy on them is
    not measured.
    """
    classes = class_folders(data.root, data.train_split)
    if data.classes not in (None, len(classes)):
        raise ConfigError("data.classes", data.classes, f"{data.root}/{data.train_split} has {len(classes)}")
    splits = []
    for key in ("train_split", "val_split", "test_split"):
        name = getattr(data, key)
        splits.append(None if name is None else open_split(data, key, name, classes))
    return splits


def open_split(data, key, name, classes):
    folder = Path(data.root) / name
    if not folder.is_dir():
        raise ConfigError(f"data.{key}", name, f"there is no folder {folder}")
    refuse_unknown(folder, name, classes, data.train_split)
    labels = {label: number for number, label in enumerate(classes)}
    dataset = create_dataset("", root=str(folder), search_split=False, class_map=labels, input_key=";".join(ENDINGS))
    files = ImageFiles(dataset, np.arange(len(dataset)))
    counts = np.bincount([label for _, label in dataset.reader.samples], minlength=len(classes))
    empty = [classes[label] for label in np.flatnonzero(counts == 0)]
    if empty and key == "train_split":
        raise StudyError(f"data=imagefolder: {listed(empty)} in {folder} has no images to learn from")
    if empty and len(files):
        warnings.warn(f"{folder} has no images of {listed(empty)}, of which accuracy is not measured", stacklevel=2)
    return files


def refuse_unknown(folder, name, classes, train_split):
    unknown = sorted({entry.name for entry in folder.iterdir() if entry.is_dir()} - set(classes))
    if unknown:
        raise StudyError(f"data=imagefolder: {listed(unknown)} is in {folder} but not in {train_split}/")


def listed(names):
    """class a, or classes a, b, c and 3 more."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ("class " if len(names) == 1 else "classes ") + ", ".join(names[:NAMED]) + more
