"""Train one run in the process that calls, and record how it ended."""

import platform
import subprocess
import warnings
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch

from scaling_study.data.images import load_data
from scaling_study.measure.costs import cost_columns, variant_complexity
from scaling_study.models import build_network
from scaling_study.training import checkpoint
from scaling_study.training.device import choose_device, claimed, describe
from scaling_study.training.loop import UnusableState, train


def train_and_record(config, run, folder):
    """Train ``run`` from its checkpoint if it has one and write its record, also when it fails."""
    record = identity_columns(config, run)
    try:
        torch.set_num_threads(config.threads)
        device = choose_device(config.device)
        with claimed(device) as device:
            record |= environment_columns(device, config.threads)
            record |= result_columns(run, folder, device)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            return
        record |= {"status": "failed", "error_type": type(error).__name__, "error": one_line(error)}
    record["finished_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    folder.write_record(record)


def identity_columns(config, run):
    """What is known of a run before it starts."""
    return {
        "run_id": run.run_id,
        "study": config.study,
        "source": "measured",
        "status": "done",
        **run.variant.columns,
        "seed": run.seed,
        "model": run.model.name,
        "family": run.model.family,
        "small_stem": run.model.small_stem,
        "data": run.data.name,
        "recipe": run.recipe.name,
        "epochs": run.recipe.epochs,
    }


def environment_columns(device, threads):
    return {
        "device": describe(device),
        "threads": threads if device.type == "cpu" else None,
        "python_version": platform.python_version(),
        "torch_version": torch.__version__,
        "timm_version": version("timm"),
        "package_version": version("scaling_study"),
        "git_commit": git_commit(),
    }


def result_columns(run, folder, device):
    """Load the data, build, measure and train the network; the columns that come of it."""
    data = load_data(run.data)
    columns = {f"{split}_images": len(getattr(data, split)) for split in ("train", "val", "test")}
    columns |= {"classes": data.classes}
    size = {"classes": data.classes, "channels": data.channels}
    cost = variant_complexity(run.model, run.variant, **size)
    columns |= cost_columns(cost, run.model, baseline_px=run.data.resolution, **size)
    start = partial(
        train,
        data=data,
        recipe=run.recipe,
        seed=run.seed,
        resolution=run.variant.resolution_px,
        device=device,
        on_epoch=lambda state, history: keep(folder, state, history),
        on_progress=folder.write_progress,
    )
    try:
        trained = start(build(run, data), state=checkpoint.load(folder.checkpoint))
    except UnusableState:
        warnings.warn(f"{folder.checkpoint} does not fit its run, which starts again", stacklevel=2)
        trained = start(build(run, data))
    return (
        columns
        | trained.metrics
        | {
            "train_seconds": trained.train_seconds,
            "images_per_second": trained.images_per_second,
            "precision": trained.precision,
        }
    )


def build(run, data):
    """The network of a run, untrained, with the weights that its seed draws."""
    torch.manual_seed(run.seed)
    return build_network(
        run.model,
        run.variant.coefficients,
        classes=data.classes,
        channels=data.channels,
        resolution_px=run.variant.resolution_px,
    )


def keep(folder, state, history):
    """History first: a checkpoint never knows of an epoch that the history lacks."""
    folder.write_history(history)
    checkpoint.save(folder.checkpoint, state)


def one_line(error):
    return " ".join(str(error).split())[:500]


def git_commit():
    """Commit of the checkout this package runs from, with -dirty if it differs; None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
