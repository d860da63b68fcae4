"""The moving parts of one training run."""

import math
import time
import warnings
from contextlib import nullcontext

import torch
import torch.nn.functional as F

from scaling_study.data.batches import make_batches
from scaling_study.data.unreadable import refuse
from scaling_study.errors import StudyError
from scaling_study.training.checkpoint import MISFITS, UnusableState
from scaling_study.training.device import autocast, choose_precision
from scaling_study.training.distributed import ALONE, parallel
from scaling_study.training.evaluation import evaluate
from scaling_study.training.generators import generator_states, restore_generators, seed_generators
from scaling_study.training.memory import halved_until_it_fits
from scaling_study.training.mixing import make_mixing
from scaling_study.training.recipe import make_ema, make_optimizer, make_schedule

REPORT_SECONDS = 1.0  # between two progress reports, each of which waits for the device once
RANK_SEED = 7_368_787  # apart lie the seeds of two processes, whose dropout must not be the same


class Diverged(ArithmeticError):
    """The training loss is no longer a finite number."""


class Session:
    """Network, optimizer, schedule, EMA, scaler and batches of a run, and how far it has come.

    resolution: of the input, pixels; micro_batch_size: images per forward pass of this process at most, None for its
    whole share of a batch; auto_augment: timm's string, of data that is read from files; cuda_graphs: replay steps as
    CUDA graphs.
    """

    def __init__(
        self, network, data, recipe, *, resolution, device, world=ALONE, micro_batch_size=None, auto_augment=None,
        cuda_graphs=False,
    ):  # fmt: skip
        self.recipe, self.device, self.world = recipe, device, world
        self.precision = choose_precision(recipe.precision, device)
        self.network = network.to(device, memory_format=torch.channels_last)
        self.batches = make_batches(
            data, recipe, resolution=resolution, device=device, share=world.share, auto_augment=auto_augment
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        self.class_names = data.class_names
        self.mix = make_mixing(recipe, data.classes, device)
        self.optimizer = make_optimizer(self.network, recipe)
        self.schedule = make_schedule(self.optimizer, recipe, self.steps_per_epoch)
        self.ema = make_ema(self.network, recipe)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.precision == "fp16")
        share = recipe.batch_size // world.size
        self.micro_batch_size = min(micro_batch_size or share, share)
        self.size_agreed = False  # among several processes, on what fits
        self.parallel = parallel(self.network, world, device)
        self.cuda_graphs = cuda_graphs and device.type == "cuda"
        self.forward = compiled(self.parallel, recipe, device, self.cuda_graphs)
        self.history, self.train_seconds, self.wait_seconds = [], 0.0, 0.0

    def train_epoch(self, epoch, seed, *, on_progress=None, position=None, every_steps=None, keep=None):
        """One pass over the training images; returns the mean loss (nats, smoothed labels).

        position: within this epoch, as ``keep(position)`` received it after every ``every_steps`` steps.
        """
        generator = self.batches.generator
        seed_generators(seed + RANK_SEED * self.world.rank, self.device, generator)
        self.network.train()
        total, start = torch.zeros((), device=self.device), position["step"] if position else 0
        batches = iter(self.batches.train(epoch, seed, start))
        if position:
            total += self.resumed(position, generator)
        reported = time.monotonic()
        for step in range(start, self.steps_per_epoch):
            images, labels = self.next_of(batches)
            update = epoch * self.steps_per_epoch + step
            if self.schedule:
                self.schedule.step_update(update)
            loss = self.step(*self.mix(images, labels))
            total += loss
            if self.ema:
                self.ema.update(self.network, update)
            if on_progress and time.monotonic() - reported > REPORT_SECONDS:
                self.report(on_progress, update, loss, epoch)
                reported = time.monotonic()
            if every_steps and (step + 1) % every_steps == 0 and step + 1 < self.steps_per_epoch:
                keep({"step": step + 1, "processes": self.world.gathered(self.own_state(total, generator))})
        for network in (self.network, *([self.ema.module] if self.ema else [])):
            self.world.average_statistics(network)
        self.require_few_unreadable()
        total = self.world.total(total) / self.world.size
        return finite(total, epoch) / self.steps_per_epoch

    def own_state(self, total, generator):
        """What of a state within an epoch is this process's own: the sum of losses, the states of the generators, and
        the statistics of batch norm, averaged weights' included."""
        buffers = {name: value.cpu() for name, value in self.statistics()}
        return {"total": total.cpu(), "generators": generator_states(self.device, generator), "statistics": buffers}

    def statistics(self):
        for number, network in enumerate((self.network, *([self.ema.module] if self.ema else []))):
            for name, value in network.named_buffers():
                yield f"{number}.{name}", value

    def resumed(self, position, generator):
        """``resume_within``; raises UnusableState for a position that does not fit."""
        try:
            return self.resume_within(position, generator)
        except MISFITS as error:
            raise UnusableState(f"{type(error).__name__}: {error}") from error

    def resume_within(self, position, generator):
        """Put this process's own part of ``position`` back; returns the sum of losses so far. A process that there was
        none of before takes the first one's losses and statistics and new generators."""
        processes = position["processes"]
        known = self.world.rank < len(processes)
        own = processes[self.world.rank if known else 0]
        for name, value in self.statistics():
            value.copy_(own["statistics"][name])
        if known:
            try:
                restore_generators(own["generators"], self.device, generator)
            except (RuntimeError, KeyError) as error:  # of a run that goes on on another kind of device
                warnings.warn(f"the states of the random generators do not fit here ({error})", stacklevel=2)
        return own["total"].to(self.device)

    def next_of(self, batches):
        """The next batch; the time until it is there counts as waiting for data."""
        start = time.perf_counter()
        batch = next(batches, None)
        if batch is None:
            message = "the training images ended within an epoch; a stream needs as many shards as data.loader_workers"
            raise StudyError(message)
        self.wait_seconds += time.perf_counter() - start
        return batch

    def report(self, on_progress, update, loss, epoch):
        """Tell how far training is; one process alone also looks whether the loss is still finite."""
        value = loss.item() if self.world.size > 1 else finite(loss, epoch)
        on_progress((update + 1) / (self.steps_per_epoch * self.recipe.epochs), update + 1, value)

    def leave_graphs(self):
        """Go on without CUDA graphs, of which each replay would overwrite gradients that are to be added to."""
        if self.cuda_graphs:
            self.cuda_graphs = False
            self.forward = compiled(self.parallel, self.recipe, self.device, cuda_graphs=False)

    def step(self, inputs, labels):
        """Forward, backward, update. Returns the detached mean loss of this process's images."""
        loss = halved_until_it_fits(self, inputs, labels)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss

    def accumulate(self, inputs, labels, sync=True):
        """Gradients of the mean loss, a micro-batch at a time; with ``sync`` averaged over the processes."""
        self.optimizer.zero_grad()
        size, total = self.micro_batch_size, 0.0
        for start in range(0, len(inputs), size):
            last = start + size >= len(inputs)
            wait = nullcontext() if self.world.size == 1 or (last and sync) else self.parallel.no_sync()
            with wait:
                loss = self.loss(inputs[start : start + size], labels[start : start + size])
                if size < len(inputs):
                    loss = loss * (len(labels[start : start + size]) / len(labels))
                self.scaler.scale(loss).backward()
            total += loss.detach()
        return total

    def loss(self, inputs, labels):
        """Mean cross-entropy; labels that are probabilities come smoothed."""
        smoothing = self.recipe.label_smoothing if labels.ndim == 1 else 0.0
        with autocast(self.precision, self.device):
            return F.cross_entropy(self.forward(inputs), labels, label_smoothing=smoothing)

    @property
    def learning_rate(self):
        return self.optimizer.param_groups[0]["lr"]

    def epoch_columns(self):
        """What a history row holds beside losses and accuracies."""
        wait = {"data_wait_seconds": self.wait_seconds}
        return {"learning_rate": self.learning_rate, "train_seconds": self.train_seconds} | wait

    def evaluate(self, split):
        network = self.ema.module if self.ema else self.network
        return evaluate(network, self.batches.evaluate(split), self.precision, self.device, self.world)

    def final_metrics(self):
        """Metrics under their column names: test without prefix, val_ and train_ with.

        Train accuracy is measured without augmentation on as many training images as there are validation images.
        """
        prefixes = {"test": "", "val": "val_", "train": "train_"}
        return {prefix + k: v for split, prefix in prefixes.items() for k, v in self.evaluate(split).items()}

    def unreadable(self):
        """Names of images that no process could read."""
        return sorted({name for names in self.world.gathered(list(self.batches.unreadable)) for name in names})

    def require_few_unreadable(self):
        """Raise StudyError, in all processes, where they met too many unreadable images together."""
        if self.world.size > 1 and self.batches.unreadable_max is not None:
            refuse(self.unreadable(), self.batches.unreadable_max)

    def parts(self):
        parts = {"network": self.network, "optimizer": self.optimizer, "scaler": self.scaler}
        return parts | ({"ema": self.ema.module} if self.ema else {})

    def state(self, position=None):
        """All that ``restore`` needs, as tensors and plain values. position: within the running epoch, or None."""
        return {
            "parts": {name: part.state_dict() for name, part in self.parts().items()},
            "history": self.history,
            "train_seconds": self.train_seconds,
            "wait_seconds": self.wait_seconds,
            "micro_batch_size": self.micro_batch_size,
            "position": position,
            "unreadable": list(self.batches.unreadable),
            "normalisation": [values.cpu() for values in self.batches.normalisation],
            **({"class_names": list(self.class_names)} if self.class_names else {}),
        }

    def restore(self, state):
        """Go on from a ``state``; returns the position within an epoch, or None. Raises what a state that does not fit
        makes torch or Python raise."""
        for name, part in self.parts().items():
            part.load_state_dict(state["parts"][name])
        self.history, self.train_seconds = state["history"], state["train_seconds"]
        self.wait_seconds = state.get("wait_seconds", 0.0)
        if (size := state.get("micro_batch_size", self.micro_batch_size)) < self.micro_batch_size:
            self.micro_batch_size = size
            self.leave_graphs()
        self.batches.unreadable.extend(state.get("unreadable", []))
        return state.get("position")


def compiled(network, recipe, device, cuda_graphs):
    """The network as torch.compile makes it, where the recipe or ``cuda_graphs`` asks for that."""
    if cuda_graphs:
        return torch.compile(network, mode="reduce-overhead")
    compile_ = device.type == "cuda" if recipe.compile is None else recipe.compile
    return torch.compile(network) if compile_ else network


def finite(total, epoch):
    """A loss as a number. Raises Diverged unless it is finite."""
    total = total.item()
    if not math.isfinite(total):
        raise Diverged(f"the training loss became {total} in epoch {epoch + 1}")
    return total
