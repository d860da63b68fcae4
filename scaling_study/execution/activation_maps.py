"""Class activation maps of networks that runs kept, on a few test images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scaling_study.data.batches import make_batches
from scaling_study.data.images import load_data
from scaling_study.data.per_class import SEARCHED, first_of_each, one_per_class
from scaling_study.errors import StudyError
from scaling_study.execution.evaluate import batches_of, matched_by_name, network_of_run, only_needed
from scaling_study.measure.activation_maps import ActivationMaps, activation_maps
from scaling_study.training import checkpoint

if TYPE_CHECKING:
    from scaling_study.data.dataset import DataSet
    from scaling_study.planning.jobs import Job
    from scaling_study.records.store import RunFolder


@dataclass(frozen=True)
class Few:
    """A data set whose test split is used at ``places``; numbers: of these images in the whole split, from 0."""

    data: DataSet
    places: Sequence[int]
    numbers: Sequence[int]


@dataclass(frozen=True)
class Seen:
    """What one network makes of n images. pictures: (n, height, width, channels) of its input, 0 to 1; labels: their
    true classes, (n,); class_names: of all classes, where they have names."""

    pictures: np.ndarray
    labels: np.ndarray
    maps: ActivationMaps
    class_names: tuple | None

    def name(self, label: int) -> str:
        """The name of a class, else its number."""
        return str(self.class_names[label]) if self.class_names else str(label)


def few_images(job: Job, device: torch.device) -> Few:
    """Test images of ``cam.images`` different classes, as few as there are classes: the first of each in the order
    that ``cam.seed`` draws, or of a stream in its own. Raises StudyError where none can be read."""
    asked, data = job.config.cam, load_data(only_needed(job.run, "test").data)
    if data.loading:
        data = replace(
            data, loading=replace(data.loading, workers=0)
        )  # for so few, processes are not worth their start
    count = min(asked.images, data.classes)
    if hasattr(data.test, "__getitem__"):
        numbers = one_per_class(data.test, count, asked.seed)
        few = Few(replace(data, test=data.test[numbers]), range(len(numbers)), numbers)
    else:
        options: dict[str, Any] = {"resolution": job.run.data.resolution, "device": device, "share": (0, 1)}
        batches = make_batches(data, job.run.recipe, **options).evaluate("test")
        labels = (label for _, labels in batches for label in labels.tolist())
        numbers = first_of_each(islice(enumerate(labels), SEARCHED), count)
        few = Few(data, numbers, numbers)
    if not numbers:
        raise StudyError("there is no test image that can be read")
    return few


def seen_by(folder: RunFolder, job: Job, few: Few, device: torch.device) -> Seen:
    """The images as the network of a run is given them, and its maps for their true classes, in fp32.

    Raises StudyError where the weights cannot be read or do not fit.
    """
    state = kept_state(folder)
    data = matched_by_name(few.data, state.get("class_names"), folder.path.name)
    _, weighted, px = network_of_run(folder, data, state)
    batches = batches_of(data, job, weighted, px, device)
    inputs, labels = taken(batches.evaluate("test"), few.places)
    network = weighted.network.to(device).to(memory_format=torch.channels_last)
    maps = activation_maps(network, inputs, labels.tolist())
    mean, std = (values.to(device) for values in batches.normalization)
    pictures = ((inputs * std + mean) / 255).clamp(0, 1).permute(0, 2, 3, 1)
    return Seen(pictures.cpu().numpy(), labels.cpu().numpy(), maps, data.class_names)


def kept_state(folder: RunFolder) -> dict[str, Any]:
    """The state that a run kept. Raises StudyError."""
    try:
        return checkpoint.loaded(folder.checkpoint)
    except Exception as error:  # of whatever kind zipfile, pickle and torch raise for a damaged file
        raise StudyError(f"{folder.checkpoint} cannot be read ({checkpoint.reason(error)})") from error


def taken(
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]], places: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """(inputs, labels) of the images at ``places`` among those of the batches. Reads no further than it must."""
    found: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    start = 0
    for inputs, labels in batches:
        here = [place for place in places if start <= place < start + len(labels)]
        found |= {place: (inputs[place - start], labels[place - start]) for place in here}
        start += len(labels)
        if len(found) == len(places):
            break
    if len(found) < len(places):
        raise StudyError(f"only {len(found)} of {len(places)} images could be read again")
    chosen = [found[place] for place in places]
    return torch.stack([image for image, _ in chosen]), torch.stack([label for _, label in chosen])
