"""Networks in 8-bit integers, quantized after training by the tool of the runtime that they are for."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def quantized_onnx(model: bytes, images: torch.Tensor) -> bytes:
    """An ONNX ``model`` with the weights of each channel and the activations in 8 bits, by ONNX Runtime's tool.

    images: (n, channels, height, width), whose activations give the ranges. Weights take 7 of the 8 bits, since
    products of processors without VNNI overflow otherwise.
    """
    import numpy as np
    import onnx
    from onnxruntime import quantization

    class Images(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter([{"images": image[None].cpu().numpy()} for image in images.contiguous()])

        def get_next(self) -> dict[str, Any] | None:  # type: ignore[override]
            return next(self.left, None)

    logging.getLogger().addFilter(of_use)
    try:
        # Constants of zeros, as in NASNet, have a scale of 0; what becomes of them shows in the outputs.
        with tempfile.TemporaryDirectory() as folder, np.errstate(invalid="ignore"):
            path = Path(folder) / "int8.onnx"
            options: dict[str, Any] = {"per_channel": True, "reduce_range": True}
            quantization.quantize_static(onnx.load_model_from_string(model), path, Images(), **options)
            return path.read_bytes()
    finally:
        logging.getLogger().removeFilter(of_use)


def of_use(record: logging.LogRecord) -> bool:
    """Whether a message is neither the advice to fold batch norms first, which torch's export has done, nor that the
    weights of a batch norm that no convolution precedes, as in DenseNets, have no axis of channels of their own."""
    text = record.getMessage()
    return "pre-processing" not in text and "out-of-range for weight" not in text


def quantized_openvino(model: bytes, images: torch.Tensor) -> tuple[bytes, bytes]:
    """An ONNX ``model`` in OpenVINO's format, (graph, weights), with weights and activations in 8 bits, by NNCF,
    OpenVINO's tool; images: as above."""
    import nncf
    import openvino

    nncf.set_log_level(logging.ERROR)
    batches = [image[None].numpy() for image in images.contiguous()]
    with contextlib.redirect_stdout(io.StringIO()):  # progress bars
        quantized = nncf.quantize(
            openvino.Core().read_model(io.BytesIO(model)), nncf.Dataset(batches), subset_size=len(batches)
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.xml"
        openvino.serialize(quantized, path)
        return path.read_bytes(), path.with_suffix(".bin").read_bytes()
