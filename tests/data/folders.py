"""Small image folders for tests."""

import tarfile
from io import BytesIO

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


def make_shards(root, train=24, val=8, test=8):
    """root/SPLIT-0000.tar, WebDataset's shards of three classes. Returns the overrides that name them."""
    overrides = ["data=timm", "data.name=wds/set", f"data.root={root}", "data.classes=3"]
    overrides += ["data.train_images=null", f"data.val_images={val}"]
    for split, count in (("train", train), ("val", val), ("test", test)):
        with tarfile.open(root / f"{split}-0000.tar", "w") as tar:
            for number in range(count):
                buffer = BytesIO()
                picture(number % 3, number).save(buffer, "JPEG")
                for name, content in (
                    (f"{number}.jpg", buffer.getvalue()),
                    (f"{number}.cls", str(number % 3).encode()),
                ):
                    info = tarfile.TarInfo(name)
                    info.size = len(content)
                    tar.addfile(info, BytesIO(content))
        overrides.append(f"data.{split}_split='{split}-0000.tar|{count}'")
    return overrides
