"""The training loop. No files: checkpoints and progress leave through callbacks."""

import math
import time
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F

from scaling_study.data.batches import augment, network_input, shuffled, statistics
from scaling_study.training.device import autocast, choose_precision, fits_on
from scaling_study.training.evaluation import evaluate
from scaling_study.training.recipe import make_ema, make_optimizer, make_schedule

REPORT_SECONDS = 1.0  # between two progress reports, each of which waits for the device once


class UnusableState(ValueError):
    """A saved state is not one of this network and recipe."""


class Diverged(ArithmeticError):
    """The training loss is no longer a finite number."""


@dataclass(frozen=True)
class Trained:
    """What training gives: final metrics of the three splits, one history row per epoch, cost in time."""

    metrics: dict
    history: list
    train_seconds: float
    images_per_second: float
    precision: str


def train(network, data, recipe, *, seed, resolution, device, state=None, on_epoch=None, on_progress=None):
    """Train ``network`` on ``data`` by ``recipe`` and evaluate it.

    resolution: side of the network's input in pixels; state: what an earlier ``on_epoch`` received, to go on from;
    on_epoch(state, history) is called after every epoch, on_progress(fraction) about once a second.
    On the CPU the result depends on the arguments and the number of threads only, resumed or not: every epoch
    draws its order and augmentation from a seed of its own.
    Raises Diverged when the loss becomes NaN or infinite, UnusableState when ``state`` does not fit.
    """
    session = Session(network, data, recipe, resolution, device)
    history, train_seconds = session.restore(state) if state else ([], 0.0)
    for epoch in range(len(history), recipe.epochs):
        start = time.perf_counter()
        loss = session.train_epoch(epoch, epoch_seed(seed, epoch), on_progress or (lambda fraction: None))
        train_seconds += time.perf_counter() - start
        val = session.evaluate(data.val)
        history = [*history, {"epoch": epoch + 1, "train_loss": loss, **{f"val_{k}": v for k, v in val.items()}}]
        history[-1] |= {"learning_rate": session.learning_rate, "train_seconds": train_seconds}
        if on_epoch:
            on_epoch(session.state(history, train_seconds), history)
    return Trained(
        metrics=session.final_metrics(data),
        history=history,
        train_seconds=train_seconds,
        images_per_second=session.steps_per_epoch * recipe.batch_size * recipe.epochs / train_seconds,
        precision=session.precision,
    )


def epoch_seed(seed, epoch):
    """A seed for each epoch of each run, so that resuming needs no generator state."""
    return seed * 100_003 + epoch


class Session:
    """The moving parts of one training run: network, optimizer, schedule, EMA, data on the device."""

    def __init__(self, network, data, recipe, resolution, device):
        self.recipe, self.device = recipe, device
        self.precision = choose_precision(recipe.precision, device)
        self.network = network.to(device, memory_format=torch.channels_last)
        self.images = placed(data.train, device)
        mean, std = (value.to(device) for value in statistics(data.train.images))
        self.prepare = partial(network_input, resolution=resolution, mean=mean, std=std)
        self.steps_per_epoch = len(data.train) // recipe.batch_size
        self.optimizer = make_optimizer(self.network, recipe)
        self.schedule = make_schedule(self.optimizer, recipe, self.steps_per_epoch)
        self.ema = make_ema(self.network, recipe)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.precision == "fp16")
        compile_ = device.type == "cuda" if recipe.compile is None else recipe.compile
        self.forward = torch.compile(self.network) if compile_ else self.network

    def train_epoch(self, epoch, seed, on_progress):
        """One pass over the training images; returns the mean loss (nats, smoothed labels)."""
        torch.manual_seed(seed)  # for dropout and stochastic depth
        generator = torch.Generator(self.device).manual_seed(seed)
        order = torch.Generator().manual_seed(seed)
        self.network.train()
        total, reported = torch.zeros((), device=self.device), time.monotonic()
        batches = shuffled(self.images, self.recipe.batch_size, order)
        for step, (images, labels) in enumerate(batches, start=epoch * self.steps_per_epoch):
            images, labels = (v.to(self.device, non_blocking=True) for v in (images, labels))
            if self.schedule:
                self.schedule.step_update(step)
            total += self.step(self.prepare(augment(images, self.recipe, generator)), labels)
            if self.ema:
                self.ema.update(self.network, step)
            if time.monotonic() - reported > REPORT_SECONDS:
                self.require_finite(total, epoch)
                on_progress((step + 1) / (self.steps_per_epoch * self.recipe.epochs))
                reported = time.monotonic()
        return self.require_finite(total, epoch) / self.steps_per_epoch

    def step(self, inputs, labels):
        """Forward, backward, update. Returns the detached loss."""
        with autocast(self.precision, self.device):
            loss = F.cross_entropy(self.forward(inputs), labels, label_smoothing=self.recipe.label_smoothing)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.detach()

    def require_finite(self, total, epoch):
        total = total.item()
        if not math.isfinite(total):
            raise Diverged(f"the training loss became {total} in epoch {epoch + 1}")
        return total

    @property
    def learning_rate(self):
        return self.optimizer.param_groups[0]["lr"]

    def evaluate(self, images):
        return evaluate(self.ema.module if self.ema else self.network, images, self.prepare, self.precision)

    def final_metrics(self, data):
        """Metrics under their column names: test without prefix, val_ and train_ with.

        Train accuracy is measured without augmentation on as many training images as there are validation images.
        """
        splits = {"": data.test, "val_": data.val, "train_": data.train[: len(data.val)]}
        return {prefix + k: v for prefix, images in splits.items() for k, v in self.evaluate(images).items()}

    def parts(self):
        parts = {"network": self.network, "optimizer": self.optimizer, "scaler": self.scaler}
        return parts | ({"ema": self.ema.module} if self.ema else {})

    def state(self, history, train_seconds):
        """All that ``restore`` needs, as tensors and plain values."""
        parts = {name: part.state_dict() for name, part in self.parts().items()}
        return {"parts": parts, "history": history, "train_seconds": train_seconds}

    def restore(self, state):
        try:
            for name, part in self.parts().items():
                part.load_state_dict(state["parts"][name])
            return state["history"], state["train_seconds"]
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise UnusableState(f"{type(error).__name__}: {error}") from error


def placed(images, device):
    """The training images on the device if they fit, else in pinned memory on the host."""
    if fits_on(device, images.images.nbytes):
        return images.to(device)
    return type(images)(images.images.pin_memory(), images.labels.pin_memory())
