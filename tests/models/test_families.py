"""Every family against published numbers, against timm and against its own arithmetic."""

import pytest
import timm
import torch

from scaling_study.errors import ConfigError
from scaling_study.measure.complexity import count_parts, shapes_only
from scaling_study.measure.costs import variant_complexity
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES, build_network, count_layers
from scaling_study.planning.variant import variant_of
from scaling_study.scaling.coefficients import Coefficients

SCALABLE = [
    *("micro_mbconv", "efficientnet_b0", "mobilenetv1", "mobilenetv2", "resnet50", "densenet169"),
    *("efficientnetv2_b0", "efficientnetv2_s", "tinynet_c", "mobilenetv3_large", "ghostnet_100"),
    *("resnetrs50", "regnety_004", "regnety_016", "convnext_tiny"),
]
B_FLOPS = [385_825_092, 0.687e9, 0.994e9, 1.827e9, 4.394e9, 10.27e9, 19.07e9, 37.75e9]


KNOWN = {}


def at_imagenet_size(config, *overrides):
    """Counting takes seconds and some are counted for several tests."""
    if overrides not in KNOWN:
        made = config("data=imagenet_size", *overrides)
        KNOWN[overrides] = variant_complexity(made.model, variant_of(made), classes=1000, channels=3)
    return KNOWN[overrides]


def params(network):
    return sum(p.numel() for p in network.parameters())


def shapes_of(network):
    """{name: shape} of the weights, which one network can load from another where they are equal."""
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


@pytest.mark.parametrize("n", range(8))
def test_b0_to_b7_have_the_published_flops_and_timms_parameters(config, n):
    cost = at_imagenet_size(config, f"model=efficientnet_b{n}")
    reference = shapes_only(lambda: timm.create_model(f"efficientnet_b{n}"))
    assert cost.params == params(reference)
    assert cost.flops == pytest.approx(B_FLOPS[n], rel=0.0005)


def test_the_ends_of_the_family_are_exact(config):
    b0, b7 = (at_imagenet_size(config, f"model=efficientnet_{name}") for name in ("b0", "b7"))
    assert (b0.flops, b0.params, b0.activations) == (385_825_092, 5_288_548, 6_748_036)
    assert b7.params == 66_347_960


@pytest.mark.parametrize(
    ("name", "flops", "reference"),
    [
        ("resnet50", 4.089e9, "resnet50"),
        ("densenet169", 3.360e9, "densenet169"),
        ("mobilenetv2", 0.301e9, "mobilenetv2_100"),
        ("mobilenetv1", 0.569e9, "mobilenetv1_100"),
    ],
)
def test_the_other_baselines_have_the_published_flops_and_timms_parameters(config, name, flops, reference):
    cost = at_imagenet_size(config, f"model={name}")
    assert cost.flops == pytest.approx(flops, rel=0.005)
    assert cost.params == params(shapes_only(lambda: timm.create_model(reference)))


# (name, published multiply-adds in millions, how far off, timm's name). Of EfficientNetV2 S, M and L, of ConvNeXt,
# MobileNetV3 and RegNetY they are torchvision's or pycls', of the others those of the papers and the released code. The
# ConvNeXt count leaves out biases.
LATER = [
    ("efficientnetv2_b0", 720, 0.005, "tf_efficientnetv2_b0"),
    ("efficientnetv2_b1", 1200, 0.005, "tf_efficientnetv2_b1"),
    ("efficientnetv2_b2", 1700, 0.005, "tf_efficientnetv2_b2"),
    ("efficientnetv2_b3", 3000, 0.005, "tf_efficientnetv2_b3"),
    ("efficientnetv2_s", 8366, 0.0005, "efficientnetv2_s"),
    ("efficientnetv2_m", 24_582, 0.0005, "efficientnetv2_m"),
    ("efficientnetv2_l", 56_080, 0.0005, "efficientnetv2_l"),
    ("tinynet_a", 339, 0.01, "tinynet_a"),
    ("tinynet_b", 202, 0.01, "tinynet_b"),
    ("tinynet_c", 100, 0.01, "tinynet_c"),
    ("tinynet_d", 52, 0.01, "tinynet_d"),
    ("tinynet_e", 24, 0.02, "tinynet_e"),
    ("mobilenetv3_large", 217, 0.005, "mobilenetv3_large_100"),
    ("ghostnet_050", 42, 0.02, "ghostnet_050"),
    ("ghostnet_100", 141, 0.005, "ghostnet_100"),
    ("ghostnet_130", 226, 0.005, "ghostnet_130"),
    ("regnety_004", 402, 0.001, "regnety_004"),
    ("regnety_016", 1612, 0.001, "regnety_016"),
    ("regnety_040", 4000, 0.0125, "regnety_040"),
    ("convnext_tiny", 4456, 0.004, "convnext_tiny"),
    ("convnext_small", 8684, 0.004, "convnext_small"),
    ("convnext_base", 15_355, 0.004, "convnext_base"),
    ("convnext_large", 34_361, 0.004, "convnext_large"),
]
LARGE = 8000  # millions of multiply-adds, from where on the test is slow


