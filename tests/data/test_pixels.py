import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from scaling_study.data.pixels import UNREADABLE, color, decoded

from .folders import picture

RAMP = np.linspace(0, 1, 256).reshape(16, 16)
GREY = np.rint(255 * RAMP)


def stored(values, path, mode=None):
    Image.fromarray(values, mode).save(path)
    with open(path, "rb") as file:
        return decoded(file, upright=True)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "LA", "1", "YCbCr", "HSV", "PA", "RGBX", "RGBa", "La"])
def test_every_kind_of_image_becomes_three_channels(mode):
    image = picture(0, 1)
    for step in {"RGBa": ["RGBA", "RGBa"], "La": ["LA", "La"], "PA": ["P", "PA"]}.get(mode, [mode]):
        image = image.convert(step)
    assert image.mode == mode
    assert color(image).mode == "RGB"
    expected = np.asarray(picture(0, 1).convert("L" if mode in ("L", "LA", "La", "1") else "RGB").convert("RGB")).mean()
    assert np.asarray(color(image)).mean() == pytest.approx(expected, rel=0.1)


def test_lab_files_keep_their_colours(tmp_path):
    profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
    ImageCms.profileToProfile(picture(0, 1), *profiles, outputMode="LAB").save(tmp_path / "lab.tif")
    with open(tmp_path / "lab.tif", "rb") as file:
        error = np.asarray(decoded(file, upright=True)).astype(int) - np.asarray(picture(0, 1))
    assert np.abs(error).mean() < 3


def test_a_palette_with_transparency_keeps_its_colours_without_a_word(tmp_path):
    image = picture(0, 1).convert("P")
    image.save(tmp_path / "x.png", transparency=bytes(range(256)))
    with warnings.catch_warnings(), open(tmp_path / "x.png", "rb") as file:
        warnings.simplefilter("error")
        read = decoded(file, upright=True)
    assert np.array_equal(np.asarray(read), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((65535 * RAMP).astype(np.uint16), "x.png"),
        ((65535 * RAMP).astype(np.uint16), "x.tif"),
        ((65535 * RAMP).astype(">u2"), "x.tif"),
        ((65535 * RAMP).astype(np.uint16), "x.pgm"),
        ((65535 * RAMP).astype(np.int32), "x.tif"),
        (RAMP.astype(np.float32), "x.tif"),
        ((1.0005 * RAMP).astype(np.float32), "x.tif"),
        (RAMP.astype(np.float32), "x.pfm"),
    ],
)
def test_more_bits_keep_their_brightness(tmp_path, values, name):
    read = np.asarray(stored(values, tmp_path / name))
    assert read.shape == (16, 16, 3)
    assert np.abs(read[:, :, 0] - GREY).max() <= 1


@pytest.mark.parametrize("values", [np.zeros((4, 4), np.int32), np.zeros((4, 4), np.float32)])
def test_black_is_black_at_any_depth(tmp_path, values):
    assert not np.asarray(stored(values, tmp_path / "x.tif")).any()


def with_value(value):
    values = RAMP.astype(np.float32)
    values[3, 3] = value
    return values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((255 * RAMP).astype(np.int32), "integers from 0 to 255, whose white is not known"),
        ((2e9 * RAMP).astype(np.int32), "integers from 0 to 2000000000"),
        ((2e4 * (RAMP - 0.5)).astype(np.int32), "integers from -10000 to 10000"),
        ((255 * RAMP).astype(np.float32), "floats from 0 to 255; only 0 to 1"),
        (with_value(np.nan), "some of its pixels are no finite numbers"),
        (with_value(np.inf), "some of its pixels are no finite numbers"),
        (with_value(-1), "floats from -1 to 1"),
    ],
)
def test_numbers_without_a_range_are_refused(tmp_path, values, message):
    with pytest.raises(UNREADABLE, match=message):
        stored(values, tmp_path / "x.tif")


def test_damaged_exif_data_leave_the_image_as_it_is(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    damaged = b"Exif\0\0" + exif.tobytes()[6:12] + b"\xff" * 30
    picture(0, 1).save(tmp_path / "x.jpg", exif=damaged, quality=95)
    with open(tmp_path / "x.jpg", "rb") as file:
        assert decoded(file, upright=True).size == picture(0, 1).size
