import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from scaling_study.data import shape_of
from scaling_study.data.batches import make_batches
from scaling_study.data.images import load_data
from scaling_study.data.transforms import crop_fraction
from scaling_study.errors import ConfigError, StudyError, one_line
from scaling_study.execution.check import check_augmentation
from scaling_study.planning.identity import run_of
from scaling_study.records.tables import run_table
from scaling_study.report.terminal import reading

from .folders import make_folder, make_shards, picture

CPU = torch.device("cpu")
AUGMENTED = ["recipe.flip=true", "recipe.auto_augment=rand-m9-mstd0.5", "recipe.color_jitter=0.4"]


@pytest.fixture
def root(tmp_path):
    return make_folder(tmp_path / "set")


@pytest.fixture
def folder(config, root):
    """The config of the folder, with further overrides."""

    def make(*overrides):
        small = ["data.val_images=6", "data.resolution=16", "recipe.batch_size=8", "data.loader_workers=0"]
        return config("data=imagefolder", f"data.root={root}", *small, *overrides)

    return make


def batches(made, workers=0, share=(0, 1), **options):
    data = load_data(made.data)
    data = replace(data, loading=replace(data.loading, workers=workers))
    kind = {"resolution": made.data.resolution, "device": CPU, "share": share}
    return make_batches(data, made.recipe, auto_augment=made.recipe.auto_augment, **kind, **options)


def epoch(made, start=0, seed=3, **options):
    return list(batches(made, **options).train(0, seed, start))


def test_a_folder_is_three_splits_of_its_classes(folder):
    made = folder()
    data = load_data(made.data)
    assert (data.classes, data.channels, shape_of(made.data)) == (3, 3, (3, 3))
    assert (len(data.train), len(data.val), len(data.test)) == (30, 6, 18)
    assert not set(data.train.index) & set(data.val.index)
    inputs, labels = next(iter(batches(made).train(0, 0)))
    assert inputs.shape == (8, 3, 16, 16)
    assert inputs.dtype == torch.float32
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert set(labels.tolist()) <= {0, 1, 2}
    evaluated = list(batches(made).evaluate("test"))
    assert torch.cat([labels for _, labels in evaluated]).bincount().tolist() == [6, 6, 6]


def test_labels_are_those_of_the_folders(folder, root):
    ((inputs, labels),) = batches(folder("data.crop_fraction=1", "data.test_images=null")).evaluate("test")
    bright = inputs.mean(dim=1)
    top, bottom, left = bright[:, :8].mean((1, 2)), bright[:, 8:].mean((1, 2)), bright[:, :, :8].mean((1, 2))
    assert torch.stack([top, bottom, left]).argmax(0).tolist() == labels.tolist()


def test_neither_workers_nor_processes_nor_the_first_step_change_the_images(folder):
    made = folder(*AUGMENTED)
    whole = epoch(made)
    assert len(whole) == 3
    for again in (epoch(made, workers=2), epoch(made)):
        assert all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in zip(whole, again, strict=True))
    late = epoch(made, start=2, workers=1)
    assert len(late) == 1
    assert torch.equal(late[0][0], whole[2][0])
    parts = [epoch(made, share=(rank, 2)) for rank in (0, 1)]
    for step, (inputs, labels) in enumerate(whole):
        assert torch.equal(parts[0][step][0], inputs[0::2])
        assert torch.equal(parts[1][step][1], labels[1::2])
    other = epoch(made, seed=4)
    assert not torch.equal(other[0][0], whole[0][0])


def test_without_augmentation_an_image_is_always_the_same(folder):
    made = folder("recipe.flip=false", "recipe.crop_scale_min=1")
    first = {float(row.double().sum()) for inputs, _ in epoch(made, seed=1) for row in inputs}
    second = {float(row.double().sum()) for inputs, _ in epoch(made, seed=2) for row in inputs}
    assert len(first & second) > 12  # of 24 of 30 images in both


@pytest.mark.parametrize(("resolution", "fraction"), [(224, 0.875), (600, 0.949)])
def test_the_crop_is_that_of_the_released_networks(resolution, fraction):
    assert crop_fraction(resolution) == pytest.approx(fraction, abs=5e-4)


def damage(root):
    """A truncated JPEG and a text in place of two training images."""
    truncated, text = root / "train" / "ant" / "3.jpg", root / "train" / "bee" / "5.jpg"
    truncated.write_bytes(truncated.read_bytes()[:600])
    text.write_text("no image")
    return truncated, text


