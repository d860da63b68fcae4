"""From a file of an image to three channels of eight bits."""

import struct
from typing import Any

import numpy as np
from PIL import Image

ORIENTATION = 0x0112  # EXIF's tag, and how its values turn an image
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FLOAT_SLACK = 1e-3  # of rounding, beyond 0 to 1
UNREADABLE = (  # what Pillow raises
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    OverflowError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


def decoded(file: Any, upright: bool) -> Image.Image:
    """The image in an open file, ``upright``: turned as its EXIF data require. Raises one of UNREADABLE."""
    try:
        image: Any = Image.open(file)
        turn = TURNS.get(orientation(image) or 1) if upright else None
        image = color(image)
    except (RuntimeError, LookupError, AttributeError, ArithmeticError) as error:  # of Pillow's, at damaged files
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return image if turn is None else image.transpose(turn)


def orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # of whatever kind: damaged EXIF data leave the pixels as they are
        return None


def color(image: Any) -> Image.Image:
    """The image with three channels of eight bits, whatever it had: grey, palette, CMYK, transparency, 16 bits, floats.

    Raises ValueError for numbers whose black and white are not known.
    """
    if image.mode == "F":
        image = eight_bits(255 * unit(np.asarray(image)))
    elif image.mode.startswith("I"):  # of which Pillow would clip all but the darkest 256 values
        image = eight_bits(sixteen(np.asarray(image), image) >> 8)
    elif image.mode == "La":
        image = image.convert("LA")
    elif image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # with the colors of the palette, of which Pillow would else warn
    return image.convert("RGB")


def eight_bits(values: np.ndarray) -> Any:
    return Image.fromarray(np.rint(values).astype(np.uint8))


def unit(values: np.ndarray) -> Any:
    """Floats of 0 to 1, which is their range in files of images. Raises ValueError for others."""
    if not np.isfinite(values).all():
        raise ValueError("some of its pixels are no finite numbers")
    low, high = float(values.min()), float(values.max())
    if low < -FLOAT_SLACK or high > 1 + FLOAT_SLACK:
        raise ValueError(f"floats from {low:g} to {high:g}; only 0 to 1 is known to be from black to white")
    return values.clip(0, 1)


def sixteen(values: np.ndarray, image: Image.Image) -> Any:
    """Integers of 0 to 65535, as PNG and PGM define; 32-bit ones where they need more than 8 bits, and no more than 16.

    Raises ValueError for others, whose white is not known.
    """
    low, high = int(values.min()), int(values.max())
    stated = image.mode != "I" or image.format in ("PNG", "PPM")
    if low < 0 or high > 65535 or (0 < high < 256 and not stated):
        raise ValueError(f"integers from {low} to {high}, whose white is not known; save it with 8 or 16 bits")
    return values.astype(np.uint32)
