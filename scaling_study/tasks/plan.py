"""task=plan: what a sweep would train, what it costs and how long it takes, without training."""

import itertools
import time

import pandas as pd

from scaling_study.scaling.coefficients import AXES

CALIBRATION_SECONDS = 0.5  # of training steps, per variant


def run(jobs):
    """Print the table of runs, cheapest first."""
    import torch

    from scaling_study.tasks.check import check_trainable
    from scaling_study.tasks.run import load_for

    torch.set_num_threads(jobs[0].config.threads)
    check_trainable(jobs)
    data = load_for(jobs[0].config, jobs[0].run)
    measured = {}
    rows = []
    for job in jobs:
        variant = (job.run.variant, job.run.model.name, job.run.recipe.epochs)
        if variant not in measured:
            measured[variant] = measure(job, data)
        rows.append(row(job, *measured[variant]))
    table = pd.DataFrame(rows).sort_values(["flops", "seed"], ignore_index=True)
    print(render(table))
    print(total(table, jobs[0].config))
    return 0


def measure(job, data):
    """(complexity, estimated seconds) of one variant: a few real training steps, scaled to the whole run."""
    from scaling_study.measure.costs import variant_complexity
    from scaling_study.tasks.run import build, engine_options
    from scaling_study.training.device import choose_device
    from scaling_study.training.session import Session

    run = job.run
    cost = variant_complexity(run.model, run.variant, classes=data.classes, channels=data.channels)
    size = {"resolution": run.variant.resolution_px, "device": choose_device(job.config.device)}
    session = Session(build(run, data), data, run.recipe, **size, **engine_options(job.config, run))
    train_seconds = session.steps_per_epoch * run.recipe.epochs * seconds_per_step(session)
    images = len(data.val) * (run.recipe.epochs + 2) + len(data.test)
    return cost, train_seconds + images * seconds_per_evaluated_image(session)


def seconds_per_step(session):
    """Median duration of a training step, after one that warms up."""
    durations = []
    session.network.train()
    batches = itertools.chain.from_iterable(session.batches.train(epoch, seed=epoch) for epoch in itertools.count())
    while len(durations) < 3 or sum(durations) < CALIBRATION_SECONDS:
        start = time.perf_counter()
        session.step(*session.mix(*next(batches))).item()
        durations.append(time.perf_counter() - start)
    return pd.Series(durations[1:]).median()


def seconds_per_evaluated_image(session):
    """From one batch of the validation split."""
    from scaling_study.training.evaluation import evaluate

    start = time.perf_counter()
    batch = next(iter(session.batches.evaluate("val")))
    network = session.ema.module if session.ema else session.network
    evaluate(network, [batch], session.precision, session.device)
    return (time.perf_counter() - start) / len(batch[1])


def row(job, cost, seconds):
    run, record = job.run, job.folder.record()
    return {
        "run_id": run.run_id,
        **{axis: getattr(run.variant.coefficients, axis) for axis in AXES},
        "resolution_px": run.variant.resolution_px,
        "seed": run.seed,
        "flops": cost.flops,
        "params": cost.params,
        "seconds": seconds,
        "status": record["status"] if record else "waiting",
    }


def render(table):
    shown = table.assign(Mflops=table.flops / 1e6, kparams=table.params / 1e3)
    shown = shown.drop(columns=["flops", "params"]).rename(columns={"seconds": "est_seconds"})
    formats = dict.fromkeys(("depth", "width", "resolution"), "{:.2f}".format)
    formats |= {"Mflops": "{:.3f}".format, "kparams": "{:.1f}".format, "est_seconds": "{:.0f}".format}
    columns = [*shown.columns[:6], "Mflops", "kparams", "est_seconds", "status"]
    return shown[columns].to_string(index=False, formatters=formats)


def total(table, config):
    """One line: what is left, and how long it takes with the workers the launcher would use."""
    from scaling_study.tasks.workers import count_workers

    left = table[table.status != "done"]
    workers = count_workers(config.workers, config.device)
    seconds = max(left.seconds.sum() / workers, left.seconds.max() if len(left) else 0)
    return f"{len(left)} of {len(table)} runs to train, about {seconds / 60:.1f} minutes with workers={workers}"
