"""CIFAR-100 (Krizhevsky 2009): 50,000 and 10,000 photographs, 32x32, three channels, 100 classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study.data.torchvision_sets import load_cifar

if TYPE_CHECKING:
    from scaling_study.data.dataset import Images


def load(
    root: str | None = None, train_images: int | None = None, test_images: int | None = None
) -> tuple[Images, ...]:
    """(train, test) Images through torchvision, which downloads them once."""
    return load_cifar("CIFAR100", root)
