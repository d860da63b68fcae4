"""Runtimes that networks are deployed on: the same network, from a batch of images to its outputs.

torch.compile optimises the network for one input size; ONNX Runtime and OpenVINO run the same ONNX file, which torch
exports. What is exported is compared with torch's own outputs before it is timed.
"""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Protocol

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure.peak import resident_bytes

CHECKED_IMAGES = 8  # fewer leave too few values for the statistics of layers of one pixel
DIFFERENCE_MAX = 1e-3  # of exported outputs from torch's, relative to the largest output
# The package whose version is that of the runtime, what has to be installed, and the extra that installs it.
PACKAGES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "eager": ("torch", (), ""),
    "compile": ("torch", (), ""),
    "onnxruntime": ("onnxruntime", ("onnx", "onnxscript", "onnxruntime"), "onnx"),
    "openvino": ("openvino", ("onnx", "onnxscript", "openvino"), "openvino"),
}


class Runtime(Protocol):
    """A network on a runtime. ``inputs`` converts a batch, once; ``run`` gives its logits, and is what is timed."""

    def inputs(self, images: torch.Tensor) -> Any: ...
    def run(self, inputs: Any) -> Any: ...


class Compiled:
    """torch.compile, in channels_last layout, which compiles at the first batch of a size."""

    def __init__(self, network: torch.nn.Module) -> None:
        torch._dynamo.config.recompile_limit = 64  # a size each
        self.network = torch.compile(network, dynamic=False)

    def inputs(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return self.network(inputs)


class OnnxRuntime:
    """ONNX Runtime's CPU provider."""

    def __init__(self, model: bytes, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    def inputs(self, images: torch.Tensor) -> dict[str, Any]:
        return {self.name: images.contiguous().numpy()}

    def run(self, inputs: dict[str, Any]) -> Any:
        return self.session.run(None, inputs)[0]


class OpenVino:
    """OpenVINO's CPU plugin, held to 32-bit arithmetic: its own choice is bf16 where the processor has it."""

    def __init__(self, model: bytes, threads: int) -> None:
        import openvino

        core = openvino.Core()
        hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        compiled = core.compile_model(core.read_model(io.BytesIO(model)), "CPU", hints)
        self.request, self.output = compiled.create_infer_request(), compiled.output(0)

    def inputs(self, images: torch.Tensor) -> list[Any]:
        return [images.contiguous().numpy()]

    def run(self, inputs: list[Any]) -> Any:
        return self.request.infer(inputs, share_inputs=True)[self.output]


@dataclass(frozen=True)
class Prepared:
    """difference: the largest of any output from torch's, relative to the largest output; model: the ONNX model that
    the runtime was given, None with torch.compile; start_bytes: memory of this process before it was given that."""

    runtime: Runtime
    difference: float
    model: bytes | None
    start_bytes: int | None


def prepared(name: str, network: torch.nn.Module, images: torch.Tensor, threads: int) -> Prepared:
    """``network``, in evaluation mode on the CPU, on the runtime ``name``, a key of PACKAGES but eager.

    images: a batch (n, channels, height, width) to compare outputs on, at least two of them. Raises StudyError where
    the outputs differ by more than DIFFERENCE_MAX.
    """
    with torch.inference_mode():
        expected = network(images)
    kinds: dict[str, Any] = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}
    model = exported(network, images) if name in kinds else None
    start = resident_bytes()
    runtime: Runtime = Compiled(network) if model is None else kinds[name](model, threads)
    found = torch.as_tensor(runtime.run(runtime.inputs(images)))
    difference = float((found - expected).abs().max() / expected.abs().max())
    if not difference <= DIFFERENCE_MAX:
        raise StudyError(f"its outputs differ from torch's by {difference:.2g} of the largest, so it is of no use")
    return Prepared(runtime, difference, model, start)


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
