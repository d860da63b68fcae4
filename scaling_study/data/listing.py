"""What a folder of images holds: the one listing from which labels, counts, identity and messages come.

A class is a folder directly under the folder of a split; images in folders within it are its too. Hidden files and
folders and those that systems leave behind are passed over; other files that are no images are not used, and reported.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scaling_study.errors import StudyError, encodable

LEFT_BEHIND = ("thumbs.db", "desktop.ini", "__macosx")  # by systems that people keep pictures on
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA", "QOI")
NAMED = 5  # classes or files that a message names
# Tiny-ImageNet's validation: one folder, and a table of classes.
ANNOTATED, ANNOTATIONS = "images", "val_annotations.txt"


@dataclass(frozen=True)
class Listing:
    """One split. Names are relative to ``folder``, with /, in natural order.

    classes: the folders directly under it, in text order; images: those that are used, ``owners`` their classes;
    loose: images directly under it, which belong to no class; unused: what is no image, loose images apart.
    """

    folder: Path
    classes: tuple
    images: tuple
    owners: tuple
    loose: tuple
    unused: tuple


@cache
def endings() -> frozenset[str]:
    """Endings, in small letters, of the image formats that this Pillow can decode."""
    from PIL import Image

    return frozenset(ending for ending, name in Image.registered_extensions().items() if name in FORMATS)


def list_split(folder: Path) -> Listing:
    """The Listing of a folder. Raises StudyError when it, or a folder in it, cannot be read."""
    folder = Path(folder)
    classes, loose, unused = directly_in(folder)
    owner_of = annotated(folder, classes)
    images: Any = []
    owners: dict[str, Any] = {}
    for name in classes:
        found, other = files_of(folder, name)
        images += found
        owners |= dict.fromkeys(found, name)
        unused += other
    if owner_of:
        owners = {image: owner_of.get(image.rpartition("/")[2]) for image in images}
        unused += [image for image in images if owners[image] is None]
        images = [image for image in images if owners[image] is not None]
        unused = [name for name in unused if name != ANNOTATIONS]
        classes = tuple(sorted(set(owner_of.values())))
    images = in_order(images)
    return Listing(folder, classes, images, tuple(owners[i] for i in images), in_order(loose), in_order(unused))


def directly_in(folder: Path) -> tuple:
    """(folders in text order, images, other files) directly in a folder."""
    folders: list = []
    images: list = []
    other: list = []
    for entry in entries(folder):
        kind = folders if is_folder(entry) else images if is_image(entry) else other
        kind.append(entry.name)
    return tuple(sorted(folders)), images, other


def files_of(folder: Path, name: str) -> tuple:
    """(images, other files) of the class folder ``name`` under ``folder``, however deep."""
    images: list = []
    other: list = []
    gather(folder / name, f"{name}/", {same(folder), same(folder / name)}, images, other)
    return images, other


def gather(folder: Path, prefix: str, above: Any, images: Any, other: Any) -> None:
    """Add the names of the files in a folder to ``images`` or ``other``; a link to one of the folders ``above`` is not
    followed."""
    for entry in entries(folder):
        name = prefix + entry.name
        if not is_folder(entry):
            (images if is_image(entry) else other).append(name)
        elif (itself := same(entry.path)) in above:
            other.append(name)
        else:
            gather(entry.path, f"{name}/", {*above, itself}, images, other)


def entries(folder: Path) -> list:
    """The entries of a folder that are not passed over. Raises StudyError."""
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not passed_over(entry.name)]
    except OSError as error:
        raise StudyError(f"{folder} cannot be read: {error.strerror}") from error


def passed_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def is_folder(entry: Any) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def is_image(entry: Any) -> bool:
    """Whether it is a regular file, or a link to one, with the ending of an image: a FIFO is never opened."""
    if os.path.splitext(entry.name)[1].lower() not in endings():
        return False
    try:
        return entry.is_file()
    except OSError:
        return False


def same(folder: Path) -> tuple[int, int]:
    """What two paths to one folder share."""
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def annotated(folder: Path, classes: Any) -> Any:
    """The class of each file name in Tiny-ImageNet's layout of validation, val/images/ and val/val_annotations.txt with
    lines of a file and its class; None in every other."""
    if classes != (ANNOTATED,) or not (folder / ANNOTATIONS).is_file():
        return None
    lines = (folder / ANNOTATIONS).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return {fields[0]: fields[1] for line in lines if len(fields := line.split("\t")) > 1}


def natural_key(name: str) -> list:
    """timm's order, in which 2 comes before 10, without its fault at digits that are no decimals, as ²."""
    parts = re.split(r"(\d+)", name.lower())
    parts[1::2] = map(int, parts[1::2])
    return parts


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names in natural order; of equal ones, as 1.jpg and 01.jpg, the text decides, and never the file system."""
    return tuple(sorted(names, key=lambda name: (natural_key(name), name)))


def some(names: Sequence[str], most: int = NAMED) -> str:
    """a, b, c and 3 more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return encodable(", ".join(names[:most])) + more


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """1 image, 3 images."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
