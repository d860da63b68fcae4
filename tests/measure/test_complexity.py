import pytest
import timm
import torch
from torch import nn

from scaling_study.measure.complexity import complexity
from scaling_study.models import FAMILIES


def test_efficientnet_b0_has_the_published_numbers():
    cost = complexity(timm.create_model("efficientnet_b0"), channels=3, resolution=224)
    assert (cost.flops, cost.params, cost.activations) == (385_825_092, 5_288_548, 6_748_036)


def test_resnet50_has_the_published_numbers():
    cost = complexity(timm.create_model("resnet50"), channels=3, resolution=224)
    assert cost.params == 25_557_032
    assert cost.flops == pytest.approx(4.089e9, rel=0.005)


def test_a_network_counted_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 5))
    cost = complexity(network, channels=1, resolution=8)
    assert cost.flops == 64 * 4 * 9 + 64 * 4 + 256 * 5 + 5  # products, and one addition per biased output
    assert cost.params == 4 * 9 + 4 + 256 * 5 + 5
    assert cost.activations == 4 * 64 + 5
    assert cost.activation_bytes == 4 * (64 + 256)  # the input, and the ReLU's output that two layers share


def test_measuring_leaves_the_network_as_it_was():
    network = FAMILIES["micro_mbconv"].build(depth=1, width=1, classes=4, channels=1).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    complexity(network, channels=1, resolution=8)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(("axis", "factor"), [("depth", 2), ("width", 2), ("resolution", 2)])
def test_doubling_an_axis_costs_what_the_paper_says(axis, factor):
    def flops(depth=1, width=1, resolution=1):
        network = FAMILIES["micro_mbconv"].build(depth=depth, width=width, classes=10, channels=1)
        return complexity(network, channels=1, resolution=32 * resolution).flops

    expected = factor if axis == "depth" else factor**2
    assert flops(**{axis: factor}) / flops() == pytest.approx(expected, rel=0.12)
