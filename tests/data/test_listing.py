import os
import re
import shutil
import socket

import numpy as np
import pytest
import timm.data
from PIL import Image

from scaling_study.data import classes, with_val_images
from scaling_study.data.classes import class_names
from scaling_study.data.images import load_data
from scaling_study.data.listing import endings, in_order, list_split
from scaling_study.errors import ConfigError, StudyError

from .folders import make_folder, picture


@pytest.fixture
def root(tmp_path):
    return make_folder(tmp_path / "set", train=12, val=4)


@pytest.fixture
def folder(config, root):
    def make(*overrides, at=root):
        small = ["data.val_images=3", "data.resolution=16", "recipe.batch_size=8", "data.loader_workers=0"]
        return config("data=imagefolder", f"data.root={at}", *small, *overrides)

    return make


def labels_of(made, split="train"):
    """Label of each image by its path below the split, of all images of train/."""
    dataset = getattr(load_data(made.data), split).dataset
    return dict(zip(dataset.names, dataset.labels.tolist(), strict=True))


def test_an_ordinary_folder_has_the_order_and_labels_that_timm_gives_it(tmp_path, folder):
    """So that the validation split and the batches of earlier runs are those of today."""
    names = ["b", "A", "c10", "c9", "c 1", "C1x"]
    files = ["1.jpg", "10.jpg", "2.JPG", "img_10_2.png", "img_9_11.png", "Z.jpeg", "a.jpg", "x 1.bmp"]
    for split in ("train", "val"):
        for name in names:
            (tmp_path / split / name).mkdir(parents=True)
            for file in files:
                picture(0, 0).save(tmp_path / split / name / file)
    labels = {name: label for label, name in enumerate(sorted(names))}
    types = ".jpg;.jpeg;.png;.bmp"
    root = str(tmp_path / "train")
    theirs = timm.data.create_dataset("", root=root, search_split=False, class_map=labels, input_key=types)
    ours = load_data(folder(at=tmp_path).data).train.dataset
    assert [ours.filename(number) for number in range(len(ours))] == [path for path, _ in theirs.reader.samples]
    assert ours.labels.tolist() == [label for _, label in theirs.reader.samples]


def test_equal_natural_keys_and_digits_that_are_no_decimals_have_one_order():
    names = ["c/1.jpg", "c/01.jpg", "c/001.jpg", "c/1²3.jpg", "c/②.jpg", "c/٣.jpg", "C/1.jpg"]
    expected = in_order(names)
    assert sorted(expected) == sorted(names)
    for turn in range(len(names)):
        assert in_order(names[turn:] + names[:turn]) == expected
    assert expected[:4] == ("C/1.jpg", "c/001.jpg", "c/01.jpg", "c/1.jpg")


def test_hidden_files_and_what_systems_leave_behind_change_nothing(root, folder, recwarn):
    before = labels_of(folder())
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (root / "train" / name).mkdir()
        shutil.copy(root / "train/ant/0.jpg", root / "train" / name / "x.jpg")
        (root / "val" / name).mkdir()
    (root / "train/ant/.ipynb_checkpoints").mkdir()
    shutil.copy(root / "train/ant/0.jpg", root / "train/ant/.ipynb_checkpoints/0.jpg")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._0.jpg"):
        (root / "train/bee" / name).write_text("x")
        (root / "val" / name).write_text("x")
    assert labels_of(folder()) == before
    assert not [w for w in recwarn if w.category is UserWarning]


def test_images_in_folders_of_a_class_are_its_own_whatever_those_are_called(root, folder):
    for name in ("bee", "more"):
        (root / "train/ant" / name).mkdir()
    os.rename(root / "train/ant/0.jpg", root / "train/ant/bee/0.jpg")
    os.rename(root / "train/ant/1.jpg", root / "train/ant/more/1.jpg")
    labels = labels_of(folder())
    assert len(labels) == 36
    assert labels["ant/bee/0.jpg"] == labels["ant/more/1.jpg"] == labels["ant/2.jpg"] == 0


def test_every_ending_that_pillow_decodes_is_read(root, folder):
    for number, ending in enumerate((".jfif", ".jpe", ".JPG", ".pbm", ".tga", ".qoi", ".webp", ".dib", ".jp2")):
        (root / f"train/ant/{number}.jpg").unlink()
        picture(0, number).save(root / f"train/ant/{number}{ending}")
    data = load_data(folder("data.train_images=33").data)
    assert sorted(label for label in data.train.dataset.labels) == [0] * 12 + [1] * 12 + [2] * 12
    for position in range(len(data.train)):
        data.train.read(position)
    assert not endings() & {".pdf", ".mpg", ".h5", ".eps", ".wmf", ".txt", ""}


