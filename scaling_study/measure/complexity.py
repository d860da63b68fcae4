"""Counts that depend neither on the device nor on the weights; they can be had from shapes alone."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
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


def elements(*_: Any, out_shape: Any, **__: Any) -> int:
    return math.prod(out_shape)


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
ACTIVATIONS = dict.fromkeys((aten.convolution, aten.addmm, aten.mm), elements)
OPERATORS = {aten.convolution: "convolution", aten.addmm: "linear", aten.mm: "linear"}  # all others: matrix product


@dataclass(frozen=True)
class Part:
    """What one kind of operator costs in one stage of the network; units as in Complexity."""

    stage: str
    operator: str
    flops: int
    activations: int


@dataclass(frozen=True)
class Complexity:
    """Cost of one image.

    flops: multiply-adds of convolutions, linear layers and matrix products (EfficientNet-B0: 0.386e9).
    params: trainable parameters, head included; param_bytes: what they take in memory.
    activations: output elements of convolutions and linear layers.
    activation_bytes: what autograd keeps per image for the backward pass.
    parts: the same flops and activations by stage and operator.
    """

    flops: int
    params: int
    param_bytes: int
    activations: int
    activation_bytes: int
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
    return Complexity(
        flops=sum(part.flops for part in parts),
        params=sum(p.numel() for p in trainable),
        param_bytes=sum(p.numel() * p.element_size() for p in trainable),
        activations=sum(part.activations for part in parts),
        activation_bytes=activation_bytes(network, channels, resolution),
        parts=tuple(parts),
    )


def count_parts(network: torch.nn.Module, channels: int, resolution: int) -> list[Part]:
    """A Part per stage and kind of operator, in the order of the network, from one forward pass of one image."""
    mode = network.training
    network.eval()
    flops: Any
    activations: Any
    flops, activations = (FlopCounterMode(display=False, custom_mapping=mapping) for mapping in (FLOPS, ACTIVATIONS))
    with torch.no_grad(), flops, activations:
        network(images(network, 1, channels, resolution))
    network.train(mode)
    flops, activations = (counter.get_flop_counts() for counter in (flops, activations))
    parts: list[Part] = []
    rest = Counter(keyed(flops, activations, "Global"))
    for stage in stages(network):
        counts = keyed(flops, activations, f"{type(network).__name__}.{stage}")
        rest.subtract(counts)
        parts += as_parts(stage, counts)
    return parts + as_parts("other", +rest)


def keyed(flops: Any, activations: Any, module: str) -> dict:
    """{(measure, kind of operator): count} of a module, by torch's name for it."""
    counts: Counter = Counter()
    for measure, table, counted in (("flops", flops, FLOPS), ("activations", activations, ACTIVATIONS)):
        for operator, count in table.get(module, {}).items():
            if operator in counted:
                counts[measure, OPERATORS.get(operator, "matrix product")] += count
    return counts


def as_parts(stage: str, counts: Any) -> list[Part]:
    operators = dict.fromkeys(operator for _, operator in counts)
    return [Part(stage, kind, counts["flops", kind], counts["activations", kind]) for kind in operators]


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


def saved_bytes(network: torch.nn.Module, batch: torch.Tensor) -> int:
    """Bytes of the distinct storages that autograd holds after a forward pass over ``batch``."""
    storages = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        storages[storage._cdata] = (storage.nbytes(), tensor)  # holding it keeps the address from being reused
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(batch)
    return sum(nbytes for nbytes, _ in storages.values())
