import numpy as np
import pytest

from scaling_study.data import fractals
from scaling_study.errors import StudyError


def test_a_sample_depends_on_its_seed_only():
    whole = fractals.draw(fractals.TRAIN, 0, 40)
    assert np.array_equal(whole[13:21], fractals.draw(fractals.TRAIN, 13, 21))
    assert not np.array_equal(whole[:8], fractals.draw(fractals.TEST, 0, 8))
    assert len(np.unique(whole.reshape(40, -1), axis=0)) == 40


def test_the_pixels_of_this_version_do_not_change():
    # Changing them without a new version would mix runs on different data in one study.
    images = fractals.draw(fractals.TEST, 0, 4)
    assert images.shape == (4, 64, 64)
    assert images.mean(axis=(1, 2)) == pytest.approx([51.35, 52.65, 47.01, 50.84], abs=0.5)


def test_classes_are_balanced_and_every_image_shows_something():
    labels = fractals.labels_of(np.arange(400))
    assert np.array_equal(np.bincount(labels), np.full(200, 2))
    images = fractals.draw(fractals.TRAIN, 0, 200)
    share = (images > 0).mean(axis=(1, 2))
    assert share.min() > 0.03
    assert share.max() < 0.9


def test_classes_of_a_group_share_all_maps_but_one():
    systems = fractals.class_systems()
    assert len(systems) == 200
    assert all(len(a) == len(b) for a, b in zip(systems[::2], systems[1::2], strict=True))


def test_a_set_is_drawn_once_and_a_prefix_of_it_is_the_same(tmp_path, monkeypatch):
    train, test = fractals.load(tmp_path, 60, 30)
    assert train.images.shape == (60, 1, 64, 64)
    assert len(test) == 30
    monkeypatch.setattr(fractals, "draw_parallel", lambda *_: pytest.fail("drawn again"))
    again, _ = fractals.load(tmp_path, 60, 30)
    assert (again.images == train.images).all()


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
