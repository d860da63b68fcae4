"""Images per second of the training engine, against a bare loop and against the usual pipeline; JSON on stdout.

All train the same network with the same optimizer at the same batch size. Engine and bare loop run on one thread. The
usual pipeline gets what its author would give it: torch's default threads and two loader processes, all cores; it is
compared with what a sweep makes of all cores, one single-threaded engine per core (images per second added up), and,
for the record, with one engine on one core. The rounds alternate, and each ratio is the median over rounds.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from hydra import compose, initialize_config_dir
from PIL import Image
from timm.data import create_loader
from torchvision import transforms
from torchvision.datasets import VisionDataset

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.data.images import load_data
from scaling_study.models import FAMILIES
from scaling_study.training.epoch import train_epoch
from scaling_study.training.recipe import make_optimizer, make_schedule
from scaling_study.training.session import Session

CPU = torch.device("cpu")


class PilImages(VisionDataset):
    """The data set as torchvision's own classes hold it: an array, an image at a time through PIL."""

    def __init__(self, images, transform):
        super().__init__(root="", transform=transform)
        self.images, self.labels = images.images[:, 0].numpy(), images.labels.tolist()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def network(data):
    torch.manual_seed(0)
    built = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=data.classes, channels=data.channels)
    return built.to(memory_format=torch.channels_last).train()


def engine(data, recipe, resolution, steps):
    """The product's own loop, without evaluation: one epoch cut to ``steps``."""
    data = replace(data, train=data.train[: steps * recipe.batch_size])
    session = Session(network(data), data, recipe, resolution=resolution, device=CPU)
    return lambda: train_epoch(session, 0, 0)


def bare(data, recipe, resolution, steps):
    """Forward, backward and optimizer step on one fixed batch."""
    model = network(data)
    optimizer = make_optimizer(model, recipe)
    shape = (recipe.batch_size, data.channels, resolution, resolution)
    inputs = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, data.classes, (recipe.batch_size,))

    def run():
        for _ in range(steps):
            loss = F.cross_entropy(model(inputs), labels, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def usual(data, recipe, resolution, steps):
    """PIL transforms in 2 worker processes behind timm's loader, then the same step in the default memory format."""
    built = create_loader(
        PilImages(data.train[: steps * recipe.batch_size], None),
        input_size=(data.channels, resolution, resolution),
        batch_size=recipe.batch_size,
        is_training=True,
        no_aug=True,
        num_workers=2,
        use_prefetcher=False,
        mean=(0.5,),
        std=(0.5,),
        persistent_workers=True,
    )
    built.dataset.transform = transforms.Compose([transforms.Resize((resolution, resolution)), transforms.ToTensor()])
    model = network(data).to(memory_format=torch.contiguous_format)
    optimizer = make_optimizer(model, recipe)
    schedule = make_schedule(optimizer, recipe, steps)

    def run():
        for step, (inputs, labels) in enumerate(built):
            schedule.step_update(step)
            loss = F.cross_entropy(model(inputs), labels, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def start(make, threads, setting):
    """In a process of its own, since torch's threads do not survive the fork of a loader: build a candidate."""
    global candidate  # noqa: PLW0603 one per process
    torch.set_num_threads(threads)
    candidate = make(*setting)


def run_candidate(_):
    candidate()


def processes(count, make, threads, setting):
    """A pool of ``count`` processes with a candidate each, and the function that runs all once at the same time."""
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), start, (make, threads, setting))
    return pool, lambda: list(pool.map(run_candidate, range(count), chunksize=1))


def throughputs(candidates, rounds):
    """Images per second of each candidate (function, images per call) in each round, in turn, after a warm-up."""
    result = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, (run, images) in candidates.items():
            start = time.perf_counter()
            run()
            if number:
                result[name].append(images / (time.perf_counter() - start))
    return result


def ratio(speeds, one, other):
    return round(median(a / b for a, b in zip(speeds[one], speeds[other], strict=True)), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = [f"data.train_images={128 * arguments.steps}", "data.val_images=100", "data.test_images=100"]
        config = parse(compose("config", overrides=overrides))
    config.data.root = str(Path(tempfile.gettempdir()) / "scaling_study-benchmark")
    data, recipe = load_data(config.data), config.recipe
    cores = len(os.sched_getaffinity(0))
    images = arguments.steps * recipe.batch_size
    report = {"cores": cores, "batch_size": recipe.batch_size, "steps": arguments.steps, "rounds": arguments.rounds}
    for resolution in (14, 28):
        setting = (data, recipe, resolution, arguments.steps)
        sides = {
            "engine": (1, *processes(1, engine, 1, setting)),
            "bare": (1, *processes(1, bare, 1, setting)),
            "engines": (cores, *processes(cores, engine, 1, setting)),
            "usual": (1, *processes(1, usual, cores, setting)),
        }
        speeds = throughputs({name: (run, count * images) for name, (count, _, run) in sides.items()}, arguments.rounds)
        for _, pool, _ in sides.values():
            pool.shutdown()
        report[f"{resolution}px"] = {
            **{f"{name}_images_per_second": round(median(values)) for name, values in speeds.items()},
            "engine_to_bare": ratio(speeds, "engine", "bare"),
            "engines_to_usual": ratio(speeds, "engines", "usual"),
            "engine_to_usual": ratio(speeds, "engine", "usual"),
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
