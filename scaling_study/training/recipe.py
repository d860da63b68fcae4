"""From the config group ``recipe`` to timm's optimizer, schedule and EMA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import ModelEmaV3
from torch.nn.modules.batchnorm import _BatchNorm

from scaling_study.errors import ConfigError
from scaling_study.training.rates import learning_rate

if TYPE_CHECKING:
    import torch

    from scaling_study.config.schema import Recipe


def make_optimizer(network: torch.nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Any optimizer timm knows by ``recipe.optimizer``; biases and norm weights are not decayed."""
    given = {"momentum": recipe.momentum or None, "eps": recipe.optimizer_eps}
    options: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    try:
        return create_optimizer_v2(
            network, opt=recipe.optimizer, lr=learning_rate(recipe), weight_decay=recipe.weight_decay, **options
        )
    except (AssertionError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("recipe.optimizer", recipe.optimizer, f"timm cannot build it: {error}") from error


def make_schedule(optimizer: torch.optim.Optimizer, recipe: Recipe, steps_per_epoch: int) -> Any:
    """Any schedule timm knows by ``recipe.schedule``, stepped per update, linear warm-up inside the epochs."""
    try:
        schedule, _ = create_scheduler_v2(
            optimizer,
            sched=recipe.schedule,
            num_epochs=recipe.epochs,
            decay_epochs=recipe.decay_epochs,
            decay_rate=recipe.decay_rate,
            warmup_epochs=recipe.warmup_epochs,  # type: ignore[arg-type]  # fractions work too
            warmup_lr=learning_rate(recipe) / 100,
            step_on_epochs=False,
            updates_per_epoch=steps_per_epoch,
        )
    except (AssertionError, ValueError, KeyError) as error:
        raise ConfigError("recipe.schedule", recipe.schedule, f"timm cannot build it: {error}") from error
    return schedule


def make_ema(network: torch.nn.Module, recipe: Recipe) -> Any:
    """Exponential moving average of weights and statistics, or None if ``recipe.ema_decay`` is 0. Its decay at step t
    is 1 - (1 + t / gamma) ** -power, at most ``ema_decay``."""
    if not recipe.ema_decay:
        return None
    warmup: dict[str, Any] = {"warmup_gamma": recipe.ema_warmup_gamma, "warmup_power": recipe.ema_warmup_power}
    return ModelEmaV3(network, decay=recipe.ema_decay, use_warmup=True, **warmup)


def with_batch_norm(network: torch.nn.Module, momentum: float | None, eps: float | None) -> torch.nn.Module:
    """The network with this batch norm momentum (torch's: the weight of the new value) and eps; None: as they are."""
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = momentum or module.momentum
            module.eps = eps or module.eps
    return network
