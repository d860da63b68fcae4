"""Families of networks: a baseline each, and how depth and width scale it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One entry of the registry.

    build: (depth, width, classes, channels, dropout, drop_path_rate) -> torch.nn.Module, all by keyword.
    resolution_min: smallest input, in pixels, that the strides leave anything of.
    """

    build: Callable
    resolution_min: int


def _micro_mbconv(**options):
    from scaling_study.models.micro_mbconv import build  # here, so that listing families loads no torch

    return build(**options)


FAMILIES = {
    "micro_mbconv": Family(_micro_mbconv, resolution_min=8),
}
