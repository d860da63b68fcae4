from dataclasses import replace

import pytest
import torch

from scaling_study import data as registry
from scaling_study.config.schema import Data
from scaling_study.data import Source, images
from scaling_study.data.dataset import Images
from scaling_study.data.images import load_data
from scaling_study.errors import ConfigError, StudyError

CONFIG = Data("toy", None, train_images=None, val_images=10, test_images=None, resolution=8)


@pytest.fixture
def source(monkeypatch):
    """Register a data set made of the given labels; every image carries its index."""

    def register(train_labels, test_labels=(0, 1)):
        def load(root, train_images, test_images):
            return tuple(
                Images(torch.arange(len(labels), dtype=torch.uint8)[:, None, None, None], torch.tensor(labels))
                for labels in (train_labels, test_labels)
            )

        monkeypatch.setattr(Source, "load", property(lambda self: load))
        monkeypatch.setitem(registry.SOURCES, "toy", Source("", classes=2, channels=1))

    return register


def test_splits_are_disjoint_fixed_and_capped(source):
    source([0, 1] * 20)
    data = load_data(CONFIG)
    train, val = (set(split.images.flatten().tolist()) for split in (data.train, data.val))
    assert len(val) == 10
    assert train | val == set(range(40))
    assert not train & val
    capped = load_data(replace(CONFIG, train_images=5))
    assert torch.equal(capped.val.images, data.val.images)
    assert torch.equal(capped.train.images, data.train.images[:5])


def test_shape_is_told(source):
    source([0, 1] * 20)
    data = load_data(CONFIG)
    assert (data.channels, data.native_resolution, data.classes) == (1, 1, 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([], "is empty"), ([0, 1, 2] * 10, "label is 2; allowed are 0 to 1"), ([-1] * 20, "label is -1")],
)
def test_data_nothing_could_be_trained_on_is_refused(source, labels, message):
    source(labels)
    with pytest.raises(StudyError, match=message):
        load_data(CONFIG)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"val_images": 40}, "data.val_images=40"),
        ({"train_images": 31}, "data.train_images=31"),
        ({"test_images": 3}, "data.test_images=3"),
    ],
)
def test_more_images_than_there_are_is_refused(source, change, key):
    source([0, 1] * 20)
    with pytest.raises(ConfigError, match=key):
        load_data(replace(CONFIG, **change))


def test_check_counts_labels():
    with pytest.raises(StudyError, match="3 training images but 2 labels"):
        images.check("toy", "training", Images(torch.zeros(3, 1, 1, 1), torch.zeros(2)), 2)
