"""Runtimes that networks are deployed on: the same network, from a batch of images to its outputs.

torch.compile optimizes the network for one input size; ONNX Runtime and OpenVINO run the same ONNX file, which torch
exports. What is exported is compared with torch's own outputs before it is timed.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Protocol

import torch

from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure.exporting import exported
from scaling_study.measure.peak import resident_bytes
from scaling_study.measure.precision import autocast, has_bf16
from scaling_study.measure.quantization import quantized_onnx, quantized_openvino

COMPARED = 2  # images, which shows that an export takes batches of any size
DIFFERENCE_MAX = 1e-3  # in fp32, of outputs from torch's, relative to the largest output
# The package whose version is that of the runtime, what has to be installed, and the extra that installs it.
PACKAGES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "eager": ("torch", (), ""),
    "compile": ("torch", (), ""),
    "onnxruntime": ("onnxruntime", ("onnx", "onnxscript", "onnxruntime"), "onnx"),
    "openvino": ("openvino", ("onnx", "onnxscript", "openvino"), "openvino"),
}
# By type of device.
PRECISIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "eager": {"cpu": ("fp32", "bf16"), "cuda": ("fp32", "bf16", "fp16")},
    "compile": {"cpu": ("fp32", "bf16"), "cuda": ("fp32", "bf16", "fp16")},
    "onnxruntime": {"cpu": ("fp32", "int8"), "cuda": ("fp32",)},
    "openvino": {"cpu": ("fp32", "bf16", "int8")},
}
QUANTIZED: dict[str, Callable[[bytes, torch.Tensor], Any]] = {
    "onnxruntime": quantized_onnx,
    "openvino": quantized_openvino,
}


class Runtime(Protocol):
    """A network on a runtime. ``inputs`` converts a batch, once; ``run`` gives its logits, and is what is timed."""

    def inputs(self, images: torch.Tensor) -> Any: ...
    def run(self, inputs: Any) -> Any: ...


class Compiled:
    """torch.compile, in channels_last layout, which compiles at the first batch of a size, for minutes on a CPU."""

    def __init__(self, network: torch.nn.Module, precision: str) -> None:
        torch._dynamo.config.recompile_limit = 64  # a size each
        self.network, self.precision = torch.compile(network, dynamic=False), precision

    def inputs(self, images: torch.Tensor) -> torch.Tensor:
        return images.to(memory_format=torch.channels_last)

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode(), autocast(self.precision, inputs.device):
            return self.network(inputs)


class OnnxRuntime:
    """ONNX Runtime's provider for the CPU or CUDA, between tensors that stay on the device."""

    def __init__(self, model: bytes, threads: int, device: torch.device) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        provider = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}[device.type]
        self.session = onnxruntime.InferenceSession(model, options, providers=[provider])
        if provider not in self.session.get_providers():  # it falls back to the CPU without an error
            raise StudyError(f"ONNX Runtime has no {provider} here")
        self.device, self.name = device, self.session.get_inputs()[0].name

    def inputs(self, images: torch.Tensor) -> dict[str, Any]:
        from onnxruntime import OrtValue

        array = images.contiguous().cpu().numpy()
        return {self.name: OrtValue.ortvalue_from_numpy(array, self.device.type, self.device.index or 0)}

    def run(self, inputs: dict[str, Any]) -> Any:
        return self.session.run_with_ort_values(None, inputs)[0].numpy()  # which waits for a GPU


class OpenVino:
    """OpenVINO's CPU plugin, held to a precision: its own choice is bf16 where the processor has it."""

    def __init__(self, model: bytes | tuple[bytes, bytes], threads: int, precision: str) -> None:
        import openvino

        core = openvino.Core()
        read = core.read_model(io.BytesIO(model)) if isinstance(model, bytes) else core.read_model(*model)
        hint = "bf16" if precision == "bf16" else "f32"
        hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        compiled = core.compile_model(read, "CPU", hints)
        self.request, self.output = compiled.create_infer_request(), compiled.output(0)

    def inputs(self, images: torch.Tensor) -> list[Any]:
        return [images.contiguous().numpy()]

    def run(self, inputs: list[Any]) -> Any:
        return self.request.infer(inputs, share_inputs=True)[self.output]


