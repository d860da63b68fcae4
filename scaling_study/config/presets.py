"""Choices of ``model=`` and ``recipe=`` read from conf/ without Hydra, which needs a whole configuration for them."""

from pathlib import Path
from typing import Any

import yaml

from scaling_study.config.paths import CONF
from scaling_study.config.schema import Model, Recipe

OWN_COLUMNS = ("name", "epochs", "precision", "compile")  # of a recipe: in the run table, or of the device


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


def recipe_changes(recipe: Recipe) -> str | None:
    """What ``recipe`` changes in the file of its name (of a user's own recipe: in recipe_base.yaml), as ``key=value``
    in the order of the schema, separated by blanks. None where nothing is changed."""
    preset = recipe_preset(recipe.name)
    changes = [
        f"{key}={plain(value)}"
        for key, value in vars(recipe).items()
        if key not in OWN_COLUMNS and key in preset and value != preset[key]
    ]
    return " ".join(changes) or None


def recipe_preset(name: str) -> dict[str, Any]:
    """The keys of the package's recipe ``name``; of a user's own, those of recipe_base.yaml, ??? where it has none."""
    base = yaml.safe_load((CONF / "recipe_base.yaml").read_text(encoding="utf-8"))
    file = recipe_file(name)
    return base | (yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {})


def recipe_file(name: str) -> Path:
    """The file of the recipe ``name`` where it is the package's own."""
    return CONF / "recipe" / f"{name}.yaml"


def plain(value: Any) -> str:
    """A value as on the command line."""
    if isinstance(value, float):
        return f"{value:g}"
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


def file_of(name: str) -> Path:
    return CONF / "model" / f"{name}.yaml"
