"""The classes of a folder of images, and which label each has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_study.data.layout import require_classes, require_root
from scaling_study.data.listing import directly_in, files_of, in_order, some
from scaling_study.errors import ConfigError, StudyError

if TYPE_CHECKING:
    from scaling_study.config.schema import Data


NATURAL = "natural"
VAL_IMAGES_MAX = 10_000


def class_names(data: Data) -> tuple[str, ...]:
    """Names of the classes of the config group ``data``, the one with label 0 first.

    Without ``data.class_map`` those of the folders under ROOT/train/ in text order.
    Raises ConfigError or StudyError where there are none, or ``data.class_map`` lacks one.
    """
    return named(data.root, data.train_split, data.class_map)


@cache
def named(root: Any, split: str, class_map: str | None) -> tuple[str, ...]:
    folders = class_folders(root, split)
    if class_map is None:
        return folders
    if class_map == NATURAL:
        return in_order(folders)
    labels = read_class_map(class_map, root, folders)
    if missing := [name for name in folders if name not in labels]:
        raise ConfigError("data.class_map", class_map, f"must name every folder of {split}/ and lacks {some(missing)}")
    if sorted(labels.values()) != list(range(len(labels))):
        raise ConfigError("data.class_map", class_map, f"its labels must be 0 to {len(labels) - 1}, each of one name")
    return tuple(sorted(labels, key=lambda name: labels[name]))


def class_folders(root: Any, split: str) -> tuple[str, ...]:
    """Names of the folders under ``root``/``split``, one per class, in text order, that of all earlier runs."""
    require_root(root, split)
    folder = Path(root) / split
    folders, images, _ = directly_in(folder)
    require_classes(folder, folders, images)
    return folders


@cache
def default_val_images(root: Any, split: str, val_split: str | None) -> int:
    """A tenth of the training images, at least one per class and at most VAL_IMAGES_MAX; so many of a split of its own.

    Looks no further than it must: at ImageNet's first hundred classes.
    """
    if val_split is not None:
        return VAL_IMAGES_MAX
    folders, images = class_folders(root, split), 0
    for name in folders:
        images += len(files_of(Path(root) / split, name)[0])
        if images >= 10 * VAL_IMAGES_MAX:
            break
    return max(1, min(VAL_IMAGES_MAX, max(images // 10, len(folders))))


def read_class_map(path: str, root: Any, folders: Sequence[str]) -> dict[str, int]:
    """Label of each name in a text file, which holds a name and its label a line, or, as timm's, names alone in the
    order of their labels. A path is relative to the working directory or to ``data.root``."""
    file = next((place for place in (Path(path).expanduser(), Path(root) / path) if place.is_file()), None)
    if file is None:
        raise ConfigError("data.class_map", path, f"must be null, {NATURAL} or a text file; there is no such file")
    try:
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise ConfigError("data.class_map", path, f"cannot be read: {error.strerror}") from error
    lines = [line.strip() for line in lines if line.strip()]
    pairs = [line.rsplit(None, 1) for line in lines]
    if set(folders) <= set(lines) or not all(len(pair) == 2 and pair[1].isdecimal() for pair in pairs):
        return {line: label for label, line in enumerate(lines)}
    if len({name for name, _ in pairs}) < len(pairs):
        raise StudyError(f"data.class_map={path}: a name stands in it twice")
    return {name: int(label) for name, label in pairs}


def text_order_of_numbers(names: Sequence[str]) -> str | None:
    """A line about classes that are named by numbers and yet labelled in the order of text, or None."""
    if not all(name.isdecimal() for name in names) or list(names) == sorted(names, key=int):
        return None
    return (
        f"the classes are numbers, and their labels follow the order of text ({some(names, 4)}); "
        f"data.class_map={NATURAL} labels them {some(in_order(names), 4)}"
    )
