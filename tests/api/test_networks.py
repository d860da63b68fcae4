"""Networks and costs by name."""

import pytest

import scaling_study as ss

GOLDEN = {  # params and flops at 224 pixels, as the papers and timm have them
    "efficientnet_b0": (5_288_548, 385_825_092),
    "resnet50": (25_557_032, 4_089_185_256),
    "regnetx_002": (2_684_792, 199_000_000),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_costs_are_those_of_the_network(name):
    cost = ss.cost(name, resolution_px=224)
    params, flops = GOLDEN[name]
    assert cost.params == params == sum(weight.numel() for weight in ss.build(name).parameters())
    assert cost.flops == pytest.approx(flops, rel=0.01 if name == "regnetx_002" else 0)


def test_coefficients_scale_and_input_size_is_the_networks_own():
    baseline, deep = ss.cost("efficientnet_b0"), ss.cost("efficientnet_b0", depth=2.0)
    assert baseline.resolution_px == 224
    assert deep.flops > 1.7 * baseline.flops
    assert ss.cost("micro_mbconv", classes=10, channels=1).resolution_px == 32


def test_names_whose_file_starts_from_another_are_built():
    b1 = ss.cost("efficientnet_b1")
    assert (b1.params, b1.resolution_px) == (7_794_184, 240)
    assert b1.flops == pytest.approx(0.687e9, rel=0.0005)
    assert ss.cost("inception_v3").resolution_px == 299


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("efficientnet_b99", {}, r"^model\.name=efficientnet_b99: must be the name of a timm classifier"),
        ("resnet18", {"width": 2.0}, r"^width=2\.0: must be 1: resnet18 has no width to scale"),
        ("resnet50", {"depth": -1.0}, r"^depth=-1\.0: must be a number"),
    ],
)
def test_what_cannot_be_built_is_refused(name, options, message):
    with pytest.raises(ss.ConfigError, match=message):
        ss.build(name, **options)
