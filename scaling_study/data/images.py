"""The one interface behind which every data set stands."""

from dataclasses import dataclass

import torch

from scaling_study.data import SOURCES
from scaling_study.errors import ConfigError, StudyError

SPLIT_SEED = 20190528  # of the validation split: the same for every study, whatever its seed


@dataclass(frozen=True)
class Images:
    """images: uint8 (n, channels, height, width), height = width; labels: int64 (n,)."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return Images(self.images[index], self.labels[index])

    def to(self, device):
        return Images(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class DataSet:
    """A classification task: three disjoint splits, the number of classes, the images' native resolution."""

    classes: int
    train: Images
    val: Images
    test: Images

    @property
    def channels(self):
        return self.train.images.shape[1]

    @property
    def native_resolution(self):
        return self.train.images.shape[-1]


def load_data(data):
    """Load the data set that the config group ``data`` names.

    The validation split is taken from the training images by a permutation with a fixed seed;
    ``data.train_images`` caps what remains. Raises StudyError when files are missing or corrupt,
    ConfigError when the data set has fewer images than asked for.
    """
    source = SOURCES[data.name]
    if source.module is None:
        raise StudyError(f"data={data.name} is a size without images, for task=cost and task=latency only")
    needed = None if data.train_images is None else data.train_images + data.val_images
    train, test = source.load(data.root, needed, data.test_images)
    for split, images in (("training", train), ("test", test)):
        check(data.name, split, images, source.classes)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(SPLIT_SEED))
    available = len(train) - data.val_images
    if available < 1:
        raise ConfigError("data.val_images", data.val_images, f"must leave some of the {len(train)} training images")
    if data.train_images is not None and data.train_images > available:
        raise ConfigError("data.train_images", data.train_images, f"must be at most {available}, what {data.name} has")
    if data.test_images is not None and data.test_images > len(test):
        raise ConfigError("data.test_images", data.test_images, f"must be at most {len(test)}, what {data.name} has")
    return DataSet(
        classes=source.classes,
        train=train[order[data.val_images :][: data.train_images]],
        val=train[order[: data.val_images]],
        test=test[: data.test_images],
    )


def check(name, split, images, classes):
    """Refuse what no network could be trained on."""
    if not len(images):
        raise StudyError(f"data={name}: the {split} split is empty")
    if len(images.images) != len(images.labels):
        raise StudyError(f"data={name}: {len(images.images)} {split} images but {len(images.labels)} labels")
    low, high = int(images.labels.min()), int(images.labels.max())
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        raise StudyError(f"data={name}: a {split} label is {wrong}; allowed are 0 to {classes - 1}")
