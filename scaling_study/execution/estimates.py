"""How long a run will take, from a few real training steps."""

import itertools
import time

import pandas as pd

CALIBRATION_SECONDS = 0.5  # of training steps, per variant


def measure(job, data):
    """(complexity, estimated seconds) of one variant: a few real training steps, scaled to the whole run."""
    from scaling_study.execution.run import build, engine_options
    from scaling_study.measure.costs import variant_complexity
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
