"""Accuracy of trained weights on any data set, split and resolution."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.config.schema import Evaluate, Model
from scaling_study.data.listing import some
from scaling_study.errors import StudyError, encodable
from scaling_study.execution.costs import versions
from scaling_study.planning.identity import Run
from scaling_study.planning.jobs import Job
from scaling_study.records.store import RunFolder
from scaling_study.scaling.coefficients import Coefficients

if TYPE_CHECKING:
    import torch

    from scaling_study.data.dataset import DataSet
    from scaling_study.training.weights import Weighted


def evaluated(job: Job) -> dict[str, Any]:
    """The row of one job."""
    import torch

    from scaling_study.execution.run import load_for
    from scaling_study.training.device import choose_device, choose_precision, describe
    from scaling_study.training.evaluation import evaluate

    config = job.config
    torch.set_num_threads(config.threads)
    device = choose_device(config.device)
    data = load_for(config, only_needed(job.run, config.evaluate.split))
    state = kept_state(config.evaluate)
    if state is not None:
        data = matched_by_name(data, state.get("class_names"), f"evaluate.run={config.evaluate.run}")
    name, weighted, resolution = weighted_network(job, data, state)
    if data.loading and data.loading.crop_fraction is None and weighted.crop_fraction:
        data = replace(data, loading=replace(data.loading, crop_fraction=weighted.crop_fraction))
    precision = choose_precision(config.recipe.precision, device)
    network = weighted.network.to(device).to(memory_format=torch.channels_last)
    batches = batches_of(data, job, weighted, resolution, device)
    metrics = evaluate(network, batches.evaluate(config.evaluate.split), precision, device)
    count = len(batches.splits[config.evaluate.split])
    return {
        "study": config.study,
        "source": "evaluated",
        "model": name,
        "weights": config.evaluate.run or config.evaluate.weights,
        "data": config.data.name,
        "root": config.data.root and encodable(config.data.root),
        "split": config.evaluate.split,
        "images": count - len(batches.unreadable),
        "classes": data.classes,
        "resolution_px": resolution,
        "crop_fraction": crop_of(data, resolution),
        **metrics,
        **published_beside(name, data.classes),
        "unreadable_images": len(batches.unreadable),
        "device": describe(device),
        "precision": precision,
        **versions(),
        "evaluated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def kept_state(given: Evaluate) -> dict[str, Any] | None:
    """The state that the evaluated run kept, or None where weights of another source are evaluated."""
    from scaling_study.training import weights

    return None if given.run is None else weights.of_checkpoint(RunFolder(Path(given.run)).checkpoint)


def matched_by_name(data: DataSet, trained: Sequence[str] | None, run: str) -> DataSet:
    """The data set with the labels that the run, trained on classes of the names ``trained``, has for its classes; run:
    what messages call it.

    Raises StudyError for classes that the run does not know.
    """
    here = data.class_names
    if here is None or trained is None:
        if here is not trained:
            whose = run if trained is None else "the data set"
            warnings.warn(f"{whose} has no names of classes: labels are compared as numbers", stacklevel=2)
        return data
    if unknown := [name for name in here if name not in trained]:
        are = "is" if len(unknown) == 1 else "are"
        message = f"{some(unknown)} {are} not among the classes it was trained on ({some(trained)})"
        raise StudyError(f"{run}: of the classes of the data ({some(here)}) {message}")
    if len(here) < len(trained):
        warnings.warn(f"the data have {len(here)} of the {len(trained)} classes that the run knows", stacklevel=2)
    if list(here) == list(trained):
        return data
    labels = np.array([trained.index(name) for name in here])
    splits = {split: getattr(data, split).relabelled(labels) for split in ("train", "val", "test")}
    return replace(data, **splits, classes=len(trained), class_names=tuple(trained))


def weighted_network(job: Job, data: DataSet, state: dict[str, Any] | None) -> tuple[str, Weighted, int]:
    """(model name, Weighted, input side in pixels) of what the job asks for; state: of the run, if it asks for one."""
    from scaling_study.training import weights

    config, given = job.config, job.config.evaluate
    if given.run is None:
        px = given.resolution or job.run.variant.resolution_px
        coefficients, size = job.run.variant.coefficients, {"classes": data.classes, "channels": data.channels}
        weighted = weights.of_model(config.model, coefficients, given.weights, resolution_px=px, **size)
        return str(config.model.name), weighted, px
    name, weighted, px = network_of_run(RunFolder(Path(given.run)), data, state)
    return name, weighted, given.resolution or px


def network_of_run(folder: RunFolder, data: DataSet, state: Any) -> tuple[str, Weighted, int]:
    """(model name, Weighted, input side in pixels) of a run's network with the weights of its ``state``.

    Raises StudyError where the run's settings cannot be read or the weights do not fit.
    """
    from scaling_study.models import build_network
    from scaling_study.training import weights
    from scaling_study.training.recipe import with_batch_norm

    settings = folder.config()
    if settings is None:
        raise StudyError(f"{folder.path} holds no settings of a run")
    coefficients = Coefficients(**settings["coefficients"], stage_depth=settings.get("stage_depth"))
    trained_at = round(settings["data"]["resolution"] * coefficients.resolution)
    model = model_of(settings["model"], settings["data"]["resolution"])
    size = {"classes": data.classes, "channels": data.channels}
    network = build_network(model, coefficients, resolution_px=trained_at, **size)
    network = with_batch_norm(network, None, settings["recipe"].get("batch_norm_eps"))
    weighted = weights.of_run(state, network, folder.checkpoint)
    return str(model.name), weighted, trained_at


def only_needed(run: Run, split: str) -> Run:
    """The run with as few validation images as possible where only the test split is evaluated."""
    return replace(run, data=replace(run.data, val_images=1)) if split == "test" else run


def model_of(settings: dict[str, Any], resolution: int) -> Model:
    """The config group ``model`` from what a run's config.yaml holds of it."""
    unsaid = {"family": settings["name"], "depth_multiplier": 1.0, "width_multiplier": 1.0, "small_stem": False}
    return Model(**unsaid | {key: value for key, value in settings.items() if key != "code"}, resolution=resolution)


def batches_of(data: DataSet, job: Job, weighted: Weighted, resolution: int, device: torch.device) -> Any:
    from scaling_study.data.batches import make_batches

    recipe = replace(job.run.recipe, batch_size=1)  # of training, which there is none of
    normalization = weighted.normalization
    return make_batches(data, recipe, resolution=resolution, device=device, share=(0, 1), normalization=normalization)


def crop_of(data: DataSet, resolution: int) -> float | None:
    if data.loading is None:
        return None
    from scaling_study.data.transforms import crop_fraction

    return data.loading.crop_fraction or crop_fraction(resolution)


def published_beside(name: str, classes: int) -> dict[str, Any]:
    """The published ImageNet accuracy of a model: the paper's Table 2, else torchvision's first weights."""
    if classes != 1000:
        return {}
    from scaling_study.literature import published

    known = published()
    base = name.partition(".")[0].removeprefix("tf_")
    rows = pd.concat([known[(known.table == "Table 2") & (known.built_as == base)], known[known.weights.notna()]])
    rows = rows[(rows.built_as == base) | (rows.model == base)]
    if rows.empty:
        return {}
    first = rows.iloc[0]
    return {f"published_{column}": first[column] for column in ("top1", "top5", "citation")}