@pytest.mark.parametrize(
    ("name", "millions", "off", "reference"),
    [pytest.param(*one, marks=pytest.mark.slow if one[1] > LARGE else ()) for one in LATER],
)
def test_later_networks_have_the_published_flops_and_timms_weights(config, name, millions, off, reference):
    model = config(f"model={name}", "data=imagenet_size").model
    size = {"classes": 1000, "channels": 3, "resolution_px": model.resolution}
    assert count_flops(model, Coefficients(), **size) / 1e6 == pytest.approx(millions, rel=off)
    built = shapes_only(lambda: build_network(model, Coefficients(), **size))
    theirs = shapes_only(lambda: timm.create_model(reference))
    assert params(built) == params(theirs)
    assert shapes_of(built) == shapes_of(theirs)


@pytest.mark.parametrize(
    "name", ["resnetrs50", "resnetrs101", *(pytest.param(f"resnetrs{n}", marks=pytest.mark.slow) for n in (200, 420))]
)
def test_networks_without_published_flops_have_those_of_timms(config, name):
    model = config(f"model={name}", "data=imagenet_size").model
    size = {"classes": 1000, "channels": 3, "resolution_px": model.resolution}
    built = shapes_only(lambda: build_network(model, Coefficients(), **size))
    theirs = shapes_only(lambda: timm.create_model(name))
    assert shapes_of(built) == shapes_of(theirs)
    expected = sum(part.flops for part in count_parts(theirs, 3, model.resolution))
    assert count_flops(model, Coefficients(), **size) == expected


def test_mobilenetv3_and_ghostnet_at_other_widths_are_timms(config):
    """But for the first, whose stem timm leaves as it is below a width of 0.75."""
    for name, width, reference in (
        ("mobilenetv3_large", 0.75, "mobilenetv3_large_075"),
        ("ghostnet_100", 0.5, "ghostnet_050"),
    ):
        model = config(f"model={name}", "data=imagenet_size").model
        size = {"classes": 1000, "channels": 3, "resolution_px": 224}
        network = shapes_only(lambda: build_network(model, Coefficients(width=width), **size))  # noqa: B023
        assert shapes_of(network) == shapes_of(shapes_only(lambda: timm.create_model(reference)))  # noqa: B023


def test_a_patch_that_the_input_does_not_fill_is_kept(config):
    """The last pixels of 65 change what ConvNeXt gives, which they do not in timm's network."""
    model = config("model=convnext_tiny").model
    network = build_network(model, Coefficients(width=0.1), classes=5, channels=1, resolution_px=65).eval()
    images = torch.rand(1, 1, 65, 65)
    with torch.inference_mode():
        whole = network.stem(images)
        images[..., 64] += 1
        changed = network.stem(images)
    assert whole.shape[-2:] == (17, 17)
    assert not torch.equal(whole, changed)


def test_weights_of_timms_models_fit(config):
    for name, reference in (("efficientnet_b1", "efficientnet_b1"), ("resnet50", "resnet50")):
        made = config(f"model={name}", "data=imagenet_size")
        network = build_network(made.model, Coefficients(), classes=1000, channels=3, resolution_px=224)
        assert network.load_state_dict(timm.create_model(reference).state_dict()).missing_keys == []


@pytest.mark.parametrize("name", SCALABLE)
@pytest.mark.parametrize(
    ("coefficients", "px", "small_stem"),
    [
        pytest.param(Coefficients(), 64, False, marks=pytest.mark.slow),
        pytest.param(Coefficients(depth=1.7), 33, False, marks=pytest.mark.slow),
        (Coefficients(width=1.37), 65, True),
        (Coefficients(depth=0.4, width=0.3), 47, False),
    ],
)
def test_arithmetic_agrees_with_the_network_that_is_built(config, name, coefficients, px, small_stem):
    model = config(f"model={name}", f"model.small_stem={small_stem}").model
    size = {"classes": 7, "channels": 2, "resolution_px": px}
    network = shapes_only(lambda: build_network(model, coefficients, **size))
    flops, weights, activations = count_layers(model, coefficients, **size)
    parts = count_parts(network, 2, px)
    assert flops == count_flops(model, coefficients, **size) == sum(part.flops for part in parts)
    assert activations == sum(part.activations for part in parts)
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)]
    assert weights == sum(params(layer) for layer in layers)