def test_what_is_not_used_is_counted_and_named_in_one_line_and_no_fifo_is_opened(root, folder):
    os.mkfifo(root / "train/ant/a.jpg")
    (root / "train/bee/notes.txt").write_text("x")
    (root / "train/bee/gone.jpg").symlink_to("/nowhere/x.jpg")
    (root / "train/bee/itself.jpg").symlink_to("itself.jpg")
    (root / "train/bee/up").symlink_to(root / "train")
    with socket.socket(socket.AF_UNIX) as server:
        home = os.getcwd()
        os.chdir(root / "train/cat")  # a path of a socket may be short only
        server.bind("s.jpg")
        os.chdir(home)
    picture(0, 0).save(root / "train/loose.jpg")
    with pytest.warns(UserWarning, match="not used") as told:
        assert len(labels_of(folder())) == 36
    expected = (
        f"7 files in {root}/train are not used: loose.jpg, ant/a.jpg, bee/gone.jpg, bee/itself.jpg, bee/notes.txt and "
        "2 more; images directly in it belong to no class"
    )
    assert [str(w.message) for w in told] == [expected]


def test_links_to_files_and_folders_are_followed(root, folder, tmp_path):
    os.rename(root / "train/ant", tmp_path / "elsewhere")
    (root / "train/ant").symlink_to(tmp_path / "elsewhere")
    (root / "train/bee/link.jpg").symlink_to(root / "train/bee/0.jpg")
    labels = labels_of(folder())
    assert len(labels) == 37
    assert labels["bee/link.jpg"] == 1


def test_tiny_imagenets_layout_is_read(root, folder):
    lines = []
    for name in ("ant", "bee", "cat"):
        for split in ("train", "val"):
            images = root / split / (f"{name}/images" if split == "train" else "images")
            images.mkdir(exist_ok=True)
            for path in sorted((root / split / name).glob("*.jpg")):
                path.rename(images / f"{name}_{path.stem}.JPEG")
                lines += [f"{name}_{path.stem}.JPEG\t{name}\t0\t0\t9\t9"] if split == "val" else []
        (root / "val" / name).rmdir()
    (root / "val/val_annotations.txt").write_text("\n".join(lines))
    assert len(labels_of(folder())) == 36
    test = labels_of(folder(), "test")
    assert test["images/bee_2.JPEG"] == 1
    assert np.bincount(list(test.values())).tolist() == [4, 4, 4]


def flat(root, split, name="{}_{}"):
    for path in sorted((root / split).glob("*/*.jpg")):
        path.rename(root / split / (name.format(path.parent.name, path.stem) + ".jpg"))
    for path in (root / split).iterdir():
        if path.is_dir():
            path.rmdir()


def renamed(root, split):
    for path in (root / split).glob("*/*.jpg"):
        path.rename(path.with_suffix(".xyz"))


def emptied(root, split):
    shutil.rmtree(root / split)
    (root / split).mkdir()


