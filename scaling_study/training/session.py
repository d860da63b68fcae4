"""The moving parts of one training run."""

from collections.abc import Iterator
from typing import Any

import torch

from scaling_study.config.schema import Recipe
from scaling_study.data.batches import make_batches
from scaling_study.data.dataset import DataSet
from scaling_study.data.unreadable import refuse
from scaling_study.training.device import choose_precision
from scaling_study.training.distributed import ALONE, World
from scaling_study.training.evaluation import evaluate
from scaling_study.training.image_size import training_resolutions
from scaling_study.training.mixing import make_mixing
from scaling_study.training.recipe import make_ema, make_optimizer, make_schedule
from scaling_study.training.step import TrainingStep


class Session:
    """Network, training step, schedule, EMA and batches of a run, and how far it has come.

    resolution: of the input, pixels; auto_augment: timm's string, for data that are read from files; engine: further
    keywords of TrainingStep.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        data: DataSet,
        recipe: Recipe,
        *,
        resolution: int,
        device: torch.device,
        world: World = ALONE,
        auto_augment: str | None = None,
        **engine: Any,
    ) -> None:
        self.recipe, self.device, self.world = recipe, device, world
        self.precision = choose_precision(recipe.precision, device)
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self.batches = make_batches(
            data, recipe, resolution=resolution, device=device, share=world.share, auto_augment=auto_augment
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        self.training_resolutions = training_resolutions(recipe, resolution)
        self.class_names = data.class_names
        self.mix = make_mixing(recipe, data.classes, device)
        optimizer = make_optimizer(self.network, recipe)
        self.schedule = make_schedule(optimizer, recipe, self.steps_per_epoch)
        self.ema = make_ema(self.network, recipe)
        options: dict[str, Any] = {"precision": self.precision, "device": device, "world": world}
        self.step = TrainingStep(self.network, optimizer, recipe, **options, **engine)
        self.history: list[dict[str, Any]] = []
        self.train_seconds, self.wait_seconds = 0.0, 0.0

    @property
    def evaluated(self) -> torch.nn.Module:
        """The network that is evaluated: with averaged weights where the recipe has them."""
        return self.ema.module if self.ema else self.network

    def networks(self) -> Iterator[torch.nn.Module]:
        """The network, and the one with averaged weights where the recipe has them."""
        yield self.network
        if self.ema:
            yield self.ema.module

    def evaluate(self, split: str) -> dict[str, float]:
        """Accuracies in percent and loss in nats of a split: train, val or test."""
        return evaluate(self.evaluated, self.batches.evaluate(split), self.precision, self.device, self.world)

    def final_metrics(self) -> dict[str, float]:
        """Metrics under their column names: test without prefix, val_ and train_ with.

        Train accuracy is measured without augmentation on as many training images as there are validation images.
        """
        prefixes = {"test": "", "val": "val_", "train": "train_"}
        return {prefix + k: v for split, prefix in prefixes.items() for k, v in self.evaluate(split).items()}

    def epoch_columns(self) -> dict[str, float]:
        """Columns of a history row beside losses and accuracies."""
        times = {"train_seconds": self.train_seconds, "data_wait_seconds": self.wait_seconds}
        return {"learning_rate": self.step.learning_rate} | times

    def unreadable(self) -> list[str]:
        """Names of images that no process could read."""
        return sorted({name for names in self.world.gathered(list(self.batches.unreadable)) for name in names})

    def require_few_unreadable(self) -> None:
        """Raise StudyError, in all processes, where they met too many unreadable images together."""
        if self.world.size > 1 and self.batches.unreadable_max is not None:
            refuse(self.unreadable(), self.batches.unreadable_max)
