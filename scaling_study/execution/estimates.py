"""How long a run will take, from a few real training steps."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.data import size_of
from scaling_study.planning.jobs import Job
from scaling_study.planning.length import training_flops

if TYPE_CHECKING:
    from scaling_study.data.dataset import DataSet
    from scaling_study.measure.complexity import Complexity
    from scaling_study.training.session import Session

CALIBRATION_SECONDS = 0.5  # of training steps, per variant


def complexity_of(job: Job) -> Complexity:
    """Counts of a job's network at its size of images."""
    from scaling_study.measure.costs import variant_complexity

    return variant_complexity(job.run.model, job.run.variant, **size_of(job.run.data))


def run_seconds(job: Job, data: DataSet, flops: int) -> float:
    """Estimated seconds of a run: a few real training steps of its variant, of ``flops``, scaled to the whole run."""
    from scaling_study.execution.run import build, engine_options
    from scaling_study.training.device import choose_device
    from scaling_study.training.rates import scaled
    from scaling_study.training.session import Session

    run = job.run
    classes = {"classes": data.classes, "channels": data.channels}
    size: dict[str, Any] = {"resolution": run.variant.resolution_px, "device": choose_device(job.config.device)}
    recipe = scaled(run.recipe, run.variant.coefficients)
    session = Session(build(run, data), data, recipe, **size, **engine_options(job.config, run))
    share = training_flops(run, flops, **classes) / flops  # of the work at full size, where images grow
    train_seconds = session.steps_per_epoch * run.recipe.epochs * seconds_per_step(session) * share
    images = len(data.val) * (run.recipe.epochs + 2) + len(data.test)
    return train_seconds + images * seconds_per_evaluated_image(session)


def seconds_per_step(session: Session) -> float:
    """Median duration of a training step, after one that warms up."""
    durations: list[float] = []
    session.network.train()
    batches = itertools.chain.from_iterable(session.batches.train(epoch, seed=epoch) for epoch in itertools.count())
    while len(durations) < 3 or sum(durations) < CALIBRATION_SECONDS:
        start = time.perf_counter()
        session.step(*session.mix(*next(batches))).item()
        durations.append(time.perf_counter() - start)
    return pd.Series(durations[1:]).median()


def seconds_per_evaluated_image(session: Session) -> float:
    """From one batch of the validation split."""
    from scaling_study.training.evaluation import evaluate

    start = time.perf_counter()
    batch = next(iter(session.batches.evaluate("val")))
    evaluate(session.evaluated, [batch], session.precision, session.device)
    return (time.perf_counter() - start) / len(batch[1])
