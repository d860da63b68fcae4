"""Images per second from a folder of 20,000 JPEGs of 224 pixels, against a plain loop over timm's create_loader.

The folder is made once from Fashion-MNIST. Loading alone, and training EfficientNet-B0 at 64 pixels: same transforms
(random crop, flip), batch, loader processes, threads and optimizer on both sides. Rounds alternate; each ratio is the
median over rounds. JSON on stdout.
"""

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from engine import processes, ratio, throughputs
from hydra import compose, initialize_config_dir
from PIL import Image
from timm.data import create_dataset, create_loader

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.config.schema import Data
from scaling_study.data.images import load_data
from scaling_study.models import build_network
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.training.epoch import train_epoch
from scaling_study.training.recipe import make_optimizer, make_schedule
from scaling_study.training.session import Session

CPU = torch.device("cpu")
JPEGS, SIDE, RESOLUTION, WORKERS = 20_000, 224, 64, 2


def folder():
    """The folder with train/ and val/, made once."""
    root = Path(tempfile.gettempdir()) / "scaling_study-jpegs"
    if (root / "complete").exists():
        return root
    images = load_data(Data("fashion_mnist", None, train_images=JPEGS, val_images=100, test_images=100, resolution=28))
    for split, source in (("train", images.train), ("val", images.test)):
        for number, (pixels, label) in enumerate(zip(source.images[:, 0].numpy(), source.labels.tolist(), strict=True)):
            path = root / split / str(label) / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).convert("RGB").resize((SIDE, SIDE), Image.BICUBIC).save(path, quality=90)
    (root / "complete").touch()
    return root


def configuration(root, images, batch_size):
    overrides = ["data=imagefolder", f"data.root={root}", f"data.train_images={images}", "data.val_images=100"]
    overrides += ["model=efficientnet_b0", f"recipe.batch_size={batch_size}", "recipe.flip=true"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return parse(compose("config", overrides=[*overrides, f"data.resolution={RESOLUTION}"]))


def network(config):
    torch.manual_seed(0)
    size = {"classes": 10, "channels": 3, "resolution_px": RESOLUTION}
    return build_network(config.model, Coefficients(), **size)


def engine(config, train):
    """The product's batches, and its training epoch."""
    data = load_data(config.data)
    data = replace(data, loading=replace(data.loading, workers=WORKERS))
    session = Session(network(config), data, config.recipe, resolution=RESOLUTION, device=CPU)
    if train:
        return lambda: train_epoch(session, 0, 0)
    return lambda: [len(labels) for _, labels in session.batches.train(0, 0)]


def plain(config, train):
    """timm's loader, and forward, backward and step."""
    dataset = create_dataset("", root=config.data.root, split="train")
    images = torch.utils.data.Subset(dataset, range(config.data.train_images))
    loader = create_loader(
        images,
        input_size=(3, RESOLUTION, RESOLUTION),
        batch_size=config.recipe.batch_size,
        is_training=True,
        color_jitter=0.0,
        interpolation=config.data.interpolation,
        num_workers=WORKERS,
        device=CPU,
    )
    dataset.transform = images.transform  # Subset has none of its own to apply
    model = network(config).to(memory_format=torch.channels_last).train()
    optimizer = make_optimizer(model, config.recipe)
    schedule = make_schedule(optimizer, config.recipe, len(loader))

    def run():
        for step, (inputs, labels) in enumerate(loader):
            if not train:
                continue
            schedule.step_update(step)
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(model(inputs), labels, label_smoothing=config.recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def compared(config, train, rounds):
    """Images per second of both sides, each in a process of its own, and their ratio."""
    threads = len(os.sched_getaffinity(0))
    sides = {
        name: processes(1, make, threads, (config, train)) for name, make in (("engine", engine), ("plain", plain))
    }
    images = config.data.train_images // config.recipe.batch_size * config.recipe.batch_size
    speeds = throughputs({name: (run, images) for name, (_, run) in sides.items()}, rounds)
    for pool, _ in sides.values():
        pool.shutdown()
    result = {f"{name}_images_per_second": round(median(values)) for name, values in speeds.items()}
    return result | {"engine_to_plain": ratio(speeds, "engine", "plain")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--load-images", type=int, default=6400)
    parser.add_argument("--train-images", type=int, default=3200)
    arguments = parser.parse_args()
    root = folder()
    report = {"cores": len(os.sched_getaffinity(0)), "loader_workers": WORKERS, **vars(arguments)}
    for name, images in (("loading", arguments.load_images), ("training", arguments.train_images)):
        config = configuration(root, images, arguments.batch_size)
        report[name] = compared(config, name == "training", arguments.rounds)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
