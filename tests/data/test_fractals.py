import numpy as np
import pytest

from scaling_study.data import fractals, fractals_v2
from scaling_study.errors import StudyError


def test_a_sample_depends_on_its_seed_only():
    whole = fractals.draw(fractals.TRAIN, 0, 40)
    assert np.array_equal(whole[13:21], fractals.draw(fractals.TRAIN, 13, 21))
    assert not np.array_equal(whole[:8], fractals.draw(fractals.TEST, 0, 8))
    assert len(np.unique(whole.reshape(40, -1), axis=0)) == 40


@pytest.mark.parametrize(
    ("spec", "side", "means"),
    [
        (fractals.SPEC, 64, [51.35, 52.65, 47.01, 50.84]),
        (fractals_v2.SPEC, 80, [39.02, 54.89, 44.0, 45.59]),
    ],
)
def test_the_pixels_of_a_version_do_not_change(spec, side, means):
    # Changing them without a new version would mix runs on different data in one study.
    images = fractals.draw(fractals.TEST, 0, 4, spec)
    assert images.shape == (4, side, side)
    assert images.mean(axis=(1, 2)) == pytest.approx(means, abs=0.5)


@pytest.mark.parametrize("spec", [fractals.SPEC, fractals_v2.SPEC])
def test_classes_are_balanced_and_every_image_shows_something(spec):
    labels = fractals.labels_of(np.arange(400), spec)
    assert np.array_equal(np.bincount(labels), np.full(spec.classes, 400 // spec.classes))
    images = fractals.draw(fractals.TRAIN, 0, 200, spec)
    share = (images > 0).mean(axis=(1, 2))
    assert share.min() > 0.03
    assert share.max() < 0.9


@pytest.mark.parametrize("spec", [fractals.SPEC, fractals_v2.SPEC])
def test_classes_of_a_group_share_all_maps_but_one(spec):
    systems, group = fractals.class_systems(spec), spec.classes_per_group
    assert len(systems) == spec.classes
    for start in range(0, spec.classes, group):
        assert len({len(system) for system in systems[start : start + group]}) == 1


def test_a_set_is_drawn_once_and_a_prefix_of_it_is_the_same(tmp_path, monkeypatch):
    train, test = fractals.load(tmp_path, 60, 30)
    assert train.images.shape == (60, 1, 64, 64)
    assert len(test) == 30
    monkeypatch.setattr(fractals, "draw_parallel", lambda *_: pytest.fail("drawn again"))
    again, _ = fractals.load(tmp_path, 60, 30)
    assert (again.images == train.images).all()


def test_fewer_images_are_read_from_a_file_of_more(tmp_path, monkeypatch):
    train, _ = fractals_v2.load(tmp_path, 60, 30)
    monkeypatch.setattr(fractals, "draw_parallel", lambda *_: pytest.fail("drawn again"))
    fewer, test = fractals_v2.load(tmp_path, 50, 20)
    assert (fewer.images == train.images[:50]).all()
    assert test.images.shape == (20, 1, 80, 80)


def test_a_damaged_cache_file_is_named_and_drawn_again(tmp_path):
    whole, _ = fractals.load(tmp_path, 20, 10)
    [path] = tmp_path.glob("*train-20.npy")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.warns(UserWarning, match=path.name):
        again, _ = fractals.load(tmp_path, 20, 10)
    assert (again.images == whole.images).all()


def test_an_unwritable_cache_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"data\.root="):
        fractals.load(tmp_path / "file", 20, 10)
