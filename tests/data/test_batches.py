import pytest
import torch

from scaling_study.data.batches import augment, in_order, network_input, shifted, shuffled, statistics
from scaling_study.data.dataset import Images


def images(n=8, side=16, seed=0):
    return torch.randint(0, 256, (n, 1, side, side), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


@pytest.mark.parametrize("resolution", [8, 16, 24])
def test_network_input_keeps_the_mean_and_the_whole_image(resolution):
    batch = images(64)
    inputs = network_input(batch, resolution, torch.zeros(1), torch.ones(1))
    assert inputs.shape == (64, 1, resolution, resolution)
    assert inputs.mean().item() == pytest.approx(batch.float().mean().item(), rel=0.02)


def test_downsizing_is_antialiased():
    stripes = torch.tensor([0, 255], dtype=torch.uint8).repeat(8).expand(1, 1, 16, 16)
    small = network_input(stripes, 4, torch.zeros(1), torch.ones(1))
    assert small.std() < 30  # without antialiasing every other stripe would vanish or stay: a std above 100


def test_inputs_are_normalised_per_channel():
    batch = torch.cat([images(200), 255 - images(200, seed=1) // 4], dim=1)
    inputs = network_input(batch, 16, *statistics(batch))
    assert inputs.mean(dim=(0, 2, 3)).tolist() == pytest.approx([0, 0], abs=1e-4)
    assert inputs.std(dim=(0, 2, 3)).tolist() == pytest.approx([1, 1], abs=1e-3)


class Recipe:
    flip = False
    shift = 0.0
    rotate = 0.0


def recipe(**options):
    return type("Chosen", (Recipe,), options)()


def test_no_augmentation_changes_nothing():
    assert torch.equal(augment(images(), recipe(), torch.Generator()), images())


def test_flips_half_of_the_images():
    batch = images(400)
    flipped = augment(batch, recipe(flip=True), torch.Generator().manual_seed(0))
    mirrored = (flipped == batch.flip(-1)).all(dim=(1, 2, 3))
    same = (flipped == batch).all(dim=(1, 2, 3))
    assert (mirrored | same).all()
    assert 150 < mirrored.sum() < 250


def test_shifts_move_by_whole_pixels_and_repeat_the_edge():
    ramp = torch.arange(10, dtype=torch.uint8).expand(50, 1, 10, 10)
    moved = shifted(ramp, 0.2, torch.Generator().manual_seed(0))
    offsets = {tuple(row.tolist()) for row in moved[:, 0, 0]}
    assert offsets == {tuple(min(max(i + o, 0), 9) for i in range(10)) for o in (-2, -1, 0, 1, 2)}


def test_rotation_turns_about_the_centre():
    point = torch.zeros(100, 1, 17, 17, dtype=torch.uint8)
    point[:, :, 8, 8] = 255
    turned = augment(point, recipe(rotate=90), torch.Generator().manual_seed(0))
    assert turned[:, 0, 8, 8].tolist() == pytest.approx([255] * 100, abs=1)
    point[:, :, 8, 14] = 255
    turned = augment(point, recipe(rotate=90), torch.Generator().manual_seed(0))
    assert turned[:, 0, 8, 14].std() > 20  # off the centre, angles differ


def test_an_epoch_shows_every_image_at_most_once():
    data = Images(images(10), torch.arange(10))
    seen = torch.cat([labels for _, labels in shuffled(data, 3, torch.Generator().manual_seed(0))])
    assert len(seen) == 9
    assert len(set(seen.tolist())) == 9
    assert torch.cat([labels for _, labels in in_order(data, 3)]).tolist() == list(range(10))
