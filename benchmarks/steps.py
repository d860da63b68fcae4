"""Images per second of full-size training steps against a bare loop; JSON on stdout.

EfficientNet-B0 and ResNet-50 at 224 pixels, batch 8, on the CPU: the product's step (schedule, EMA if the recipe has
one, accumulation, watching memory) against forward, backward and optimizer step on the same fixed batch, with the same
threads. Rounds alternate; each ratio is the median over rounds. On a GPU also bf16 and torch.compile against fp32 in
eager mode at the largest of some batches, and the small baseline with CUDA graphs against eager mode.
"""

import argparse
import json
import time
from dataclasses import replace
from statistics import median

import torch
import torch.nn.functional as F
from engine import ratio, throughputs
from hydra import compose, initialize_config_dir

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.data.dataset import DataSet, Images
from scaling_study.models import build_network
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.training.device import describe
from scaling_study.training.recipe import make_optimizer
from scaling_study.training.session import Session


def configuration(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return parse(compose("config", overrides=["data=imagenet_size", "task=cost", *overrides]))


def network(config, classes, channels):
    torch.manual_seed(0)
    size = {"classes": classes, "channels": channels, "resolution_px": config.data.resolution}
    return build_network(config.model, Coefficients(), **size)


def session_of(config, device, *, channels=3, classes=1000, images=None, **options):
    """A Session on random images, and one prepared batch of it."""
    px, size = config.data.resolution, images or config.recipe.batch_size
    pixels = torch.randint(0, 256, (size, channels, px, px), dtype=torch.uint8)
    random = Images(pixels, torch.randint(0, classes, (size,)))
    data = DataSet(classes, random, random[:2], random[:2])
    session = Session(network(config, classes, channels), data, config.recipe, resolution=px, device=device, **options)
    session.network.train()
    return session, next(iter(session.batches.train(0, 0)))


def product(config, device, steps):
    session, (inputs, labels) = session_of(config, device)

    def run():
        for step in range(steps):
            session.schedule.step_update(step)
            session.step(*session.mix(inputs, labels))

    return run


def bare(config, device, steps):
    _, (inputs, labels) = session_of(config, device)
    model = network(config, 1000, 3).to(device, memory_format=torch.channels_last).train()
    optimizer = make_optimizer(model, config.recipe)

    def run():
        for _ in range(steps):
            loss = F.cross_entropy(model(inputs), labels, label_smoothing=config.recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def on_cpu(rounds, steps, batch_size):
    report = {}
    for model in ("efficientnet_b0", "resnet50"):
        config = configuration(f"model={model}", f"recipe.batch_size={batch_size}")
        device, images = torch.device("cpu"), steps * batch_size
        sides = {name: (make(config, device, steps), images) for name, make in (("product", product), ("bare", bare))}
        speeds = throughputs(sides, rounds)
        report[model] = {f"{name}_images_per_second": round(median(v), 2) for name, v in speeds.items()}
        report[model]["product_to_bare"] = ratio(speeds, "product", "bare")
    return report


def speed(session, batch, seconds=3.0):
    """Images per second of steps on one batch, after some that compile and warm up."""
    for _ in range(12):
        session.step(*batch)
    torch.cuda.synchronize()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(10):
            session.step(*batch)
        torch.cuda.synchronize()
        steps += 10
    return steps * len(batch[1]) / (time.perf_counter() - start)


def on_gpu(batch_size):
    device, report = torch.device("cuda"), {"device": describe(torch.device("cuda"))}
    for model in ("efficientnet_b0", "resnet50"):
        config = configuration(f"model={model}", f"recipe.batch_size={batch_size}")
        fast = replace(config, recipe=replace(config.recipe, precision="bf16", compile=True))
        slow = replace(config, recipe=replace(config.recipe, precision="fp32", compile=False))
        pair = {name: speed(*session_of(c, device)) for name, c in (("bf16_compiled", fast), ("fp32_eager", slow))}
        report[model] = {f"{name}_images_per_second": round(value) for name, value in pair.items()}
        report[model]["ratio"] = round(pair["bf16_compiled"] / pair["fp32_eager"], 2)
    config = configuration("model=micro_mbconv", "data.resolution=14", "recipe.batch_size=128")
    small = {"channels": 1, "classes": 200}
    graphs, eager = (speed(*session_of(config, device, cuda_graphs=on, **small)) for on in (True, False))
    report["micro_mbconv"] = {"graphs_images_per_second": round(graphs), "eager_images_per_second": round(eager)}
    report["micro_mbconv"]["ratio"] = round(graphs / eager, 2)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--gpu-batch-size", type=int, default=128)
    arguments = parser.parse_args()
    report = {"threads": torch.get_num_threads(), **vars(arguments)}
    report["cpu"] = on_cpu(arguments.rounds, arguments.steps, arguments.batch_size)
    if torch.cuda.is_available():
        report["gpu"] = on_gpu(arguments.gpu_batch_size)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
