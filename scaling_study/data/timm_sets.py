"""Data sets of other libraries, opened by timm: Hugging Face datasets, WebDataset, TensorFlow Datasets, torchvision."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from timm.data import create_dataset

from scaling_study.data import STREAMS
from scaling_study.data.files import ImageFiles, ImageStream
from scaling_study.errors import ConfigError, StudyError

if TYPE_CHECKING:
    from scaling_study.config.schema import Data


def open_splits(data: Data) -> list:
    """(train, val or None, test) as ImageFiles, or as ImageStream where the library gives no access by number.

    Raises StudyError, with the library's reason, when it cannot open one, ConfigError for a stream without val_split.
    """
    streams = data.name.partition("/")[0] in STREAMS
    if streams and data.val_split is None:
        raise ConfigError("data.val_split", None, f"{data.name} is a stream, of which no validation split can be taken")
    names = {"train": data.train_split, "val": data.val_split, "test": data.test_split}
    return [None if name is None else open_split(data, split, name, streams) for split, name in names.items()]


def open_split(data: Data, split: str, name: str | None, streams: bool) -> Any:
    if streams:
        mode: dict[str, Any] = {"input_img_mode": "L" if data.channels == 1 else "RGB"}
        opener = partial(open_dataset, data, name, **mode)
        size = len(opener(train=False)) * processes()  # the library counts the share of each
        if not size:
            message = "its number of images is not known; append it, as in 'train-{0000..0007}.tar|8000'"
            raise ConfigError(f"data.{split}_split", name, message)
        return ImageStream(size, opener)
    dataset = open_dataset(data, name, train=False)
    return ImageFiles(dataset, np.arange(len(dataset)))


def processes() -> int:
    """How many train together, which these libraries ask torch for themselves."""
    return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1


def open_dataset(data: Data, name: Any, *, train: bool, **options: Any) -> Any:
    """timm's data set of one split; ``train`` makes a stream shuffle."""
    try:
        return create_dataset(data.name, root=data.root, split=name, is_training=train, download=True, **options)
    except Exception as error:  # of whatever kind the library raises
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise StudyError(f"data.name={data.name}: split {name} cannot be opened ({reason})") from error
