"""Choices of ``model=`` read from conf/ without Hydra, which needs a whole configuration for them."""

from pathlib import Path
from typing import Any

import yaml

from scaling_study.config.paths import CONF
from scaling_study.config.schema import Model


def model_preset(name: str) -> Model | None:
    """The config group of ``model=name``; None where that is no choice, or one that leaves the network open."""
    if name in ("timm", "custom") or not file_of(name).is_file():
        return None
    return Model(**settings_of(name))


def settings_of(name: str) -> dict[str, Any]:
    """The keys of a file of conf/model, over those of the files that its ``defaults`` name."""
    own = yaml.safe_load(file_of(name).read_text(encoding="utf-8"))
    settings: dict[str, Any] = {}
    for base in own.pop("defaults", []):
        if base != "_self_":
            settings |= settings_of(base)
    return settings | own


def file_of(name: str) -> Path:
    return CONF / "model" / f"{name}.yaml"
