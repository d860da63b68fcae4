"""Runs that a study proposes: the keys that describe them, and the sweep file that trains exactly them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from scaling_study.config.choices import check_scaling
from scaling_study.config.paths import CONF
from scaling_study.config.schema import Config, Scaling
from scaling_study.planning.jobs import Job, job_from
from scaling_study.scaling.coefficients import AXES

GROUPS = ("model", "data", "recipe")


def scaling_keys(row: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the group ``scaling`` that describe a row of the run table."""
    method, budget = row["method"], row["flops_target"]
    axes = {axis: float(row[axis]) for axis in AXES}
    logs = {axis: math.log(value) for axis, value in axes.items()}
    solved = not pd.isna(budget) and method != "custom"  # whose solved axis the table does not tell
    keys: dict[str, Any] = {"method": method, "flops": float(budget)} if solved else {}
    if method == "compound":
        triple = {name: round(axes[axis] ** (1 / row["phi"]), 6) for name, axis in zip(GREEK, AXES, strict=True)}
        return {"method": method, **(keys or {"phi": float(row["phi"])}), **triple}
    if method == "fast":
        return keys | {"fast_a": round(logs["width"] / (logs["depth"] + logs["width"]), 6)}
    if not keys:
        keys = {axis: value for axis, value in axes.items() if value != 1}
    if pd.notna(row["stage_depth"]):
        keys["stage_depth"] = [float(depth) for depth in str(row["stage_depth"]).split()]
    return keys


GREEK = ("alpha", "beta", "gamma")


def job_at(config: Config, scaling: Mapping[str, Any], seed: int, learning_rate: float | None = None) -> Job:
    """The job of ``config`` with these scaling keys over the defaults, as a point of a sweep file would make it.

    Raises ConfigError where such a network cannot be built.
    """
    defaults = yaml.safe_load((CONF / "scaling" / "default.yaml").read_text(encoding="utf-8"))
    chosen = Scaling(**defaults | dict(scaling))
    check_scaling(chosen)
    recipe = config.recipe if learning_rate is None else replace(config.recipe, learning_rate=learning_rate)
    return job_from(replace(config, task="train", seed=seed, recipe=recipe, scaling=chosen))


def point_of(scaling: Mapping[str, Any], seed: int, learning_rate: float | None = None) -> dict[str, Any]:
    """The entry of ``scaling.points`` of one run."""
    recipe = {} if learning_rate is None else {"recipe": {"learning_rate": learning_rate}}
    return {**scaling, "seed": seed, **recipe}


def sweep_file(config: Config, points: Mapping[str, dict[str, Any]], comments: Sequence[str]) -> str:
    """A sweep file that trains ``points``, {name: entry}, in their order, with the settings of ``config``."""
    shared = {"study": config.study, "vary": list(config.vary)} | {
        group: asdict(getattr(config, group)) for group in GROUPS
    }
    sweep = {"mode": "MULTIRUN", "sweeper": {"params": {"scaling.point": ",".join(points)}}}
    content = shared | {"scaling": {"points": dict(points)}, "hydra": sweep}
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=2**20, allow_unicode=True)
    return "\n".join(["# @package _global_", *(f"# {line}" for line in comments), text])


def command_of(config: Config, path: Path) -> str:
    """The command that trains the sweep file at ``path``, which is STUDY/conf/sweep/NAME.yaml."""
    places = [f"{key}={getattr(config, key)}" for key in ("results_dir", "plots_dir")]
    defaults = ("results_dir=results", "plots_dir=plots")
    own = [place for place, default in zip(places, defaults, strict=True) if place != default]
    return " ".join([f"python -m scaling_study --config-dir {path.parents[1]} +sweep={path.stem}", *own])
