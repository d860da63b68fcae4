"""Class activation maps: against Grad-CAM by hand, on networks whose answer is known, and over families."""

import numpy as np
import pytest
import torch
from torch import nn

from scaling_study.config.presets import model_preset
from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure import activation_maps as measured
from scaling_study.measure.activation_maps import activation_maps, half_area
from scaling_study.models import build_network
from scaling_study.scaling.coefficients import Coefficients

FAMILIES = ["micro_mbconv_v2", "efficientnet_b0", "resnet50", "densenet169", "mobilenetv3_large", "convnext_tiny"]
PIXELS = 64


class Tiny(nn.Module):
    """Convolution, ReLU, global average pooling, one linear layer."""

    def __init__(self, stride=2):
        super().__init__()
        self.convolution = nn.Conv2d(1, 5, 3, stride=stride, padding=1)
        self.activation = nn.ReLU()
        self.head = nn.Linear(5, 3)

    def forward(self, images):
        return self.head(self.activation(self.convolution(images)).mean(dim=(2, 3)))


class OneQuarter(nn.Module):
    """Logits from the mean brightness of the four quarters, a class each."""

    def __init__(self):
        super().__init__()
        self.same = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.same.weight)

    def forward(self, images):
        quarters = nn.functional.adaptive_avg_pool2d(self.same(images), 2)
        return quarters.flatten(1)


def test_a_map_is_grad_cam_by_hand():
    """Where pooling and a linear layer follow: the positive part of the channels' sum by their weights."""
    torch.manual_seed(0)
    network, images = Tiny(), torch.randn(4, 1, 12, 12)
    classes = [0, 1, 2, 1]
    found = activation_maps(network, images, classes)
    with torch.no_grad():
        features = network.activation(network.convolution(images))
        raw = torch.einsum("nc,nchw->nhw", network.head.weight[classes], features).clamp_min(0)
        raw = nn.functional.interpolate(raw[:, None], (12, 12), mode="bilinear")[:, 0]
        expected = raw / raw.amax(dim=(1, 2), keepdim=True)
        logits = network(images)
    np.testing.assert_allclose(found.values, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(found.probabilities, logits.softmax(1).numpy(), rtol=1e-5)
    assert found.cells == (6, 6)


def test_a_map_depends_neither_on_the_other_images_nor_on_the_mode_of_the_network():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = torch.randn(3, 1, 8, 8)
    together = activation_maps(network.train(), images, [0, 1, 2]).values
    alone = [activation_maps(network.eval(), images[n : n + 1], [n]).values[0] for n in range(3)]
    np.testing.assert_array_equal(together, np.stack(alone))
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("quarter", range(4))
def test_a_network_that_looks_at_one_quarter_lights_up_there(quarter):
    """Of an image that is bright in this quarter; Grad-CAM has one weight per channel, so the image decides where."""
    row, column = 4 * (quarter // 2), 4 * (quarter % 2)
    images = torch.zeros(1, 1, 8, 8)
    images[:, :, row : row + 4, column : column + 4] = 1
    found = activation_maps(OneQuarter(), images, [quarter])
    inside = found.values[0, row : row + 4, column : column + 4]
    assert inside.min() == 1
    assert inside.sum() == pytest.approx(found.values.sum())
    assert found.probabilities[0].argmax() == quarter
    assert half_area(found.values[0]) == 1 / 8


def test_a_class_that_nothing_speaks_for_has_a_map_of_zeros():
    network = Tiny()
    nn.init.constant_(network.head.weight, -1)
    found = activation_maps(network, torch.rand(2, 1, 8, 8), [0, 1])
    assert not found.values.any()
    assert np.isnan(half_area(found.values[0]))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_maps_of_its_last_stage(name):
    torch.manual_seed(0)
    network = build_network(model_preset(name), Coefficients(), classes=5, channels=3, resolution_px=PIXELS)
    found = activation_maps(network, torch.randn(2, 3, PIXELS, PIXELS), [1, 4])
    assert found.values.shape == (2, PIXELS, PIXELS)
    assert found.values.min() >= 0
    assert {*found.values.max(axis=(1, 2)).round(6)} <= {0, 1}
    assert found.cells == ((8, 8) if name == "micro_mbconv_v2" else (2, 2))
    assert found.probabilities.sum(axis=1) == pytest.approx(1)


def test_networks_without_places_and_a_missing_package_are_told(monkeypatch):
    with pytest.raises(StudyError, match="no layer has more than one position at 1 pixels"):
        activation_maps(Tiny(), torch.zeros(1, 1, 1, 1), [0])
    monkeypatch.setattr(measured, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"^task=cam: needs torchcam: pip install 'scaling_study\[cam\]'$"):
        measured.require_torchcam()


@pytest.mark.parametrize(
    ("values", "share"), [(np.ones((4, 4)), 0.5), (np.eye(4), 2 / 16), (np.diag([9, 1, 1, 1]), 1 / 16)]
)
def test_half_of_a_map_lies_on(values, share):
    assert half_area(values) == share
