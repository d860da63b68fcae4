"""Counts that depend neither on the device nor on the weights; they can be had from shapes alone."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

aten = torch.ops.aten


def multiply_adds(operator: Any, bias: int | None = None) -> Callable:
    """torch's formula for ``operator``, which counts a multiply-add as two, and one addition per output where the
    operator's argument number ``bias`` is there."""
    formula = flop_registry[operator]

    def count(*shapes: Any, out_shape: Any, **options: Any) -> int:
        additions = math.prod(out_shape) if bias is not None and shapes[bias] is not None else 0
        return formula(*shapes, out_val=out_shape, **options) // 2 + additions

    return count


# What a flop is here: one multiply-add of these operators, the addition of a bias among them (fvcore leaves that out;
# pycls, whose 385,825,092 for EfficientNet-B0 is reproduced, counts it). Batch norm, activations, pooling and
# element-wise products are left out, as in the EfficientNet paper and in pycls.
FLOPS = {
    aten.convolution: multiply_adds(aten.convolution, bias=2),
    aten.addmm: multiply_adds(aten.addmm, bias=0),
    aten.mm: multiply_adds(aten.mm),
    aten.bmm: multiply_adds(aten.bmm),
    aten.baddbmm: multiply_adds(aten.baddbmm),
    # By the formula of its CUDA sibling, since not every torch has one of its own for it.
    aten._scaled_dot_product_flash_attention_for_cpu: multiply_adds(aten._scaled_dot_product_flash_attention),
}
OPERATORS = {aten.convolution: "convolution", aten.addmm: "linear", aten.mm: "linear"}  # all others: matrix product
BYTES = 4  # of a number in 32 bits
COUNTS = ("flops", "activations", "depthwise_flops", "traffic_bytes")


def counter_of(operator: Any) -> Callable:
    """A formula of torch's counter that gives all COUNTS of a call of ``operator`` at once, as an array."""

    def count(*shapes: Any, out_shape: Any, **options: Any) -> np.ndarray:
        flops, outputs = FLOPS[operator](*shapes, out_shape=out_shape, **options), elements(out_shape)
        depthwise = operator is aten.convolution and shapes[1][1] == 1 < shapes[0][1]  # one input channel of several
        moved = elements((shapes, tuple(options.values()))) + outputs
        return np.array([flops, outputs * (operator in OPERATORS), flops * depthwise, BYTES * moved])

    return count


def elements(shapes: Any) -> int:
    """Numbers in tensors of ``shapes``, a torch.Size or tuples of such and of arguments that are no tensors."""
    if isinstance(shapes, torch.Size):
        return math.prod(shapes)
    return sum(map(elements, shapes)) if isinstance(shapes, tuple) else 0


@dataclass(frozen=True)
class Part:
    """What one kind of operator costs in one stage of the network; units as in Complexity."""

    stage: str
    operator: str
    flops: int
    activations: int
    depthwise_flops: int
    traffic_bytes: int


@dataclass(frozen=True)
class Complexity:
    """Cost of one image.

    flops: multiply-adds of convolutions, linear layers and matrix products (EfficientNet-B0: 0.386e9).
    params: trainable parameters, head included; param_bytes: what they take in memory.
    activations: output elements of convolutions and linear layers.
    activation_bytes: what autograd keeps per image for the backward pass.
    depthwise_flops: those of the flops in depthwise convolutions.
    traffic_bytes: inputs, weights and outputs of the operators that make the flops, each read or written once, 32-bit.
    parts: the same flops and activations by stage and operator.
    """

    flops: int
    params: int
    param_bytes: int
    activations: int
    activation_bytes: int
    depthwise_flops: int
    traffic_bytes: int
    parts: tuple[Part, ...] = field(repr=False)


def shapes_only(build: Callable[[], torch.nn.Module]) -> torch.nn.Module:
    """The network that ``build()`` makes, without memory or arithmetic (torch's meta device) where it can be built so;
    networks whose construction computes with tensors are built in memory."""
    try:
        with torch.device("meta"):
            return build()
    except (NotImplementedError, RuntimeError):
        return build()