@pytest.mark.parametrize("name", SCALABLE)
@pytest.mark.parametrize("px", [28, 64])
def test_every_family_trains_on_small_images(config, name, px):
    model = config(f"model={name}").model
    network = build_network(model, Coefficients(), classes=10, channels=1, resolution_px=px).train()
    network(torch.randn(2, 1, px, px)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.slow
def test_a_small_stem_keeps_the_resolution(config):
    for name in ("resnet50", "densenet169", "convnext_tiny"):
        plain, small = (at_imagenet_size(config, f"model={name}", f"model.small_stem={on}") for on in (False, True))
        assert small.flops > 10 * plain.flops


def test_per_stage_depth_multiplies_the_stages_it_names(config):
    made = config("model=efficientnet_b0", "data=imagenet_size", "scaling.stage_depth=[1,1,1,2,2,3,1]")
    variant = variant_of(made)
    assert variant.method == "custom"
    assert variant.columns["stage_depth"] == "1 1 1 2 2 3 1"
    network = shapes_only(
        lambda: build_network(made.model, variant.coefficients, classes=10, channels=3, resolution_px=224)
    )
    assert [len(stage) for stage in network.blocks] == [1, 2, 2, 6, 6, 12, 1]
    assert variant_of(config("model=efficientnet_b0", "data=imagenet_size")).settings != variant.settings


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model=resnet50", "scaling.stage_depth=[1,1,1,1]"], r"scaling\.stage_depth=.*families efficientnet only"),
        (["model=efficientnet_b0", "scaling.stage_depth=[1,2]"], r"scaling\.stage_depth=.*7 entries"),
        (["model=timm", "model.name=resnet18", "scaling.depth=2"], r"scaling\.depth=2\.0: model=resnet18.*no depth"),
        (
            ["model=timm", "model.name=resnet18", "scaling.method=compound", "scaling.phi=1"],
            r"scaling\.method=compound: .*no depth to scale, only resolution",
        ),
        (
            ["model=timm", "model.name=resnet18", "scaling.method=width", "scaling.flops=2"],
            r"scaling\.method=width: .*no width to scale",
        ),
        (["model=timm", "model.name=resnet_50"], r"model\.name=resnet_50: .*the closest are .*resnet50"),
        (["model=resnet50", "model.name=resnet18"], r"model\.name=resnet18: must be resnet50; model=timm takes"),
        (["model=resnet50", "data.resolution=12"], r"data\.resolution=12: gives 12 pixels; .* at least 16"),
        (["model=densenet169", "model.drop_path_rate=0.1"], r"model\.drop_path_rate=0\.1: .*must be 0"),
        (["model=timm", "model.name=resnet18", "model.small_stem=true"], r"model\.small_stem=True"),
    ],
)
def test_what_a_family_cannot_do_is_one_line(config, overrides, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        variant_of(config(*overrides))


def test_any_timm_classifier_is_a_reference(config):
    made = config("model=timm", "model.name=vit_tiny_patch16_224", "scaling.resolution=2")
    made.data.resolution = 112
    variant = variant_of(made)
    assert (variant.method, variant.resolution_px) == ("resolution", 224)
    network = build_network(made.model, variant.coefficients, classes=10, channels=3, resolution_px=224)
    assert network(torch.zeros(1, 3, 224, 224)).shape == (1, 10)


def test_families_name_the_axes_they_scale():
    assert FAMILIES["timm"].axes == ("resolution",)
    assert all(FAMILIES[name].axes == ("depth", "width", "resolution") for name in FAMILIES if name != "timm")


@pytest.mark.parametrize("name", ["micro_mbconv", "efficientnet_b0"])
def test_the_narrowest_networks_keep_a_squeeze_channel(config, name):
    made = config(f"model={name}", "data=imagenet_size", "scaling.method=width", "scaling.flops=0.05")
    model, coefficients = made.model, variant_of(made).coefficients
    size = {"classes": 7, "channels": 3, "resolution_px": 64}
    network = shapes_only(lambda: build_network(model, coefficients, **size))
    assert count_flops(model, coefficients, **size) == sum(part.flops for part in count_parts(network, 3, 64))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model=inception_v3", "data.resolution=60"], "data.resolution=60: model=inception_v3 cannot take this input"),
        (
            ["model=timm", "model.name=resnet50.a1_in1kk"],
            "model.name=resnet50.a1_in1kk: .*closest are resnet50.a1_in1k,",
        ),
        (
            ["model=timm", "model.name=densenet121", "model.drop_path_rate=0.1"],
            "model.name=densenet121: timm cannot build it with {'drop_path_rate': 0.1}",
        ),
    ],
)
def test_references_that_cannot_be_built_are_one_line(config, overrides, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        at_imagenet_size(config, *overrides)


@pytest.mark.slow
def test_a_budget_of_a_reference_passes_over_inputs_that_it_cannot_take(config):
    made = config("model=inception_v3", "data=imagenet_size", "scaling.method=resolution", "scaling.flops=0.3")
    assert 150 < variant_of(made).resolution_px < 200


def test_a_baseline_below_the_smallest_input_is_refused_before_a_budget_is_solved(config):
    made = config("model=resnet50", "scaling.method=resolution", "scaling.flops=4")
    with pytest.raises(ConfigError, match=r"^data\.resolution=14: gives 14 pixels; model=resnet50 needs at least 16"):
        variant_of(made)


def test_a_budget_nearest_to_the_baseline_says_so(config):
    with pytest.warns(UserWarning, match=r"the baseline itself is the nearest .*\+33% off"):
        variant = variant_of(config("scaling.method=depth", "scaling.flops=0.75"))
    assert variant.method == "baseline"
