"""Precisions of arithmetic."""

from typing import Any

import torch

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(precision: str, device: torch.device) -> Any:
    """Context in which forward passes run. precision: a key of DTYPES."""
    return torch.autocast(device.type, dtype=DTYPES[precision], enabled=precision != "fp32")


def has_bf16() -> bool:
    """Whether this processor computes in bf16. Elsewhere torch does so in a way that takes minutes for one image."""
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
