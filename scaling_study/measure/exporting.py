"""Networks as ONNX models, and networks and images on which a wrong model shows."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

CHECKED_IMAGES = 8  # fewer leave too few values for the statistics of layers of one pixel


def exported(network: torch.nn.Module, images: torch.Tensor) -> bytes:
    """The network as an ONNX model from ``images``, a batch of any size, to ``logits``."""
    batch = ({0: torch.export.Dim("n")},)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore"):
        names: dict[str, Any] = {"input_names": ["images"], "output_names": ["logits"]}
        program = torch.onnx.export(network, (images,), dynamo=True, dynamic_shapes=batch, verbose=False, **names)
    assert program is not None  # with dynamo
    return program.model_proto.SerializeToString()


def for_comparison(network: torch.nn.Module, images: torch.Tensor) -> torch.nn.Module:
    """The network, in evaluation mode, with values that a wrong export shows behind.

    Weights and biases that a new network starts all equal are random: behind a factor of 0, which ends the blocks of
    many networks, or ConvNeXt's of 1e-6, nothing shows. Those factors stay small, and batch norms have the statistics
    of ``images``, at least CHECKED_IMAGES of them. With random statistics outputs were of the order of 1000 and hung on
    rounding: EfficientNetV2-B0's in 32 bits were 5% off those in 64.
    """
    for module in network.modules():
        for name, values in module.named_parameters(recurse=False):
            start = values.data.flatten()[0]
            if not (values.data == start).all():
                continue
            if name == "bias":
                values.data.normal_(0, 0.1)
            else:
                values.data.uniform_(*((0.05, 0.2) if start < 0.01 else (0.5, 1.5)))
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the statistics of the next batch alone
    with torch.no_grad():
        network.train()(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return network.eval()


def images_for_comparison(channels: int, resolution_px: int) -> torch.Tensor:
    """Images of noise, for ``for_comparison`` and ``prepared``."""
    images = torch.randn(CHECKED_IMAGES, channels, resolution_px, resolution_px)
    return images.to(memory_format=torch.channels_last)
