import os
import shutil
from types import SimpleNamespace

import pytest

from scaling_study.data import fingerprint as module
from scaling_study.errors import ConfigError
from scaling_study.execution.run import train_and_record
from scaling_study.execution.train import opened
from scaling_study.planning import identity
from scaling_study.planning.identity import digest, run_of
from scaling_study.planning.jobs import folder_of, job_of, run_in_study
from scaling_study.planning.settings import require_one_setting, settings_of_study

from .folders import make_folder, picture


@pytest.fixture
def root(tmp_path):
    return make_folder(tmp_path / "set", train=12, val=4)


@pytest.fixture
def made(config, root, tmp_path):
    """The config of the folder; what was known of it is forgotten, as in another process."""

    def make(*overrides):
        for known in (module.fingerprint, module.earlier_fingerprint, module.read_alike):
            known.cache_clear()
        for known in (identity.folder_digest, identity.earlier_digest):
            known.cache_clear()
        small = ["data.val_images=6", "data.resolution=16", "data.loader_workers=0", "recipe.batch_size=8"]
        places = [f"data.root={root}", f"results_dir={tmp_path / 'results'}", "study=s", "device=cpu"]
        return config("data=imagefolder", *small, *places, "recipe.epochs=1", *overrides)

    return make


def stray(root):
    for split in ("train", "val"):
        (root / split / "ant" / ".DS_Store").write_text("x")
        (root / split / "ant" / "notes.txt").write_text("x")
        (root / split / "bee" / ".ipynb_checkpoints").mkdir()
    (root / "train" / ".hidden").mkdir()


def touched(root):
    os.utime(root / "train/ant/0.jpg", (1, 1))


def moved(root):
    (root / "train/ant").rename(root.parent / "ant")
    (root / "train/ant").symlink_to(root.parent / "ant")


@pytest.mark.parametrize("change", [stray, touched, moved])
def test_what_is_not_read_does_not_change_a_run(made, root, change):
    before = run_of(made()).run_id
    change(root)
    assert run_of(made()).run_id == before


def replaced(root):
    for path in (root / "train/ant").iterdir():
        picture(1, 77).save(path, quality=95)


def replaced_in_the_test_split(root):
    picture(1, 77).save(root / "val/cat/3.jpg", quality=95)


def same_size(root):
    """One byte in the middle."""
    path = root / "train/bee/7.jpg"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def exchanged(root):
    for name, other in (("ant", "x"), ("bee", "ant"), ("x", "bee")):
        (root / "train" / name).rename(root / "train" / other)


def one_more(root):
    picture(0, 99).save(root / "train/ant/deep.jpg")


def renamed(root):
    for split in ("train", "val"):
        (root / split / "ant").rename(root / split / "wasp")


@pytest.mark.parametrize("change", [replaced, replaced_in_the_test_split, same_size, exchanged, one_more, renamed])
def test_other_images_make_another_run(made, root, change):
    before = run_of(made()).run_id
    change(root)
    assert run_of(made()).run_id != before


def test_few_files_of_a_large_folder_are_looked_at(tmp_path, monkeypatch):
    for label in range(200):
        (tmp_path / f"train/{label}").mkdir(parents=True)
        for number in range(20):
            (tmp_path / f"train/{label}/{number}.jpg").write_bytes(b"x")
    listed, opened_files = [], []
    files_of, piece = module.files_of, module.piece
    monkeypatch.setattr(module, "files_of", lambda *a: listed.append(a) or files_of(*a))
    monkeypatch.setattr(module, "piece", lambda path: opened_files.append(path) or piece(path))
    module.fingerprint(str(tmp_path), "train")
    assert len(listed) <= module.CLASSES
    assert len(opened_files) <= module.CONTENTS


def test_a_class_map_is_part_of_a_run(made):
    plain, natural = run_of(made()), run_of(made("data.class_map=natural"))
    assert "class_map" not in plain.settings["data"]
    assert plain.run_id != natural.run_id


def earlier_settings(root, config):
    """As they were written before: by the names of the folders and of their files."""
    names = sorted(os.listdir(root / "train"))
    listed = [names, [sorted(os.listdir(root / "train" / name)) for name in names]]
    settings = run_of(config).settings
    return settings | {"data": settings["data"] | {"folder": digest(listed)}}


def start_earlier(root, config):
    settings = earlier_settings(root, config)
    name = f"baseline-seed{config.seed}-{digest(settings)}"
    folder = folder_of(config, SimpleNamespace(run_id=name))
    folder.write_config(settings)
    return folder


def test_a_run_of_the_earlier_fingerprint_goes_on_and_counts_as_done(made, root, config):
    (root / "train/ant/.DS_Store").write_text("x")  # which that fingerprint held, and still holds
    folder = start_earlier(root, made())
    run = run_in_study(made())
    assert run.run_id == folder.path.name != run_of(made()).run_id
    assert run.settings["data"]["folder"] == folder.config()["data"]["folder"]
    assert opened(folder, run)
    record = train_and_record(made(), run, folder)
    assert (record["status"], record["run_id"]) == ("done", folder.path.name)
    assert job_of(as_omegaconf(made())).done
    assert not opened(folder, run_in_study(made()))
    other = run_in_study(made("seed=1"))  # which that study has not begun, goes by today's
    assert other == run_of(made("seed=1"))
    for seed in (0, 1):
        config = made(f"seed={seed}")
        compared(config, run_in_study(config))
    folder_of(made("seed=1"), other).write_config(other.settings)
    compared(made(), run_in_study(made()))
    one_more(root)
    with pytest.raises(ConfigError, match=r"data.root=.*/set: study=s holds runs with other images"):
        compared(made("seed=2"), run_of(made("seed=2")))


def compared(config, run):
    require_one_setting(SimpleNamespace(config=config, run=run), settings_of_study(config))


def as_omegaconf(config):
    from dataclasses import asdict

    from omegaconf import OmegaConf

    return OmegaConf.create(asdict(config))


def nested(root):
    (root / "train/ant/more").mkdir()
    (root / "train/ant/0.jpg").rename(root / "train/ant/more/0.jpg")


def hidden_class(root):
    (root / "train/.ipynb_checkpoints").mkdir()
    shutil.copy(root / "train/ant/0.jpg", root / "train/.ipynb_checkpoints/0.jpg")


def ending(root):
    (root / "val/ant/0.jpg").rename(root / "val/ant/0.jfif")


def turned(root):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    picture(0, 0).save(root / "train/ant/0.jpg", exif=exif)


@pytest.mark.parametrize("change", [nested, hidden_class, ending, turned])
def test_a_folder_that_was_read_otherwise_makes_other_runs(made, root, change):
    change(root)
    start_earlier(root, made())
    assert run_in_study(made()) == run_of(made())
