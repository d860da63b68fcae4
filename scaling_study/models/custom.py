"""A user's own family (model=custom): a function that builds the network of a variant."""

from typing import Any

from scaling_study.errors import ConfigError
from scaling_study.system.plugins import Plugin, called, load_plugin

KEY, GROUP = "model.builder", "scaling_study.models"


def plugin(builder: str | None) -> Plugin:
    """The function that ``model.builder`` names. Raises ConfigError where there is none."""
    if builder is None:
        raise ConfigError(KEY, None, "model=custom needs the function that builds a network, as my_nets:build")
    return load_plugin(KEY, GROUP, builder)


def build(*, builder: str | None, depth: float, width: float, classes: int, channels: int, resolution_px: int) -> Any:
    """The torch network of ``builder(depth, width, classes, channels, resolution_px)``, all given by keyword.

    Raises ConfigError where the function raises or returns something else than a torch.nn.Module.
    """
    import torch

    size = {"classes": classes, "channels": channels, "resolution_px": resolution_px}
    function = plugin(builder).function
    try:
        network = called(KEY, str(builder), function, depth=depth, width=width, **size)
    except ConfigError as error:
        if isinstance(error.__cause__, NotImplementedError | RuntimeError) and torch.empty(0).is_meta:
            raise error.__cause__ from None  # of the device that has shapes only: it is then built in memory
        raise
    if not isinstance(network, torch.nn.Module):
        raise ConfigError(KEY, builder, f"must return a torch.nn.Module; it returned {type(network).__name__}")
    return network
