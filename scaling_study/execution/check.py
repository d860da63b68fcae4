"""Checks before training that need torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from timm.optim import get_optimizer_info

from scaling_study.config.schema import Recipe
from scaling_study.data import size_of
from scaling_study.data.images import load_data
from scaling_study.errors import ConfigError
from scaling_study.execution.memory import check_memory
from scaling_study.measure.complexity import images, shapes_only
from scaling_study.measure.flops import size_reported
from scaling_study.models import FAMILIES, build_network
from scaling_study.planning.jobs import Job
from scaling_study.training.device import choose_device
from scaling_study.training.distributed import world_of_environment
from scaling_study.training.image_size import check_resolutions
from scaling_study.training.rates import check_rates
from scaling_study.training.recipe import make_optimizer, make_schedule
from scaling_study.training.regularization import check_growth
from scaling_study.training.tracker import require_tracker

if TYPE_CHECKING:
    from scaling_study.data.dataset import DataSet


def check_trainable(jobs: Sequence[Job], elsewhere: bool = False) -> None:
    """Load each data set the jobs use (making or downloading it once, before the workers want it) and try the
    recipe on a toy. Raises ConfigError or StudyError with the first thing that would make training fail.

    elsewhere: the runs train on other machines, so the GPU and memory of this one do not matter.
    """
    device = None if elsewhere else choose_device(jobs[0].config.device)
    if jobs[0].config.cuda_graphs and device is not None and device.type == "cpu":
        raise ConfigError("cuda_graphs", True, "must be false on the CPU, and there is no CUDA device here")
    for job in jobs:
        check_growth(job.run.model, job.run.recipe, job.run.variant)
        check_rates(job.run.recipe, job.run.variant)
        least = FAMILIES[job.run.model.family].resolution_min
        check_resolutions(job.run.recipe, job.run.variant.resolution_px, least)
    check_memory(jobs, device)
    check_outputs(jobs)
    require_tracker(jobs[0].config.tracker)
    processes = world_of_environment().size
    checked = []
    for job in jobs:
        if (job.run.data, job.run.recipe) in checked:
            continue
        checked.append((job.run.data, job.run.recipe))
        data, recipe = load_data(job.run.data), job.run.recipe
        if data.loading:
            check_augmentation(data, recipe, job.run.data.resolution)
        images = len(data.train)
        if recipe.batch_size > images:
            raise ConfigError("recipe.batch_size", recipe.batch_size, f"must be at most the {images} training images")
        if recipe.batch_size % processes:
            message = f"must be a multiple of the {processes} processes that share it"
            raise ConfigError("recipe.batch_size", recipe.batch_size, message)
        share = recipe.batch_size // processes
        if (recipe.mixup or recipe.cutmix) and share % 2:
            message = f"must give each of {processes} processes an even number of images with recipe.mixup or cutmix"
            raise ConfigError("recipe.batch_size", recipe.batch_size, message)
        if recipe.warmup_epochs > recipe.epochs:
            raise ConfigError(
                "recipe.warmup_epochs", recipe.warmup_epochs, f"must be at most recipe.epochs={recipe.epochs}"
            )
        make_schedule(check_optimizer(recipe), recipe, images // recipe.batch_size)


def check_outputs(jobs: Sequence[Job]) -> None:
    """Raise ConfigError for a user's network whose output is not a number for each class of each image."""
    for job in {repr(job.run.variant): job for job in jobs if job.run.model.family == "custom"}.values():
        run, size = job.run, size_of(job.run.data)
        px = run.variant.resolution_px
        options = {**size, "resolution_px": px}
        network = shapes_only(lambda: build_network(run.model, run.variant.coefficients, **options)).eval()  # noqa: B023
        with torch.no_grad(), size_reported(run.model, px):
            output = network(images(network, 2, size["channels"], px))
        wanted = (2, size["classes"])
        if not isinstance(output, torch.Tensor) or tuple(output.shape) != wanted:
            found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
            message = f"its network must give {wanted} numbers for 2 images and {wanted[1]} classes; it gives {found}"
            raise ConfigError("model.builder", run.model.builder, message)


def check_optimizers(jobs: Sequence[Job]) -> None:
    """``check_optimizer`` for every recipe of the jobs."""
    for recipe in {repr(job.run.recipe): job.run.recipe for job in jobs}.values():
        check_optimizer(recipe)


def check_optimizer(recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer of a toy. Raises ConfigError for one that timm does not know, and for a setting that it
    leaves out in silence as the optimizer has none."""
    optimizer = make_optimizer(torch.nn.Linear(2, 2), recipe)
    known = get_optimizer_info(recipe.optimizer.lower().split("_")[-1])  # behind lookahead_
    for key, value, has in (
        ("momentum", recipe.momentum, known.has_momentum),
        ("optimizer_eps", recipe.optimizer_eps, known.has_eps),
    ):
        if value and not has:
            raise ConfigError(f"recipe.{key}", value, f"recipe.optimizer={recipe.optimizer} has none to set")
    return optimizer


def check_augmentation(data: DataSet, recipe: Recipe, resolution: int) -> None:
    """Raise ConfigError for a ``recipe.auto_augment`` that timm does not understand."""
    from scaling_study.data.transforms import training_transform

    try:
        training_transform(data.loading, recipe, resolution, recipe.auto_augment)
    except (AssertionError, ValueError, KeyError, NotImplementedError) as error:
        message = f"timm cannot make it: {error or type(error).__name__}; as rand-m9-mstd0.5 or original"
        raise ConfigError("recipe.auto_augment", recipe.auto_augment, message) from error
