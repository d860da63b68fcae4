"""Model files without Hydra: the same as with it."""

import pytest

from scaling_study.config.paths import CONF
from scaling_study.config.presets import model_preset

NAMES = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("timm", "custom")])
def test_a_preset_is_what_hydra_composes(config, name):
    assert model_preset(name) == config(f"model={name}", "data=imagenet_size").model


@pytest.mark.parametrize("name", ["timm", "custom", "resnet18"])
def test_a_choice_that_leaves_the_network_open_has_none(name):
    assert model_preset(name) is None
