"""Train one run in the process that calls, and record how it ended."""

from __future__ import annotations

import platform
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from scaling_study.config.presets import recipe_changes
from scaling_study.config.schema import Config
from scaling_study.data.images import load_data
from scaling_study.errors import one_line
from scaling_study.measure.costs import cost_columns, variant_complexity
from scaling_study.models import build_network
from scaling_study.planning.identity import Run
from scaling_study.planning.length import training_flops
from scaling_study.records.compute import train_flops
from scaling_study.records.convergence import last_tenth_gain
from scaling_study.records.store import RunFolder
from scaling_study.system.workers import count_loader_workers, count_runs_per_device
from scaling_study.training import checkpoint
from scaling_study.training.device import choose_device, claimed, describe
from scaling_study.training.distributed import ALONE
from scaling_study.training.loop import train
from scaling_study.training.rates import learning_rate, scaled
from scaling_study.training.recipe import with_batch_norm
from scaling_study.training.regularization import augmentation_of, regularized
from scaling_study.training.tracker import start_tracker

if TYPE_CHECKING:
    from scaling_study.data.dataset import DataSet
    from scaling_study.training.distributed import World
    from scaling_study.training.loop import Trained


def train_and_record(config: Config, run: Run, folder: RunFolder, world: World = ALONE) -> dict[str, Any] | None:
    """Train ``run`` from its checkpoint if it has one and write its record, also when it fails.

    Of several processes the first writes the record, another only when it fails alone. Returns the record.
    """
    record = identity_columns(config, run)
    try:
        torch.set_num_threads(config.threads)
        device = choose_device(config.device, world)
        with claimed(device, count_runs_per_device(config), world) as device:
            record |= environment_columns(device, config.threads, world)
            record |= result_columns(config, run, folder, device, world)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            return None
        record |= {"status": "failed", "error_type": type(error).__name__, "error": one_line(error)}
    record["finished_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    if writes_record(record, folder, world):
        folder.write_record(record, keep_checkpoint=config.checkpoint.keep)
    return record


def writes_record(record: dict[str, Any], folder: RunFolder, world: World) -> bool:
    """Whether this process's record is the run's: of several that fail, that of the one that failed first, which the
    others then miss."""
    if record["status"] == "failed" and world.size > 1:
        return not folder.has_record()
    return world.first


def identity_columns(config: Config, run: Run) -> dict[str, Any]:
    """What is known of a run before it starts."""
    return {
        "run_id": run.run_id,
        "study": config.study,
        "source": "measured",
        "status": "done",
        **run.columns,
        "seed": run.seed,
        "model": run.model.name,
        "family": run.model.family,
        "small_stem": run.model.small_stem,
        "data": run.data.name,
        "recipe": run.recipe.name,
        "settings": recipe_changes(run.recipe),
        "epochs": run.recipe.epochs,
        **rate_columns(run),
    }


def rate_columns(run: Run) -> dict[str, Any]:
    """What the optimizer of a run is given."""
    recipe = scaled(run.recipe, run.variant.coefficients)
    return {
        "learning_rate": learning_rate(recipe),
        "weight_decay": recipe.weight_decay,
        "batch_size": recipe.batch_size,
        "optimizer": recipe.optimizer,
    }


def environment_columns(device: torch.device, threads: int, world: World = ALONE) -> dict[str, Any]:
    return {
        "device": describe(device),
        "cpu_capability": torch.backends.cpu.get_cpu_capability() if device.type == "cpu" else None,
        "threads": threads if device.type == "cpu" else None,
        "processes": world.size,
        "python_version": platform.python_version(),
        "torch_version": torch.__version__,
        "timm_version": version("timm"),
        "package_version": version("scaling_study"),
        "git_commit": git_commit(),
    }


def result_columns(config: Config, run: Run, folder: RunFolder, device: torch.device, world: World) -> dict[str, Any]:
    """Load the data, build, measure and train the network; the columns that come of it."""
    with warnings.catch_warnings(action="ignore"):  # the process that started the command has shown them
        data = load_for(config, run, world)
    columns: dict[str, Any] = {f"{split}_images": len(getattr(data, split)) for split in ("train", "val", "test")}
    columns |= {"classes": data.classes, **({"class_names": list(data.class_names)} if data.class_names else {})}
    size = {"classes": data.classes, "channels": data.channels}
    cost = variant_complexity(run.model, run.variant, **size)
    columns |= cost_columns(cost, run.model, baseline_px=run.data.resolution, **size)
    with start_tracker(config.tracker if world.first else "none", folder.path, run.run_id) as track:
        trained = train_from_checkpoint(config, run, folder, track, data=data, device=device, world=world)
    names = ("updates", "train_seconds", "images_per_second", "precision", "data_wait_fraction", "micro_batch_size")
    columns |= trained.metrics | {name: getattr(trained, name) for name in names}
    flops = training_flops(run, cost.flops, **size)
    columns["train_flops"] = train_flops(flops, trained.updates, run.recipe.batch_size)
    columns["last_tenth_gain"] = last_tenth_gain([row["val_top1"] for row in trained.history])
    columns["train_gap"] = columns["train_top1"] - columns["top1"]
    return columns | {"unreadable_images": len(trained.unreadable), "unreadable": trained.unreadable}


def train_from_checkpoint(
    config: Config, run: Run, folder: RunFolder, track: Any, *, data: DataSet, device: torch.device, world: World
) -> Trained:
    """``train`` with the options of the engine, from the run's checkpoint where that fits."""

    def on_state(state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        if world.first:
            keep(folder, state, history)
            track.epochs(history)

    def on_progress(fraction: float, step: int, loss: float) -> None:
        if world.first:
            folder.write_progress(fraction, loss)
            track.step(step, loss)

    start: Callable[..., Trained] = partial(
        train,
        data=data,
        recipe=scaled(run.recipe, run.variant.coefficients),
        seed=run.seed,
        resolution=run.variant.resolution_px,
        device=device,
        world=world,
        every_steps=config.checkpoint.every_steps,
        on_state=on_state,
        on_progress=on_progress,
        **engine_options(config, run),
    )
    state = checkpoint.load(folder.checkpoint)
    history = state.get("history") if state else None
    track.epochs_shown = len(history) if isinstance(history, list) else 0
    try:
        trained = start(build(run, data), state=state)
        if world.first:
            folder.write_history(trained.history)  # also where the state is of the last epoch and no file is left
        return trained
    except checkpoint.UnusableState as error:
        warnings.warn(f"{folder.checkpoint} does not fit its run ({error}), which starts again", stacklevel=2)
        return start(build(run, data))


def engine_options(config: Config, run: Run) -> dict[str, Any]:
    """Keywords of a training session that are not the recipe's."""
    return {
        "micro_batch_size": config.micro_batch_size,
        "cuda_graphs": config.cuda_graphs,
        "auto_augment": augmentation_of(run.recipe, run.variant.coefficients),
    }


def load_for(config: Config, run: Run, world: World = ALONE) -> DataSet:
    """The run's data set, to be read by as many processes as this machine has for it."""
    data = load_data(run.data)
    if data.loading is None:
        return data
    return replace(data, loading=replace(data.loading, workers=count_loader_workers(config, world.local_size)))


def build(run: Run, data: DataSet) -> torch.nn.Module:
    """The network of a run, untrained, with the weights that its seed draws."""
    torch.manual_seed(run.seed)
    network = build_network(
        regularized(run.model, run.recipe, run.variant.coefficients),
        run.variant.coefficients,
        classes=data.classes,
        channels=data.channels,
        resolution_px=run.variant.resolution_px,
    )
    return with_batch_norm(network, run.recipe.batch_norm_momentum, run.recipe.batch_norm_eps)


def keep(folder: RunFolder, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
    """History first: a checkpoint never knows of an epoch that the history lacks."""
    if history:
        folder.write_history(history)
    checkpoint.save(folder.checkpoint, state)


def git_commit() -> str | None:
    """Commit of the checkout this package runs from, with -dirty if it differs; None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
