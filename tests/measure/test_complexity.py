import pytest
import timm
import torch
from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis
from torch import nn

from scaling_study.measure.complexity import activation_bytes, complexity, shapes_only
from scaling_study.models import FAMILIES


def micro(depth=1.0, width=1.0, classes=4):
    return FAMILIES["micro_mbconv"].build(depths=[depth] * 4, width=width, classes=classes, channels=1)


def test_efficientnet_b0_has_the_published_numbers():
    cost = complexity(timm.create_model("efficientnet_b0"), channels=3, resolution=224)
    assert (cost.flops, cost.params, cost.activations) == (385_825_092, 5_288_548, 6_748_036)
    assert cost.param_bytes == 4 * cost.params


def test_a_network_counted_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 5))
    cost = complexity(network, channels=1, resolution=8)
    assert cost.flops == 64 * 4 * 9 + 64 * 4 + 256 * 5 + 5  # products, and one addition per biased output
    assert cost.params == 4 * 9 + 4 + 256 * 5 + 5
    assert cost.activations == 4 * 64 + 5
    assert cost.activation_bytes == 4 * (64 + 256)  # the input, and the ReLU's output that two layers share
    moved = (64 + 4 * 9 + 4 + 256) + (256 + 256 * 5 + 5 + 5)  # inputs, weights, biases and outputs of both
    assert cost.traffic_bytes == 4 * moved
    assert [(p.stage, p.operator, p.flops) for p in cost.parts] == [("0", "convolution", 2560), ("3", "linear", 1285)]


def test_depthwise_convolutions_are_counted_apart_from_grouped_ones_and_from_those_of_grey_images():
    layers = [nn.Conv2d(1, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 8, 1)]
    cost = complexity(nn.Sequential(*layers), channels=1, resolution=8)
    assert [part.depthwise_flops for part in cost.parts] == [0, 36 * 8 * 9 + 36 * 8, 0, 0]
    assert cost.depthwise_flops == 36 * 8 * 9 + 36 * 8


@pytest.mark.parametrize("name", ["resnet18", "regnety_002", "mobilenetv3_small_100"])
def test_fvcore_counts_the_same(name):
    network = timm.create_model(name).eval()
    image = torch.zeros(1, 3, 64, 64)
    cost = complexity(network, channels=3, resolution=64)
    flops = FlopCountAnalysis(network, image).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    activations = ActivationCountAnalysis(network, image).unsupported_ops_warnings(False)
    products = sum(flops.by_operator()[operator] for operator in ("conv", "linear", "addmm"))
    biased = biased_outputs(network, image)
    assert cost.flops == products + biased
    assert cost.activations == activations.total()


def biased_outputs(network, image):
    """Outputs of layers with a bias, whose additions fvcore does not count."""
    outputs = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            layer.register_forward_hook(lambda layer, inputs, output: outputs.append(output.numel()))
    network(image)
    return sum(outputs)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0"])
def test_shapes_alone_give_what_the_network_in_memory_gives(name):
    shapes, memory = shapes_only(lambda: timm.create_model(name)), timm.create_model(name)
    assert next(shapes.parameters()).is_meta
    assert complexity(shapes, channels=3, resolution=64) == complexity(memory, channels=3, resolution=64)


def test_a_network_that_computes_while_it_is_built_is_built_in_memory():
    def build():
        assert torch.ones(1).item() == 1  # what the meta device cannot do
        return micro()

    assert not next(shapes_only(build).parameters()).is_meta


def test_parts_add_up_and_follow_the_stages():
    cost = complexity(shapes_only(lambda: timm.create_model("efficientnet_b0")), channels=3, resolution=224)
    stages = list(dict.fromkeys(part.stage for part in cost.parts))
    assert stages == ["conv_stem", *(f"blocks.{n}" for n in range(7)), "conv_head", "classifier"]
    assert sum(part.flops for part in cost.parts) == cost.flops
    assert sum(part.activations for part in cost.parts) == cost.activations
    dense = complexity(shapes_only(lambda: timm.create_model("densenet121")), channels=3, resolution=64)
    assert "features.denseblock3" in {part.stage for part in dense.parts}


def test_attention_is_counted_as_a_matrix_product():
    cost = complexity(shapes_only(lambda: timm.create_model("vit_tiny_patch16_224")), channels=3, resolution=224)
    tokens, channels, blocks = 197, 192, 12
    matrix = sum(part.flops for part in cost.parts if part.operator == "matrix product")
    assert matrix == 2 * blocks * tokens**2 * channels


def test_measuring_leaves_the_network_as_it_was():
    network = micro().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    complexity(network, channels=1, resolution=8)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_activation_bytes_grow_with_the_area():
    network = micro()
    assert activation_bytes(network, 1, 32) == pytest.approx(4 * activation_bytes(network, 1, 16), rel=0.03)


@pytest.mark.parametrize(("axis", "factor"), [("depth", 2), ("width", 2), ("resolution", 2)])
def test_doubling_an_axis_costs_what_the_paper_says(axis, factor):
    def flops(depth=1, width=1, resolution=1):
        return complexity(micro(depth, width, classes=10), channels=1, resolution=32 * resolution).flops

    expected = factor if axis == "depth" else factor**2
    assert flops(**{axis: factor}) / flops() == pytest.approx(expected, rel=0.12)
