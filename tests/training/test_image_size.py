"""Training images that grow: their sides, what they cost, and that they are what the network sees."""

from dataclasses import replace

import pytest
import torch

from scaling_study.errors import ConfigError
from scaling_study.models import FAMILIES
from scaling_study.planning.identity import run_of
from scaling_study.training.epoch import resized
from scaling_study.training.image_size import check_resolutions, mean_flops, training_resolutions
from scaling_study.training.loop import train

CPU = torch.device("cpu")


@pytest.fixture
def recipe(config):
    return replace(config().recipe, epochs=3, batch_size=32, warmup_epochs=0.0, resolution_start=0.5)


@pytest.mark.parametrize(
    ("start", "epochs", "sides"),
    [(1.0, 3, [20, 20, 20]), (0.5, 3, [10, 15, 20]), (0.5, 1, [20]), (0.5, 2, [10, 20]), (0.33, 4, [7, 11, 16, 20])],
)
def test_sides_grow_linearly_to_the_resolution(recipe, start, epochs, sides):
    assert training_resolutions(replace(recipe, resolution_start=start, epochs=epochs), 20) == sides


def test_mean_of_the_flops_counts_every_epoch(recipe):
    assert mean_flops(recipe, 20, 400, lambda px: px**2) == (100 + 225 + 400) / 3
    assert mean_flops(replace(recipe, resolution_start=1.0), 20, 400, lambda px: pytest.fail("needs no count")) == 400


def test_shrunk_images_keep_mean_and_layout():
    images = torch.rand(4, 3, 20, 20).contiguous(memory_format=torch.channels_last)
    small = resized(images, 10)
    assert small.shape == (4, 3, 10, 10)
    assert small.is_contiguous(memory_format=torch.channels_last)
    assert small.mean((2, 3)) == pytest.approx(images.mean((2, 3)), abs=0.02)
    assert resized(images, 20) is images


def test_each_epoch_trains_on_its_size_and_is_evaluated_at_the_networks(toy_data, recipe):
    torch.manual_seed(0)
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1, drop_path_rate=0.0)
    seen = []
    network.register_forward_pre_hook(lambda module, inputs: seen.append((module.training, inputs[0].shape[-1])))
    train(network, toy_data, recipe, seed=0, resolution=12, device=CPU)
    assert list(dict.fromkeys(px for training, px in seen if training)) == [6, 9, 12]
    assert {px for training, px in seen if not training} == {12}


def test_images_that_are_too_small_are_refused(recipe):
    check_resolutions(recipe, 20, 10)
    message = r"^recipe\.resolution_start=0\.5: gives images of 10 pixels in the first epoch; .* at least 11"
    with pytest.raises(ConfigError, match=message):
        check_resolutions(recipe, 20, 11)


@pytest.mark.parametrize("value", ["0", "-0.5", "1.2", "small"])
def test_key_has_a_range(config, value):
    with pytest.raises(ConfigError, match=rf"^recipe\.resolution_start={value}.*: must be a number above 0"):
        config(f"recipe.resolution_start={value}")


def test_compute_that_is_asked_for_needs_one_size(config):
    with pytest.raises(ConfigError, match=r"^recipe\.resolution_start=0\.5: must be 1 with recipe\.baseline_epochs"):
        run_of(config("recipe.baseline_epochs=8", "recipe.resolution_start=0.5"))
