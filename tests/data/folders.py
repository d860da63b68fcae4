"""Small image folders for tests."""

import numpy as np
from PIL import Image


def picture(label, number, size=(40, 32), mode="RGB"):
    """Noise, and a bright half whose place tells the label."""
    generator = np.random.default_rng(1000 * label + number)
    pixels = generator.integers(0, 90, (size[1], size[0], 3), dtype=np.uint8)
    half = pixels[: size[1] // 2] if label == 0 else pixels[size[1] // 2 :] if label == 1 else pixels[:, : size[0] // 2]
    half += 120
    return Image.fromarray(pixels).convert(mode)


def make_folder(root, train=12, val=6, classes=("ant", "bee", "cat")):
    """root/train/CLASS/N.jpg and root/val/CLASS/N.jpg."""
    for split, count in (("train", train), ("val", val)):
        for label, name in enumerate(classes):
            folder = root / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                picture(label, number + 500 * (split == "val")).save(folder / f"{number}.jpg", quality=95)
    return root