@pytest.mark.parametrize("workers", [0, 1])
def test_unreadable_images_are_named_replaced_and_counted_once(folder, root, workers):
    bad = damage(root)
    made = folder("data.val_images=1", "recipe.batch_size=5")
    source = batches(made, workers=workers)
    with pytest.warns(UserWarning, match="cannot be read and is left out") as told:
        sizes = [len(labels) for seed in (0, 1) for _, labels in source.train(seed, seed)]
    assert sizes == [5] * 14
    assert sorted(source.unreadable) == sorted(map(str, bad))
    assert sorted(str(w.message).split()[0] for w in told) == sorted(map(str, bad))
    strict = batches(folder("data.val_images=1", "recipe.batch_size=5", "data.unreadable_max=1"), workers=workers)
    with pytest.raises(
        StudyError, match=r"unreadable_max=1: 2 images cannot be read .the last: .*Pillow knows., among them .*3\.jpg"
    ):
        [len(labels) for seed in (0, 1) for _, labels in strict.train(seed, seed)]


def test_unreadable_images_count_for_no_accuracy(folder, root):
    (root / "val" / "ant" / "0.jpg").write_text("no image")
    source = batches(folder())
    with pytest.warns(UserWarning, match=r"ant/0\.jpg"):
        count = sum(len(labels) for _, labels in source.evaluate("test"))
    assert count == 17
    assert len(source.unreadable) == 1


def test_grey_and_cmyk_files_and_grey_input(folder, root):
    picture(0, 1, mode="L").save(root / "train" / "ant" / "0.jpg")
    picture(0, 2, mode="CMYK").save(root / "train" / "ant" / "1.jpg")
    assert sum(len(labels) for _, labels in epoch(folder())) == 24
    inputs, _ = epoch(folder("data.channels=1"))[0]
    assert inputs.shape == (8, 1, 16, 16)


def empty_class(root):
    (root / "train" / "dog").mkdir()


def unknown_class(root):
    (root / "val" / "elk").mkdir()
    picture(0, 0).save(root / "val" / "elk" / "0.jpg")


def no_val(root):
    (root / "val").rename(root / "held")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (empty_class, "class dog in .*train has no images"),
        (unknown_class, "class elk is in .*val but not in train/"),
        (no_val, "data.test_split=val: there is no folder"),
    ],
)
def test_folders_that_cannot_be_used_are_refused_by_name(folder, root, change, message):
    change(root)
    with pytest.raises((ConfigError, StudyError), match=message):
        load_data(folder().data)


def test_a_class_without_test_images_is_told(folder, root):
    for path in (root / "val" / "bee").iterdir():
        path.unlink()
    with pytest.warns(UserWarning, match="has no images of class bee"):
        data = load_data(folder().data)
    assert len(data.test) == 12
    ((_, labels),) = batches(folder()).evaluate("test")
    assert sorted(set(labels.tolist())) == [0, 2]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data=imagefolder"], "data.root=None: data=imagefolder needs the folder"),
        (["data=imagefolder", "data.root=/nowhere"], "data.root=/nowhere: must hold a folder train/"),
        (["data=timm"], "data.name=timm: must be one of"),
        (["data=timm", "data.name=torch/mnist"], "data.classes=None: data.name=torch/mnist needs"),
        (["recipe=efficientnet"], "recipe.auto_augment=rand-m9-mstd0.5: must be null"),
    ],
)
def test_what_a_config_lacks_is_told(config, overrides, message):
    with pytest.raises(ConfigError, match=message):
        config(*overrides)


def test_movement_of_images_in_memory_is_refused_for_files(folder):
    with pytest.raises(ConfigError, match=r"recipe.shift=0.1: must be 0 with images from files"):
        folder("recipe.shift=0.1")


def test_capped_splits_hold_all_classes(folder):
    made = folder("data.train_images=15", "data.test_images=9", "data.val_split=val", "data.val_images=9")
    data = load_data(made.data)
    for split, count in ((data.train, 15), (data.val, 9), (data.test, 9)):
        labels = [split.read(position)[1] for position in range(len(split))]
        assert len(labels) == count
        assert set(labels) == {0, 1, 2}


def test_a_folder_is_known_by_what_is_in_it_and_not_by_where_it_lies(folder, root, tmp_path):
    made = folder()
    here = run_of(made).run_id
    root.rename(tmp_path / "moved")
    moved = folder(f"data.root={tmp_path / 'moved'}")
    assert run_of(moved).run_id == here
    make_folder(tmp_path / "other", train=13)
    assert run_of(folder(f"data.root={tmp_path / 'other'}")).run_id != here
    assert run_of(folder(f"data.root={tmp_path / 'moved'}", "data.loader_workers=3")).run_id == here


def test_reading_in_the_training_process_leaves_its_generators_alone(folder):
    made = folder(*AUGMENTED)
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    next(iter(batches(made, workers=0).train(0, 0)))
    assert torch.equal(torch.rand(3), expected)


