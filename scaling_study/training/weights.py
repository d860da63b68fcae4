"""Trained weights: of a finished run, of a file, or of timm's hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import timm
import torch

from scaling_study.data.transforms import as_normalization
from scaling_study.errors import ConfigError, StudyError, one_line
from scaling_study.models import build_network
from scaling_study.training import checkpoint

if TYPE_CHECKING:
    from scaling_study.config.schema import Model
    from scaling_study.scaling.coefficients import Coefficients


HUB = "hub"


@dataclass(frozen=True)
class Weighted:
    """A network with weights. normalization: of its input, None for the data set's own; crop_fraction: with which timm
    evaluates it, or None."""

    network: torch.nn.Module
    normalization: tuple | None
    crop_fraction: float | None = None


def of_checkpoint(path: Path) -> dict[str, Any]:
    """The state that a run kept in the checkpoint file ``path``. Raises StudyError."""
    state = checkpoint.load(Path(path))
    if state is None:
        raise StudyError(f"evaluate.run: there is no {path}; the run must be trained with checkpoint.keep=true")
    return state


def of_run(state: Any, network: torch.nn.Module, path: Path) -> Weighted:
    """The weights of a run's ``state`` in ``network``, averaged ones where there are. Raises StudyError."""
    parts = state["parts"]
    fill(network, parts.get("ema", parts["network"]), path)
    return Weighted(network, tuple(state["normalisation"]) if "normalisation" in state else None)


def of_model(model: Model, coefficients: Coefficients, weights: Any, *, channels: int, **size: Any) -> Weighted:
    """The network of the config group ``model`` with ``weights``, a file or ``hub``.

    Raises ConfigError where timm has no such weights, StudyError where they cannot be had or do not fit.
    """
    known = known_weights(model) if weights == HUB else config_of(model)
    normalization = as_normalization(known.mean, known.std, channels) if known else None
    if weights == HUB:
        return Weighted(
            from_hub(model, known, channels=channels, classes=size["classes"]), normalization, known.crop_pct
        )
    network = build_network(model, coefficients, channels=channels, **size)
    try:
        loaded = timm.models.load_state_dict(weights, use_ema=True)
    except Exception as error:  # of whatever format the file is
        raise StudyError(f"evaluate.weights={weights}: cannot be read ({one_line(error, 300)})") from error
    fill(network, loaded, weights)
    return Weighted(network, normalization)


def config_of(model: Model) -> Any:
    """What timm knows of a model's weights, or None."""
    name = str(model.name)
    return timm.get_pretrained_cfg(name) if timm.is_model(name) else None


def known_weights(model: Model) -> Any:
    """The same. Raises ConfigError for a model that timm has no weights of."""
    known = config_of(model)
    if known is None or not known.has_weights:
        message = f"timm has no weights for model.name={model.name}; timm.list_pretrained() lists those it has"
        raise ConfigError("evaluate.weights", HUB, message)
    return known


def from_hub(model: Model, known: Any, *, channels: int, classes: int) -> torch.nn.Module:
    if known.num_classes != classes:
        raise ConfigError("data.classes", classes, f"the weights of {model.name} know {known.num_classes} classes")
    try:
        return timm.create_model(str(model.name), pretrained=True, in_chans=channels)
    except Exception as error:  # of whatever library the hub is reached by
        raise StudyError(f"evaluate.weights=hub: {model.name} cannot be downloaded ({one_line(error, 300)})") from error


def fill(network: torch.nn.Module, state: Any, path: Path) -> None:
    """Put ``state`` into ``network``; StudyError, with the first names that differ, when it does not fit."""
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise StudyError(f"{path} does not fit the network: {one_line(error, 300)}") from error
