"""Our counts of timm's networks against the metadata of torchvision's weights."""

import pytest
import timm

from scaling_study.literature import torchvision_classifiers
from scaling_study.measure.complexity import count_parts, shapes_only

# torchvision's name: timm's, where they differ and the architecture is the same.
TIMM = {
    "mobilenet_v2": "mobilenetv2_100",
    "mobilenet_v3_large": "mobilenetv3_large_100",
    "mobilenet_v3_small": "mobilenetv3_small_100",
    "mnasnet0_5": "mnasnet_050",
    "mnasnet0_75": "mnasnet_075",
    "mnasnet1_0": "mnasnet_100",
    "efficientnet_v2_s": "tf_efficientnetv2_s",
    "efficientnet_v2_m": "tf_efficientnetv2_m",
    "efficientnet_v2_l": "tf_efficientnetv2_l",
    "swin_t": "swin_tiny_patch4_window7_224",
    "swin_s": "swin_small_patch4_window7_224",
    "swin_b": "swin_base_patch4_window7_224",
    "swin_v2_t": "swinv2_tiny_window8_256",
    "swin_v2_s": "swinv2_small_window8_256",
    "swin_v2_b": "swinv2_base_window8_256",
    "vit_b_16": "vit_base_patch16_224",
    "vit_b_32": "vit_base_patch32_224",
    "vit_l_16": "vit_large_patch16_224",
    "vit_l_32": "vit_large_patch32_224",
    "vit_h_14": "vit_huge_patch14_224",
    "maxvit_t": "maxvit_tiny_tf_224",
    "regnet_x_400mf": "regnetx_004_tv",  # regnetx_004 follows pycls, whose widths are others
    "regnet_x_800mf": "regnetx_008",
    "regnet_x_1_6gf": "regnetx_016",
    "regnet_x_3_2gf": "regnetx_032",
    "regnet_x_8gf": "regnetx_080",
    "regnet_x_16gf": "regnetx_160",
    "regnet_x_32gf": "regnetx_320",
    "regnet_y_400mf": "regnety_004",
    "regnet_y_800mf": "regnety_008_tv",  # as above
    "regnet_y_1_6gf": "regnety_016",
    "regnet_y_3_2gf": "regnety_032",
    "regnet_y_8gf": "regnety_080_tv",  # as above
    "regnet_y_16gf": "regnety_160",
    "regnet_y_32gf": "regnety_320",
    "regnet_y_128gf": "regnety_1280",
}
EXPLAINED = {
    "inception_v3": "torchvision's parameters include the auxiliary classifier, 3.3 million; the flops agree",
    "mnasnet1_3": "timm has a width of 1.4, not 1.3",
    "alexnet": "not in timm",
    "googlenet": "not in timm",
    "shufflenet_v2_x0_5": "not in timm",
    "shufflenet_v2_x1_0": "not in timm",
    "shufflenet_v2_x1_5": "not in timm",
    "shufflenet_v2_x2_0": "not in timm",
    "squeezenet1_0": "not in timm",
    "squeezenet1_1": "not in timm",
}
PUBLISHED = torchvision_classifiers().drop_duplicates(["model", "resolution_px"]).set_index(["model", "resolution_px"])
COMPARED = [pair for pair in PUBLISHED.index if pair[0] not in EXPLAINED]


def test_enough_classifiers_are_compared():
    assert len(COMPARED) >= 60
    assert set(EXPLAINED) <= set(PUBLISHED.index.get_level_values(0))
    missing = [name for name, reason in EXPLAINED.items() if reason == "not in timm"]
    assert not any(timm.is_model(name) for name in missing)


@pytest.mark.parametrize(
    ("model", "resolution_px"),
    [pytest.param(*pair, marks=[] if n % 4 == 0 else pytest.mark.slow) for n, pair in enumerate(COMPARED)],
)
def test_flops_and_params_are_torchvisions(model, resolution_px):
    name, published = TIMM.get(model, model), PUBLISHED.loc[model, resolution_px]
    size = {"img_size": resolution_px} if timm.get_pretrained_cfg(name).fixed_input_size else {}
    network = shapes_only(lambda: timm.create_model(name, **size))
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(published.params, rel=0.01)
    flops = sum(part.flops for part in count_parts(network, 3, resolution_px))
    assert flops == pytest.approx(published.flops, rel=0.01)
