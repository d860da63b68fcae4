"""A fingerprint that identifies a folder of images, wherever it lies, from a sample of its files."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from scaling_study.data.listing import ANNOTATIONS, directly_in, files_of, in_order
from scaling_study.errors import StudyError

CLASSES, SIZES, CONTENTS = 64, 400, 64  # folders listed, files whose size and files whose content is looked at, at most
PIECE = 4096  # bytes, at the head and in the middle of a file
EARLIER_CLASSES = 8
EARLIER_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
ORIENTATION = 0x0112


@cache
def fingerprint(root: str | Path, split: str) -> list | None:
    """The names of the classes of a split, and of a sample of what is read as images the names, sizes and pieces of the
    content. None where there is no such folder, which whoever needs it refuses."""
    folder = Path(root) / split
    try:
        names, _, other = directly_in(folder)
        found = {name: in_order(files_of(folder, name)[0]) for name in evenly(names, CLASSES)}
    except (StudyError, OSError):
        return None
    sample = evenly([image for images in found.values() for image in images], SIZES)
    sizes = [[name, size_of_file(folder / name)] for name in sample]
    contents = [piece(folder / name) for name in evenly(sample, CONTENTS)]
    table = [piece(folder / ANNOTATIONS)] if ANNOTATIONS in other else []
    return [list(names), [len(images) for images in found.values()], sizes, contents, *table]


@cache
def earlier_fingerprint(root: str | Path, split: str) -> list | None:
    """By which records of an earlier time know a folder: the names of its classes, and of the files of some of them."""
    names = sorted(entry.name for entry in os.scandir(Path(root) / split) if entry.is_dir())
    return [names, [sorted(os.listdir(Path(root) / split / name)) for name in evenly(names, EARLIER_CLASSES)]]


@cache
def read_alike(root: str | Path, splits: Sequence[str]) -> bool:
    """Whether the images of some splits were read earlier as they are now, as far as a sample shows: no hidden classes,
    images in folders of a class, endings that were not known, turned photographs, or depths that came out black."""
    for folder in (Path(root) / split for split in splits):
        try:
            names, _, _ = directly_in(folder)
            if list(names) != sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()):
                return False
            for name in evenly(names, EARLIER_CLASSES):
                known = {f"{name}/{file}" for file in os.listdir(folder / name) if read_earlier(file)}
                images = files_of(folder, name)[0]
                if known != set(images) or any(differs(folder / image) for image in evenly(images, EARLIER_CLASSES)):
                    return False
        except (StudyError, OSError):
            continue
    return True


def read_earlier(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in EARLIER_ENDINGS


def differs(path: str) -> bool:
    """Whether an image is one that was earlier read otherwise."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.mode in ("I", "F") or image.getexif().get(ORIENTATION, 1) != 1
    except Exception:  # of whatever kind a damaged file makes Pillow raise: it is left out, as it was
        return False


def evenly(items: Sequence, most: int) -> Sequence:
    """At most ``most`` of the items, evenly spaced, the first among them."""
    return items[:: max(1, -(-len(items) // most))]


def size_of_file(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def piece(path: str | Path) -> str | None:
    """A hash of the head of a file, which describes the image, and of its middle, among its pixels."""
    try:
        with open(path, "rb") as file:
            content = file.read(PIECE)
            file.seek(os.fstat(file.fileno()).st_size // 2)
            return hashlib.sha256(content + file.read(PIECE)).hexdigest()[:16]
    except OSError:
        return None
