"""A few images of different classes."""

import torch

from scaling_study.config.schema import Data
from scaling_study.data import per_class
from scaling_study.data.dataset import Images
from scaling_study.data.images import load_data
from scaling_study.data.per_class import first_of_each, one_per_class

from .folders import make_folder

LABELS = torch.arange(400) // 4  # sorted, as folders are


def images(labels=LABELS):
    return Images(torch.zeros(len(labels), 1, 2, 2, dtype=torch.uint8), labels)


def test_classes_differ_and_the_seed_says_which():
    chosen = one_per_class(images(), 8, seed=0)
    assert len({int(LABELS[place]) for place in chosen}) == len(chosen) == 8
    assert chosen == one_per_class(images(), 8, seed=0) != one_per_class(images(), 8, seed=1)
    assert one_per_class(images(), 3, seed=0) == chosen[:3]


def test_no_more_than_there_are_classes_and_no_further_than_is_searched(monkeypatch):
    assert len(one_per_class(images(LABELS % 3), 8, seed=0)) == 3
    monkeypatch.setattr(per_class, "SEARCHED", 2)
    assert len(one_per_class(images(), 8, seed=0)) == 2


def test_the_first_of_each_class_is_taken_and_nothing_after_them_is_read():
    labels = iter(enumerate([5, 5, 2, 5, 7, 9]))
    assert first_of_each(labels, 3) == [0, 2, 4]
    assert next(labels) == (5, 9)


def test_images_that_cannot_be_read_are_passed_over(tmp_path, config):
    root = make_folder(tmp_path / "set")
    made: Data = config("data=imagefolder", f"data.root={root}", "data.resolution=16", "data.val_images=3").data
    files = load_data(made).test
    first = one_per_class(files, 3, seed=0)
    with open(files.name(first[0]), "wb") as file:
        file.write(b"no image")
    second = one_per_class(files, 3, seed=0)
    assert first[0] not in second
    assert len({files.read(place)[1] for place in second}) == 3