@dataclass(frozen=True)
class Prepared:
    """difference: the largest of any output from torch's in fp32, relative to the largest output; model: the ONNX model
    in fp32, None with torch.compile; start_bytes: memory of this process before the runtime had the model."""

    runtime: Runtime
    difference: float
    model: bytes | None
    start_bytes: int | None


def prepared(
    name: str, network: torch.nn.Module, images: torch.Tensor, threads: int, precision: str = "fp32"
) -> Prepared:
    """``network``, in evaluation mode, on a runtime, a key of PACKAGES but eager, on the device of ``images``.

    images: a batch (n, channels, height, width); outputs are compared on COMPARED of them, with torch.compile on the
    first, since what it compiles for that is then timed; with precision int8 all give the ranges of activations.
    Raises StudyError where outputs in fp32 differ by more than DIFFERENCE_MAX, or where those of another precision,
    whose rounding networks with random weights amplify, are no numbers.
    """
    few = images[: 1 if name == "compile" else COMPARED]
    with torch.inference_mode():
        expected = network(few)
    model = None if name == "compile" else exported(network, few)
    for tried in dict.fromkeys(("fp32", precision)):  # a wrong export shows in fp32
        runtime, start = on_runtime(name, model or network, images, threads, tried)
        found = torch.as_tensor(runtime.run(runtime.inputs(few)), device=images.device)
        difference = float((found - expected).abs().max() / expected.abs().max())
        if not difference <= (DIFFERENCE_MAX if tried == "fp32" else math.inf):
            raise StudyError(f"its outputs differ from torch's by {difference:.2g} of the largest, so it is of no use")
        if tried != precision:
            del runtime, found  # whose memory is not that of the next
    return Prepared(runtime, difference, model, start)


def on_runtime(
    name: str, model: torch.nn.Module | bytes, images: torch.Tensor, threads: int, precision: str
) -> tuple[Runtime, int | None]:
    """The runtime of ``prepared`` with a network or an ONNX model, and this process's memory before it had that."""
    if isinstance(model, torch.nn.Module):
        return Compiled(model, precision), resident_bytes()
    ready = QUANTIZED[name](model, images) if precision == "int8" else model
    start = resident_bytes()
    if name == "openvino":
        return OpenVino(ready, threads, precision), start
    return OnnxRuntime(ready, threads, images.device), start


def hindrance(name: str, precision: str, device: torch.device) -> str:
    """Why the runtime ``name`` does not compute in ``precision`` on ``device``; empty where it does."""
    offered = PRECISIONS[name].get(device.type, ())
    if precision not in offered:
        return f"{name} on {device.type} takes {' and '.join(offered) or 'no precision'}"
    if precision == "bf16" and device.type == "cpu" and not has_bf16():
        return "this processor has no bf16 arithmetic"
    if (name, precision) == ("openvino", "int8") and find_spec("nncf") is None:
        return "openvino in int8 needs nncf: pip install 'scaling_study[openvino]'"
    return ""


def require_installed(name: str, key: str, value: str) -> None:
    """Raise ConfigError, about the value of ``key``, where a runtime, a key of PACKAGES, is not installed."""
    _, needed, extra = PACKAGES[name]
    if missing := [one for one in needed if find_spec(one) is None]:
        raise ConfigError(key, value, f"needs {', '.join(missing)}: pip install 'scaling_study[{extra}]'")


def version_of(name: str) -> str:
    """The version of a runtime, a key of PACKAGES. Raises ConfigError where it is not installed."""
    require_installed(name, "latency.runtime", name)
    package = PACKAGES[name][0]
    try:
        return version(package)
    except PackageNotFoundError:  # as onnxruntime-gpu, which brings the same module
        return import_module(package).__version__