@pytest.mark.parametrize(
    ("change", "below", "message"),
    [
        (flat, "", "/val holds 12 images .ant_0.jpg, ant_1.jpg and 10 more.; .* val/CLASS/IMAGE$"),
        (flat, "", "/train holds 36 images .* train/CLASS/IMAGE$"),
        (emptied, "", "/train holds neither folders nor images; "),
        (renamed, "", "in the folders of .*/val is an image; not used: ant/0.xyz, .* 7 more; endings .* .jpg"),
        (renamed, "", "in the folders of .*/train is an image; not used: "),
        (None, "train", "did you mean data.root=.*/set.; it holds 3 folders .ant, bee, cat."),
        (None, "..", "did you mean data.root=.*/set.; it holds 1 folder .set."),
        (None, "nowhere", "must hold a folder train/ .*; .*nowhere cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_read_is_told_in_one_line(root, folder, change, below, message):
    if change:
        change(root, re.search(r"/(train|val)", message)[1])
    with pytest.raises((ConfigError, StudyError), match=message) as told:
        load_data(folder(at=root / below if below else root).data)
    assert "\n" not in str(told.value)


def test_names_of_any_bytes_come_out_as_texts_that_can_be_written(root, folder):
    os.rename(os.fsencode(root / "train/ant/0.jpg"), os.fsencode(root / "train/ant") + b"/caf\xe9.jpg")
    (root / "train/bee").joinpath(os.fsdecode(b"caf\xe9.txt")).write_text("x")
    with pytest.warns(UserWarning, match="not used") as told:
        files = load_data(folder().data).train
    for text in [str(told[0].message), *(files.name(position) for position in range(len(files)))]:
        text.encode("utf-8")
    for error in (StudyError("caf\udce9"), ConfigError("data.root", "caf\udce9", "must")):
        assert "caf\\udce9" in str(error)


def test_labels_follow_the_text_unless_a_map_says_otherwise(root, folder, tmp_path):
    for split in ("train", "val"):
        for old, new in (("ant", "2"), ("bee", "10"), ("cat", "0")):
            (root / split / old).rename(root / split / new)
    with pytest.warns(
        UserWarning, match=r"follow the order of text \(0, 10, 2\); data.class_map=natural labels them 0, 2"
    ):
        assert labels_of(folder())["10/0.jpg"] == 1
    assert labels_of(folder("data.class_map=natural"))["10/0.jpg"] == 2
    (tmp_path / "pairs").write_text("10 0\n0 1\n2 2\n")
    assert class_names(folder(f"data.class_map={tmp_path / 'pairs'}").data) == ("10", "0", "2")
    (root / "names.txt").write_text("0\n2\n\n10\n")
    assert class_names(folder("data.class_map=names.txt").data) == ("0", "2", "10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ant\nbee\n", "must name every folder of train/ and lacks cat"),
        ("ant 0\nbee 0\ncat 1\n", "its labels must be 0 to 2, each of one name"),
        ("ant 0\nbee 1\ncat 2\nant 3\n", "a name stands in it twice"),
        (None, "must be null, natural or a text file; there is no such file"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(folder, root, text, message):
    if text is None:
        os.mkfifo(root / "map.txt")
    else:
        (root / "map.txt").write_text(text)
    with pytest.raises((ConfigError, StudyError), match=message):
        folder("data.class_map=map.txt")


def test_a_map_may_name_more_classes_than_the_folder_has(folder, root):
    (root / "map.txt").write_text("ant\nbee\ncat\ndog\n")
    with pytest.warns(UserWarning, match="no images of class dog"):
        assert load_data(folder("data.class_map=map.txt").data).classes == 4


def test_the_validation_split_is_a_tenth_by_default(config, tmp_path, monkeypatch):
    def images(*overrides):
        return config("data=imagefolder", "data.resolution=16", *overrides).data.val_images

    assert images(f"data.root={make_folder(tmp_path / 'a', train=40)}") == 12
    assert images(f"data.root={make_folder(tmp_path / 'b', train=4)}") == 3
    assert images(f"data.root={tmp_path / 'b'}", "data.val_split=val") == 10_000
    assert images(f"data.root={tmp_path / 'b'}", "data.val_images=5") == 5
    with pytest.raises(ConfigError, match=r"data.val_images=None: must be 1 or more; null needs data=imagefolder"):
        config("data=fractals", "data.val_images=null")
    monkeypatch.setattr(classes, "VAL_IMAGES_MAX", 7)
    assert images(f"data.root={make_folder(tmp_path / 'c', train=40)}") == 7
    made = config("data=fractals").data
    assert with_val_images(made) is made


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_stand_upright(root, folder, orientation):
    """An image that was stored turned, and says so, is read as the one that was not."""
    upright = picture(0, 1)
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)  # its inverse, as Pillow numbers them
    stored = upright if back is None else upright.transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("ant/0.png", "ant/0.jpg"):
        stored.save(root / "train" / name, exif=exif, **({"quality": 95} if name.endswith("jpg") else {}))
    files = load_data(folder().data).train
    whole = type(files)(files.dataset, np.arange(len(files.dataset)))
    for name, most in (("ant/0.png", 0), ("ant/0.jpg", 25)):
        image, _ = whole.read(files.dataset.names.index(name))
        assert np.abs(np.asarray(image).astype(int) - np.asarray(upright)).mean() <= most


def test_a_listing_holds_no_more_than_the_folder(root):
    listing = list_split(root / "val")
    assert listing.classes == ("ant", "bee", "cat")
    assert len(listing.images) == len(listing.owners) == 12
    assert listing.loose == listing.unused == ()
