"""From the config group ``recipe`` to timm's optimizer, schedule and EMA."""

from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import ModelEmaV3

from scaling_study.errors import ConfigError


def make_optimizer(network, recipe):
    """Any optimizer timm knows by ``recipe.optimizer``; biases and norm weights are not decayed."""
    momentum = {"momentum": recipe.momentum} if recipe.momentum else {}
    try:
        return create_optimizer_v2(
            network, opt=recipe.optimizer, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, **momentum
        )
    except (AssertionError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("recipe.optimizer", recipe.optimizer, f"timm cannot make it: {error}") from error


def make_schedule(optimizer, recipe, steps_per_epoch):
    """Any schedule timm knows by ``recipe.schedule``, stepped per update, linear warm-up inside the epochs."""
    try:
        schedule, _ = create_scheduler_v2(
            optimizer,
            sched=recipe.schedule,
            num_epochs=recipe.epochs,
            warmup_epochs=recipe.warmup_epochs,
            warmup_lr=recipe.learning_rate / 100,
            step_on_epochs=False,
            updates_per_epoch=steps_per_epoch,
        )
    except (AssertionError, ValueError, KeyError) as error:
        raise ConfigError("recipe.schedule", recipe.schedule, f"timm cannot make it: {error}") from error
    return schedule


def make_ema(network, recipe):
    """Exponential moving average of weights and statistics with warm-up, or None if ``recipe.ema_decay`` is 0."""
    return ModelEmaV3(network, decay=recipe.ema_decay, use_warmup=True) if recipe.ema_decay else None