def complexity(network: torch.nn.Module, *, channels: int, resolution: int) -> Complexity:
    """Measure ``network``, on any device, at (channels, resolution, resolution) inputs; leaves it as it was."""
    trainable = [p for p in network.parameters() if p.requires_grad]
    parts = count_parts(network, channels, resolution)
    totals = {count: sum(getattr(part, count) for part in parts) for count in COUNTS}
    return Complexity(
        **totals,
        params=sum(p.numel() for p in trainable),
        param_bytes=sum(p.numel() * p.element_size() for p in trainable),
        activation_bytes=activation_bytes(network, channels, resolution),
        parts=tuple(parts),
    )


def count_parts(network: torch.nn.Module, channels: int, resolution: int) -> list[Part]:
    """A Part per stage and kind of operator, in the order of the network, from one forward pass of one image."""
    mode = network.training
    network.eval()
    counter: Any = FlopCounterMode(display=False, custom_mapping={operator: counter_of(operator) for operator in FLOPS})
    with torch.no_grad(), ShapesOfBatchNorm(), counter:
        network(images(network, 1, channels, resolution))
    network.train(mode)
    counted = counter.get_flop_counts()
    parts: list[Part] = []
    rest = by_kind(counted, "Global")
    for stage in stages(network):
        counts = by_kind(counted, f"{type(network).__name__}.{stage}")
        for kind, values in counts.items():
            rest[kind] = rest[kind] - values
        parts += as_parts(stage, counts)
    return parts + as_parts("other", {kind: values for kind, values in rest.items() if values.any()})


def by_kind(counted: dict[str, dict], module: str) -> dict[str, np.ndarray]:
    """{kind of operator: COUNTS} of a module, by torch's name for it."""
    counts: dict[str, np.ndarray] = {}
    for operator, values in counted.get(module, {}).items():
        if operator in FLOPS:
            kind = OPERATORS.get(operator, "matrix product")
            counts[kind] = counts.get(kind, 0) + values
    return counts


def as_parts(stage: str, counts: dict[str, np.ndarray]) -> list[Part]:
    return [Part(stage, kind, **dict(zip(COUNTS, values.tolist(), strict=True))) for kind, values in counts.items()]


def stages(network: torch.nn.Module, prefix: str = "") -> Iterator[str]:
    """Paths of the parts a network is commonly divided into: its direct children, and instead of a container that holds
    containers, what that holds (``blocks.0``, ``layer1``, ``features.denseblock1``)."""
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    for name, child in network.named_children():
        if isinstance(child, containers) and any(isinstance(inner, containers) for inner in child.children()):
            yield from stages(child, f"{prefix}{name}.")
        else:
            yield prefix + name


def images(network: torch.nn.Module, n: int, channels: int, resolution: int) -> torch.Tensor:
    return torch.zeros(n, channels, resolution, resolution, device=next(network.parameters()).device)


def activation_bytes(network: torch.nn.Module, channels: int, resolution: int) -> int:
    """Bytes per image in tensors saved for backward: from the difference between batches of 4 and 2, so that
    what is kept once per batch (weights, batch statistics) cancels. Leaves batch norm statistics as they were."""
    mode = network.training
    state = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.train()
    four, two = (saved_bytes(network, images(network, n, channels, resolution)) for n in (4, 2))
    for name, buffer in network.named_buffers():
        buffer.copy_(state[name])
    network.train(mode)
    return (four - two) // 2


class ShapesOfBatchNorm(TorchFunctionMode):
    """Batch norm of tensors without memory as a function that keeps its input, which is all that it keeps per image.
    torch's own takes milliseconds for such a tensor, half the time of counting a network."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.batch_norm and args[0].is_meta:
            return Kept.apply(args[0])
        return func(*args, **(kwargs or {}))


class Kept(torch.autograd.Function):
    """A function of one tensor that the backward pass would need."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(tensor)
        return torch.empty_like(tensor)


def saved_bytes(network: torch.nn.Module, batch: torch.Tensor) -> int:
    """Bytes of the distinct storages that autograd holds after a forward pass over ``batch``."""
    storages = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        storages[storage._cdata] = (storage.nbytes(), tensor)  # holding it keeps the address from being reused
        return tensor

    with ShapesOfBatchNorm(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(batch)
    return sum(nbytes for nbytes, _ in storages.values())
