"""Fashion-MNIST (Xiao et al. 2017): 60,000 and 10,000 photographs of clothes, 28x28, one channel, 10 classes."""

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scaling_study.data.dataset import Images
from scaling_study.data.torchvision_sets import cache_folder, download
from scaling_study.errors import StudyError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # where the package dataset-fashion-mnist puts them
STEMS = (("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))
HINT = "install Debian's dataset-fashion-mnist, or give data.root=FOLDER with the four idx files (.gz or not)"


def load(
    root: str | None = None, train_images: int | None = None, test_images: int | None = None
) -> tuple[Images, ...]:
    """(train, test) Images, (n, 1, 28, 28), from ``root``, torchvision's layout or Debian's package, or downloaded.

    Raises StudyError when the files cannot be had, or are no idx files.
    """
    folder = find(root)
    if folder is None:
        download("FashionMNIST", root, HINT)
        folder = find(root) or find(cache_folder(root))
    pairs = []
    for images_stem, labels_stem in STEMS:
        images, labels = read_idx(file_of(folder, images_stem), 3), read_idx(file_of(folder, labels_stem), 1)
        pairs.append(Images(torch.from_numpy(images)[:, None], torch.from_numpy(labels).long()))
    return tuple(pairs)


def find(root: str | Path | None) -> Any:
    """The first folder that holds all four files, or None."""
    places = (
        [Path(root), Path(root) / "FashionMNIST" / "raw"] if root else [DEBIAN, cache_folder() / "FashionMNIST" / "raw"]
    )
    stems = [stem for pair in STEMS for stem in pair]
    return next((place for place in places if all(file_of(place, stem) for stem in stems)), None)


def file_of(folder: Path, stem: str) -> Any:
    """The file, compressed or not, or None."""
    return next((path for path in (folder / stem, folder / f"{stem}.gz") if path.is_file()), None)


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """An idx file of unsigned bytes as an array of ``dimensions`` axes. Raises StudyError if it is something else."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise StudyError(f"data=fashion_mnist: {path} cannot be read ({error}); {HINT}") from error
    header = 4 + 4 * dimensions
    if data[:4] != bytes([0, 0, 8, dimensions]) or len(data) < header:
        raise StudyError(f"data=fashion_mnist: {path} is not an idx file of {dimensions} dimensions; {HINT}")
    shape = np.frombuffer(data, ">u4", dimensions, 4)
    if len(data) != header + int(np.prod(shape, dtype=np.int64)):
        raise StudyError(
            f"data=fashion_mnist: {path} should hold {tuple(map(int, shape))} bytes but is cut short; {HINT}"
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape).copy()
