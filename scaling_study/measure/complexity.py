"""Counts that do not depend on the device or the weights."""

import math
from collections import Counter
from dataclasses import dataclass

import torch
from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis
from fvcore.nn.jit_handles import addmm_flop_jit, conv_flop_jit, get_shape, linear_flop_jit

# What a flop is here: one multiply-add of these operators, the addition of a bias among them (fvcore leaves it out,
# pycls, whose 385,825,092 for EfficientNet-B0 is reproduced, counts it). Batch norm, activations, pooling and
# element-wise products, which fvcore also knows, are left out, as in the EfficientNet paper and in pycls.
COUNTED = {"conv", "linear", "addmm", "matmul", "bmm", "baddbmm", "einsum", "scaled_dot_product_attention"}


def with_bias(count, position):
    """fvcore's handler ``count`` for an operator whose input number ``position`` is an optional bias."""

    def handler(inputs, outputs):
        flops = count(inputs, outputs)
        bias = math.prod(get_shape(outputs[0])) if inputs[position].isCompleteTensor() else 0
        return (
            Counter({operator: n + bias for operator, n in flops.items()})
            if isinstance(flops, Counter)
            else flops + bias
        )

    return handler


BIASED = {
    "aten::_convolution": with_bias(conv_flop_jit, 2),
    "aten::linear": with_bias(linear_flop_jit, 2),
    "aten::addmm": with_bias(addmm_flop_jit, 0),
}


@dataclass(frozen=True)
class Complexity:
    """Cost of one forward pass of one image.

    flops: multiply-adds of convolutions, linear layers and matrix products (EfficientNet-B0: 0.386e9).
    params: trainable parameters, head included.
    activations: output elements of convolutions and linear layers.
    activation_bytes: what autograd keeps per image for the backward pass.
    """

    flops: int
    params: int
    activations: int
    activation_bytes: int


def complexity(network, *, channels, resolution):
    """Measure ``network`` at (channels, resolution, resolution) inputs; leaves its mode as it was."""
    mode = network.training
    device = next(network.parameters()).device
    network.eval()
    image = torch.zeros(1, channels, resolution, resolution, device=device)
    flops = quiet(FlopCountAnalysis(network, image)).set_op_handle(**BIASED)
    activations = quiet(ActivationCountAnalysis(network, image))
    result = Complexity(
        flops=int(sum(count for operator, count in flops.by_operator().items() if operator in COUNTED)),
        params=sum(p.numel() for p in network.parameters() if p.requires_grad),
        activations=int(activations.total()),
        activation_bytes=activation_bytes(network, channels, resolution, device),
    )
    network.train(mode)
    return result


def quiet(analysis):
    """Without the lines that fvcore logs about what it does not count."""
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)


def activation_bytes(network, channels, resolution, device):
    """Bytes per image in tensors saved for backward: from the difference between batches of 4 and 2, so that
    what is kept once per batch (weights, batch statistics) cancels. Leaves batch norm statistics as they were."""
    state = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.train()
    four, two = (saved_bytes(network, torch.zeros(n, channels, resolution, resolution, device=device)) for n in (4, 2))
    for name, buffer in network.named_buffers():
        buffer.copy_(state[name])
    return (four - two) // 2


def saved_bytes(network, batch):
    """Bytes of the distinct storages that autograd holds after a forward pass over ``batch``."""
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = (storage.nbytes(), tensor)  # holding it keeps the address from being reused
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(batch)
    return sum(nbytes for nbytes, _ in storages.values())
