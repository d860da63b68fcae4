"""Predicted against measured memory of a training step on the CPU: python benchmarks/memory.py [VARIANTS [SEED]]

Draws variants of five families, resolutions, batch sizes and optimizers that the prediction was not fitted to, measures
a training step of each in a process of its own, and prints both and the largest relative error. Takes about 5 seconds
for each of them. Bar: 15% for 20 variants.
"""

import random
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from scaling_study.execution.command import application, composed, options_of
from scaling_study.execution.estimates import complexity_of
from scaling_study.execution.memory import predicted

MODELS = ("efficientnet_b0", "mobilenetv1", "mobilenetv2", "resnet50", "densenet169", "micro_mbconv_v2")
OPTIMIZERS = ("sgd", "nadamw", "rmsprop")  # Muon takes long over large layers on a CPU
STEPS = 2  # the first one makes the states of the optimizer


def drawn(rng):
    """(model, keys of the command line) of a random variant of at most about 2 GB."""
    name = rng.choice(MODELS)
    small = name == "micro_mbconv_v2"
    px = rng.choice((20, 28, 40, 56) if small else (64, 96, 128, 160, 224))
    batch_size = rng.choice((32, 64, 128, 256) if small else (2, 3, 4, 8) if px < 160 else (2, 3))
    depth, width = round(rng.uniform(0.5, 2.0), 2), round(rng.uniform(0.5, 1.8), 2)
    data = "fractals_v2" if small else "imagenet_size"
    keys = [f"model={name}", f"data={data}", f"data.resolution={px}", f"recipe.batch_size={batch_size}"]
    keys += ["scaling.method=custom", f"scaling.depth={depth}", f"scaling.width={width}", "device=cpu", "task=cost"]
    optimizer = "muon" if small else rng.choice(OPTIMIZERS)
    momentum = "0" if optimizer == "nadamw" else "0.9"
    return keys, [f"recipe.optimizer={optimizer}", f"recipe.momentum={momentum}"]


def job_of(keys):
    with application(options_of(keys)) as app:
        return composed(app, options_of(keys)).jobs[0]


def step_bytes(job):
    """Peak memory of training steps of the recipe's batch, above that of this process without the network."""
    import torch

    from scaling_study.data import size_of
    from scaling_study.execution.network import new_network
    from scaling_study.measure.latency import train_step
    from scaling_study.measure.peak import peak_memory, resident_bytes
    from scaling_study.training.recipe import make_optimizer

    torch.set_num_threads(1)
    size, px, device = size_of(job.run.data), job.run.variant.resolution_px, torch.device("cpu")
    with peak_memory(device, resident_bytes()) as peak:
        network = new_network(job).train()
        optimizer = make_optimizer(network, job.run.recipe)
        images = torch.rand(job.run.recipe.batch_size, size["channels"], px, px)
        labels = torch.randint(size["classes"], (len(images),))
        for _ in range(STEPS):
            images = images.to(memory_format=torch.channels_last)
            train_step(network, optimizer, images, labels, "fp32")
    return peak["bytes"]


def main(count=20, seed=0):
    import torch

    rng, worst = random.Random(seed), 0.0
    apart = ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1)
    for _ in range(count):
        keys, optimizer = drawn(rng)
        job = job_of([*keys, *optimizer])
        measured = apart.submit(step_bytes, job).result()
        expected = predicted(job, complexity_of(job), torch.device("cpu")).peak_bytes
        error = expected / measured - 1
        worst = max(worst, abs(error))
        name = f"{keys[0][6:]} {job.run.variant.label} {job.run.variant.resolution_px} px"
        what = f"{name}, batch {job.run.recipe.batch_size}, {job.run.recipe.optimizer}"
        print(f"{what}: {measured / 1e6:.0f} MB, predicted {expected / 1e6:.0f} MB, {100 * error:+.0f}%", flush=True)
    print(f"largest error {100 * worst:.0f}% over {count} variants, torch {torch.__version__}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
