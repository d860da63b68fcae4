"""Class activation maps: where in an image a network finds what speaks for a class."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import torch
import torch.nn.functional as F

from scaling_study.errors import ConfigError, StudyError


@dataclass(frozen=True)
class ActivationMaps:
    """values: (n, height, width) of the images, 0 to 1, relative to the largest of each map; all 0 where nothing speaks
    for the class. cells: (height, width) of the layer that they come from. probabilities: (n, classes)."""

    values: np.ndarray
    cells: tuple[int, int]
    probabilities: np.ndarray


def require_torchcam() -> None:
    """Raise ConfigError where the package that computes the maps is not installed."""
    if find_spec("torchcam") is None:
        raise ConfigError("task", "cam", "needs torchcam: pip install 'scaling_study[cam]'")


def activation_maps(network: torch.nn.Module, images: torch.Tensor, classes: Sequence[int]) -> ActivationMaps:
    """Grad-CAM (Selvaraju et al. 2017) of each image for its entry of ``classes``, interpolated to the image's size.

    images: (n, channels, height, width), normalized. The network is put into evaluation mode. Its last layer with more
    than one position is taken. Where global average pooling and one linear layer follow, as in EfficientNet and ResNet,
    the map is the positive part of that of Zhou et al. (2016), which Tan & Le (2019) show in Figure 7.
    Raises StudyError where no layer has more than one position.
    """
    from torchcam.methods import GradCAM

    logging.getLogger("torchcam").setLevel(logging.ERROR)  # it would name the layer that it finds
    network.eval()
    try:
        extractor = GradCAM(network, input_shape=tuple(images.shape[1:]))
    except ValueError as error:
        raise StudyError(f"no layer has more than one position at {images.shape[-1]} pixels") from error
    maps, probabilities = [], []
    with extractor, torch.enable_grad():
        for image, label in zip(images.split(1), classes, strict=True):  # of more, activations may not fit into memory
            logits = network(image)
            maps += extractor(int(label), logits, normalized=False)
            probabilities.append(logits.detach().float().softmax(dim=1))
    raw = torch.cat(maps).float()
    values = F.interpolate(raw[:, None], images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    values = values / values.amax(dim=(1, 2), keepdim=True).clamp_min(torch.finfo(values.dtype).tiny)
    cells = (raw.shape[1], raw.shape[2])
    return ActivationMaps(values.cpu().numpy(), cells, torch.cat(probabilities).cpu().numpy())


def half_area(values: np.ndarray) -> float:
    """Least share of the pixels of a map (height, width) that together hold half of its sum: 0.5 where all are equal,
    less the more it is concentrated; NaN for a map of zeros."""
    largest_first = np.sort(values, axis=None)[::-1].cumsum(dtype=float)
    if not largest_first[-1] > 0:
        return float("nan")
    return float(np.searchsorted(largest_first, largest_first[-1] / 2) + 1) / values.size
