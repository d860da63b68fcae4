"""A few images of different classes, chosen before any network sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from scaling_study.data.dataset import Images
from scaling_study.data.pixels import UNREADABLE

SEARCHED = 2000  # images


def one_per_class(split: Any, count: int, seed: int) -> list[int]:
    """Positions in a split, Images or ImageFiles, of the first image of each of ``count`` classes, in an order that
    ``seed`` draws; fewer where its first SEARCHED images that can be read are of fewer classes."""
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))[:SEARCHED]
    return first_of_each(labelled(split, order.tolist()), count)


def first_of_each(labels: Iterable[tuple[int, int]], count: int) -> list[int]:
    """Positions of the first image of each of the first ``count`` classes. labels: (position, label) of images."""
    found: dict[int, int] = {}
    for position, label in labels:
        found.setdefault(label, position)
        if len(found) == count:
            break
    return list(found.values())


def labelled(split: Any, positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """(position, label) of the images that can be read."""
    for position in positions:
        if isinstance(split, Images):
            yield position, int(split.labels[position])
            continue
        try:
            yield position, split.read(position)[1]
        except UNREADABLE:
            continue