def test_a_label_beyond_the_classes_is_told(folder):
    source = batches(folder())
    source.classes = 2
    with pytest.raises(StudyError, match=r"data.classes=2: the train split has a label 2"):
        list(source.train(0, 0))


def test_augmentation_that_timm_does_not_know_is_refused(folder):
    made = folder("recipe.auto_augment=bogus")
    with pytest.raises(ConfigError, match=r"recipe.auto_augment=bogus: timm cannot make it"):
        check_augmentation(load_data(made.data), made.recipe, 16)


def test_a_small_folder_is_read_into_memory(folder, root):
    damage(root)
    made = folder("data.in_memory=true", "data.memory_resolution=24", "data.val_images=6", "recipe.shift=0.1")
    with pytest.warns(UserWarning, match="left out"):
        data = load_data(made.data)
    assert data.loading is None
    assert data.train.images.shape[1:] == (3, 24, 24)
    assert len(data.train) + len(data.val) == 34
    assert len(data.unreadable) == 2


def test_the_end_of_a_command_tells_of_waiting_and_of_unreadable_images():
    rows = [
        {"status": "done", "data": "imagefolder", "data_wait_fraction": 0.34, "unreadable_images": 2},
        {"status": "done", "data": "fractals", "data_wait_fraction": 0.5},
        {"status": "failed"},
    ]
    waiting, unreadable = reading(run_table(rows), 8)
    assert waiting == "Waiting for images took up to 34% of the training time, in 1 of 2 runs."
    assert unreadable.startswith("2 images could not be read")
    assert not list(reading(run_table(rows[1:]), 8))


def test_a_run_too_short_to_learn_anything_is_told():
    rows = [{"status": "done", "data": "x", "train_images": images, "epochs": 2} for images in (200, 1600)]
    (line,) = reading(run_table(rows), 32)
    assert line.startswith("12 updates of the weights in all, in 1 of 2 runs: nothing was learned yet")
    assert not list(reading(run_table(rows[1:]), 32))


def test_a_record_of_unreadable_images_can_be_written_whatever_their_names(folder, root):
    """As UTF-8, which tables are in: the names of those left out, and the error that ends the run."""
    for number in range(3):
        path = os.fsencode(root / "train/ant") + b"/caf\xe9%d.jpg" % number
        with open(path, "wb") as file:
            file.write(b"no image")
    made = folder("data.val_images=1", "recipe.epochs=3")
    source = batches(made)
    with pytest.warns(UserWarning, match="left out") as told:
        list(source.train(0, 0)), list(source.evaluate("val"))
    source = batches(folder("data.val_images=1", "data.unreadable_max=1"))
    with pytest.raises(StudyError) as error, pytest.warns(UserWarning, match="left out"):
        list(source.train(0, 0))
    for text in (*source.unreadable, str(error.value), one_line(OSError("caf\udce9")), *(str(w.message) for w in told)):
        assert "caf\\udce9" in text
        text.encode("utf-8")


def test_torchvisions_sets_come_through_timm(config, tmp_path):
    """In torchvision's own file format: as many images as the header says."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for stem, count in (("train", 20), ("t10k", 10)):
        head = [
            np.array([magic, *shape], ">i4").tobytes() for magic, shape in ((2051, (count, 28, 28)), (2049, (count,)))
        ]
        (raw / f"{stem}-images-idx3-ubyte").write_bytes(head[0] + bytes(range(count)) * 784)
        (raw / f"{stem}-labels-idx1-ubyte").write_bytes(head[1] + bytes(i % 10 for i in range(count)))
    made = config(
        "data=timm", "data.name=torch/mnist", f"data.root={tmp_path}", "data.classes=10", "data.val_images=4",
        "data.resolution=16", "recipe.batch_size=4",
    )  # fmt: skip
    data = load_data(made.data)
    assert (len(data.train), len(data.val), len(data.test)) == (16, 4, 10)
    assert sum(len(labels) for _, labels in batches(made).train(0, 0)) == 16


def test_streams_need_a_validation_split(config, tmp_path):
    made = config("data=timm", "data.name=wds/x", "data.classes=3", f"data.root={tmp_path}", "data.resolution=16")
    with pytest.raises(ConfigError, match=r"data.val_split=None: wds/x is a stream"):
        load_data(made.data)


def test_shards_are_streamed(config, tmp_path):
    pytest.importorskip("webdataset")
    made = config(*make_shards(tmp_path), "data.resolution=16", "recipe.batch_size=8")
    source = batches(made, workers=1)
    inputs, labels = zip(*source.train(0, 0), strict=True)
    assert torch.cat(inputs).shape == (24, 3, 16, 16)
    assert sum(len(labels) for _, labels in source.evaluate("test")) == 8
    assert set(torch.cat(labels).tolist()) == {0, 1, 2}
