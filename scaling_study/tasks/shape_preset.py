"""The best shape that task=analyze found as a file of configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.config.presets import model_preset
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES
from scaling_study.records.built import CHANNELS
from scaling_study.records.store import run_folders, write_text
from scaling_study.report.markdown import epochs_text, interval
from scaling_study.scaling.budget import Unreachable, solve
from scaling_study.scaling.coefficients import Coefficients

if TYPE_CHECKING:
    from scaling_study.config.schema import Model


def write_shape_presets(folder: Path, shape: pd.DataFrame | None, runs: pd.DataFrame) -> list[tuple[str, Path]]:
    """The best shape of the baseline's cost, of each part of a study, as an option of a config group ``shape`` that
    sets the model's multipliers and the resolution: [(model, path)]. It is written also where it is not shown to be
    better, and its first lines say so."""
    if shape is None:
        return []
    found = shape[shape.what == "preset"]
    paths = []
    for row in found.itertuples():
        suffix = f"_{row.epochs}epochs" if found[found.model == row.model].epochs.nunique() > 1 else ""
        path = folder / "conf" / "shape" / f"{row.model}{suffix}.yaml"
        own = runs[(runs.model == row.model) & (runs.method == "baseline") & (runs.status == "done")].iloc[0]
        depth, width, px = shape_settings(folder, row, own)
        lines = [
            "# @package _global_",
            f"# The best shape with the multiply-adds of {row.model} in study {folder.name}, by validation top-1"
            f"{f' after {length}' if (length := epochs_text(row.epochs)) else ''}, n = {row.n}:",
            f"# {doubt(row)}",
            *("model:", f"  depth_multiplier: {depth:.6g}", f"  width_multiplier: {width:.6g}"),
            *("data:", f"  resolution: {px}"),
        ]
        write_text(path, "\n".join(lines) + "\n")
        paths.append((row.model, path))
    return paths


def doubt(row: Any) -> str:
    """What a preset's shape gains over the baseline, and whether that may be chance."""
    if row.status == "baseline":
        return "the baseline itself; no other shape is predicted to be better."
    gain = f"{interval(row.value, row.low, row.high, '{:+.2f}')} points above the baseline, as predicted"
    return f"{gain}." if row.status == "better" else f"{gain}: not more than the noise, so the baseline may stay."


def shape_settings(folder: Path, row: Any, own: Any) -> tuple[float, float, int]:
    """(depth multiplier, width multiplier, resolution in pixels) of a preset. row: of the table ``shape``; own: a run
    of the baseline. Width is solved on the network as built where its layers are known, else as the shapes' widths go.
    """
    name = row.model
    folders = (known["model"] for run in run_folders(folder) if (known := run.config()))
    stored = next((model for model in folders if model.get("name") == name), None)
    preset = model_preset(name)
    multipliers: dict[str, Any] = {
        f"{axis}_multiplier": getattr(preset, f"{axis}_multiplier", 1.0) for axis in ("depth", "width")
    }
    if stored is not None:  # which holds them where they differ from 1
        multipliers = {key: stored.get(key, 1.0) for key in multipliers}
    px = round(own.resolution_px * row.resolution)
    width = row.width
    if preset is not None:
        stem = bool(own.small_stem) if pd.notna(own.small_stem) else False
        width = solved_width(replace(preset, small_stem=stem, **multipliers), row.depth, px, own) or width
    return multipliers["depth_multiplier"] * row.depth, multipliers["width_multiplier"] * width, px


def solved_width(model: Model, depth: float, px: int, own: Any) -> float | None:
    """The width with which a network of that depth and input costs what the baseline does; None where the baseline's
    layers are not those of the run ``own``."""
    if not FAMILIES[model.family].layers or pd.isna(own.classes):
        return None
    for channels in CHANNELS:  # which tables of runs do not hold
        size = {"classes": int(own.classes), "channels": channels}
        if count_flops(model, Coefficients(), resolution_px=int(own.resolution_px), **size) != own.flops:
            continue
        try:
            return solve(
                lambda width: count_flops(model, Coefficients(depth, width), resolution_px=px, **size),  # noqa: B023
                own.flops,
                0.01,
                16.0,
            ).position
        except Unreachable:
            return None
    return None
