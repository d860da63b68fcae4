"""task=latency: what the variants of a sweep cost, and how long they take on this device."""

import logging
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial

from scaling_study.data import size_of
from scaling_study.records.costs import add_rows, load_table, require_readable
from scaling_study.tasks import cost, terminal
from scaling_study.tasks.memory import check_memory
from scaling_study.tasks.progress import counter


def run(jobs):
    """Measure, tabulate and print; what the study's table holds for this device and these versions stays."""
    import torch

    from scaling_study.tasks.check import check_optimizers
    from scaling_study.training.device import choose_device, choose_precision, describe

    config = jobs[0].config
    require_readable(cost.study_dir(jobs), "latencies")
    device = choose_device(config.device)
    check_memory(jobs, device, images=1)
    check_optimizers(jobs)
    costs = cost.counted(jobs).set_index("variant_id")
    torch.set_num_threads(config.threads)
    setting = {
        "device": describe(device),
        "threads": config.threads,
        "precision": choose_precision(config.recipe.precision, device),
    } | cost.versions()
    folder, wanted = cost.study_dir(jobs), cost.variants(jobs)
    table = load_table(folder, "latencies")
    done = set(here(table, setting).variant_id)
    for name, job in counter({k: job for k, job in wanted.items() if k not in done}, "timing"):
        rows = [
            row(name, job, timing, setting) for timing in timings_of(job, device, setting, costs.activation_bytes[name])
        ]
        table = add_rows(folder, "latencies", rows, ["variant_id", *setting])
    shown = here(table, setting)
    print(f"{setting['device']}, {setting['threads']} CPU thread(s), {setting['precision']}")
    print(terminal.latencies(shown[shown.variant_id.isin(wanted)], costs))
    print(f"Tables: {folder / 'costs.csv'}, {folder / 'latencies.csv'}")
    return 0


def here(table, setting):
    """The rows measured in the same setting."""
    return table[(table[list(setting)] == setting).all(axis=1)]


def timings_of(job, device, setting, image_bytes):
    import torch

    # torch's timer warns on import of CUDA tools without a GPU, which is nothing to a user of the CPU.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    from scaling_study.measure.latency import timings
    from scaling_study.models import build_network
    from scaling_study.training.device import autocast
    from scaling_study.training.recipe import make_optimizer

    run, config = job.run, job.config
    torch.manual_seed(run.seed)
    size = size_of(run.data)
    network = build_network(run.model, run.variant.coefficients, resolution_px=run.variant.resolution_px, **size)
    network = network.to(device, memory_format=torch.channels_last)
    return timings(
        network,
        make_optimizer(network, replace(run.recipe, learning_rate=1e-9)),  # weights stay sane under noise as images
        resolution=run.variant.resolution_px,
        device=device,
        autocast=partial(autocast, setting["precision"]),
        threads=config.threads,
        seconds=config.latency.seconds,
        batch_size_max=config.latency.batch_size_max,
        image_bytes=image_bytes,
        **size,
    )


def seconds_of_one_image(job):
    """Median latency of a job's variant on the configured device."""
    import torch

    from scaling_study.training.device import choose_device, choose_precision

    device = choose_device(job.config.device)
    torch.set_num_threads(job.config.threads)
    setting = {"precision": choose_precision(job.config.recipe.precision, device)}
    return next(iter(timings_of(job, device, setting, image_bytes=0))).seconds_median  # inference comes first


def row(name, job, timing, setting):
    run = job.run
    identity = {"variant_id": name, "study": job.config.study, "source": "measured", "model": run.model.name}
    variant = {"family": run.model.family, "method": run.variant.method, "resolution_px": run.variant.resolution_px}
    now = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    return identity | variant | setting | asdict(timing) | now
