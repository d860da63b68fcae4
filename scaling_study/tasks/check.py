"""Checks before training that need torch."""

import torch

from scaling_study.data.images import load_data
from scaling_study.errors import ConfigError
from scaling_study.training.device import choose_device
from scaling_study.training.distributed import world_of_environment
from scaling_study.training.recipe import make_optimizer, make_schedule
from scaling_study.training.tracker import require_tracker


def check_trainable(jobs):
    """Load each data set the jobs use (making or downloading it once, before the workers want it) and try the
    recipe on a toy. Raises ConfigError or StudyError with the first thing that would make training fail."""
    choose_device(jobs[0].config.device)
    require_tracker(jobs[0].config.tracker)
    processes = world_of_environment().size
    checked = []
    for job in jobs:
        if (job.run.data, job.run.recipe) in checked:
            continue
        checked.append((job.run.data, job.run.recipe))
        images, recipe = len(load_data(job.run.data).train), job.run.recipe
        if recipe.batch_size > images:
            raise ConfigError("recipe.batch_size", recipe.batch_size, f"must be at most the {images} training images")
        if recipe.batch_size % processes:
            message = f"must be a multiple of the {processes} processes that share it"
            raise ConfigError("recipe.batch_size", recipe.batch_size, message)
        if recipe.warmup_epochs > recipe.epochs:
            raise ConfigError(
                "recipe.warmup_epochs", recipe.warmup_epochs, f"must be at most recipe.epochs={recipe.epochs}"
            )
        make_schedule(make_optimizer(torch.nn.Linear(2, 2), recipe), recipe, images // recipe.batch_size)
