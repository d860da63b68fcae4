import gzip
import struct

import numpy as np
import pytest

from scaling_study.data import fashion_mnist, torchvision_sets
from scaling_study.errors import StudyError


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_set(folder, compress=False):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for (images, labels), n in zip(fashion_mnist.STEMS, (6, 4), strict=True):
        for stem, array in (
            (images, rng.integers(0, 256, (n, 28, 28), np.uint8)),
            (labels, rng.integers(0, 10, n, np.uint8)),
        ):
            if compress:
                (folder / f"{stem}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (folder / stem).write_bytes(idx(array))


@pytest.mark.parametrize(("layout", "compress"), [(".", False), (".", True), ("FashionMNIST/raw", False)])
def test_every_layout_is_read(tmp_path, layout, compress):
    write_set(tmp_path / layout, compress)
    train, test = fashion_mnist.load(tmp_path)
    assert train.images.shape == (6, 1, 28, 28)
    assert test.labels.shape == (4,)
    assert train.labels.max() < 10


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], "cut short"),
        (lambda data: b"\x00" * len(data), "not an idx file"),
        (lambda data: b"", "not an idx file"),
    ],
)
def test_damaged_files_are_named(tmp_path, damage, message):
    write_set(tmp_path)
    path = tmp_path / fashion_mnist.STEMS[0][0]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StudyError, match=f"{path.name}.*{message}"):
        fashion_mnist.load(tmp_path)


def test_a_truncated_gzip_file_is_named(tmp_path):
    write_set(tmp_path, compress=True)
    path = tmp_path / f"{fashion_mnist.STEMS[0][0]}.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StudyError, match=f"{path.name} cannot be read"):
        fashion_mnist.load(tmp_path)


def test_without_files_and_network_the_error_says_how_to_get_them(tmp_path, monkeypatch):
    from torchvision import datasets

    def offline(*_, **__):
        raise RuntimeError("Error downloading")

    monkeypatch.setattr(datasets, "FashionMNIST", offline)
    with pytest.raises(StudyError, match=r"cannot be downloaded .*dataset-fashion-mnist.*data\.root"):
        fashion_mnist.load(tmp_path)
    assert torchvision_sets.cache_folder(tmp_path) == tmp_path
