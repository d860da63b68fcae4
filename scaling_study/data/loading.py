"""Batches of images that are read from files by worker processes while the network trains."""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from itertools import islice
from multiprocessing import forkserver, resource_tracker

import torch
from timm.data import create_loader, create_transform
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch.utils.data import DataLoader

from scaling_study.data.files import Decoded, ImageStream
from scaling_study.data.unreadable import Unreadable
from scaling_study.errors import StudyError

EVALUATION_BATCH = 250
CLUSTER_SIGNALS = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM}
MARGIN_PX = 32  # EfficientNet was evaluated on the centre of an image that is so much larger than the input


@dataclass(frozen=True)
class Loading:
    """How images are read: keys of the config group ``data``, and ``workers``, the processes that read."""

    channels: int
    crop_fraction: float | None
    interpolation: str
    unreadable_max: int
    workers: int = 1


def transform_size(loading, resolution):
    """Options of timm's transforms to the input's size; ``use_prefetcher`` is its word for uint8 tensors, which are
    normalised on the device."""
    size = (loading.channels, resolution, resolution)
    return {"input_size": size, "interpolation": loading.interpolation, "use_prefetcher": True}


def training_transform(loading, recipe, resolution, auto_augment):
    options = augmentation(recipe, auto_augment)
    return create_transform(is_training=True, **transform_size(loading, resolution), **options)


def crop_fraction(resolution):
    """Share of the scaled image's side that evaluation sees, as of the released EfficientNets: 0.875 at 224 pixels,
    0.949 at 600."""
    return resolution / (resolution + MARGIN_PX)


def as_normalisation(mean, std, channels):
    """(mean, standard deviation) of colours in 0 to 1, as (1, channels, 1, 1) tensors in 0 to 255; grey: mean."""
    pair = [255 * torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std)]
    return tuple(pair if channels == 3 else (values.mean(dim=1, keepdim=True) for values in pair))


def imagenet_normalisation(channels):
    return as_normalisation(IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD, channels)


def augmentation(recipe, auto_augment):
    """timm's options for random transforms; ``no_aug`` when the recipe asks for none."""
    if not (recipe.flip or recipe.color_jitter or auto_augment or recipe.crop_scale_min < 1):
        return {"no_aug": True}
    return {
        "scale": (recipe.crop_scale_min, 1.0),
        "hflip": 0.5 if recipe.flip else 0.0,
        "color_jitter": recipe.color_jitter or None,
        "auto_augment": auto_augment,
    }


def leave_signals(worker):
    """In a worker process: leave the signals with which Slurm announces a preemption to the process that trains, whose
    handler, which requeues the job, workers would otherwise run as well."""
    if "SUBMITIT_EXECUTOR" in os.environ:
        signal.pthread_sigmask(signal.SIG_BLOCK, CLUSTER_SIGNALS)


def start_method():
    """How worker processes start. As a copy of this process, at once and with its list of files, where that is safe: a
    process that trains with others has threads of theirs, which a copy may wait for without end; there from a server
    without threads, which the signals of a cluster do not reach either."""
    methods = multiprocessing.get_all_start_methods()
    if not torch.distributed.is_initialized():
        return "fork" if "fork" in methods else None
    if "forkserver" not in methods:
        return None
    multiprocessing.set_forkserver_preload(["scaling_study.data.loading"])
    resource_tracker.ensure_running()  # before, as it lifts the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CLUSTER_SIGNALS if "SUBMITIT_EXECUTOR" in os.environ else ())
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return "forkserver"


def loader_of(samples, batches, loading, *, pin_memory=False, persistent=False, small=True):
    """torch's loader with this product's settings; ``batches``: lists of keys of ``samples``, few of which in each when
    ``small``."""
    options = {}
    if loading.workers:
        method = start_method()
        options = {
            "multiprocessing_context": method,
            "persistent_workers": persistent,
            "prefetch_factor": 4 if small else 2,
        }
    return DataLoader(
        samples,
        batch_sampler=batches,
        num_workers=loading.workers,
        pin_memory=pin_memory,
        worker_init_fn=leave_signals,
        generator=torch.Generator(),  # not the global one, from which dropout draws
        **options,
    )


def evaluation_loader(files, transform, loading, positions, **options):
    """Batches of (uint8 images, labels, positions of unreadable images) of some of a split's images, in order."""
    samples = Decoded(files, transform, loading.channels, replace=False)
    keys = [(position, None) for position in positions]
    batches = [keys[i : i + EVALUATION_BATCH] for i in range(0, len(keys), EVALUATION_BATCH)]
    return loader_of(samples, batches, loading, **options)


class FileBatches:
    """Batches of ImageFiles, normalised, on ``device``, the share of one of several processes.

    An epoch's order and every sample's augmentation follow from the epoch's seed alone: neither the number of workers
    nor of processes changes them, and an epoch can be entered at any step. (timm's create_loader takes no sampler, so
    the loader is torch's, and the transforms timm's.)
    Unreadable images are named in a warning and counted; more than ``unreadable_max`` raise StudyError.
    """

    def __init__(self, data, recipe, *, resolution, device, share, auto_augment=None, normalisation=None):
        self.device, self.share, self.loading = device, share, data.loading
        self.batch_size = recipe.batch_size
        self.splits = {"train": data.train, "val": data.val, "test": data.test}
        self.pin_memory = device.type == "cuda"
        self.classes = data.classes
        self.steps_per_epoch = len(data.train) // recipe.batch_size
        self.told = Unreadable(self.loading.unreadable_max)
        self.unreadable, self.unreadable_max = self.told.names, self.told.allowed
        channels = self.loading.channels
        self.normalisation = tuple(v.to(device) for v in normalisation or imagenet_normalisation(channels))
        self.transforms = {
            "train": training_transform(self.loading, recipe, resolution, auto_augment),
            "evaluation": create_transform(
                is_training=False,
                crop_pct=self.loading.crop_fraction or crop_fraction(resolution),
                **transform_size(self.loading, resolution),
            ),
        }
        self.order = EpochOrder(len(data.train), recipe.batch_size, share)
        self.loader, self.evaluation_loaders = None, {}
        self.generator = None  # all that is random here is seeded sample by sample

    def train(self, epoch, seed, start=0):
        """(inputs, labels) of the steps of one epoch from ``start`` on."""
        self.order.seed, self.order.start = seed, start
        if self.loader is None:  # made once: its workers stay from epoch to epoch
            samples = Decoded(self.splits["train"], self.transforms["train"], self.loading.channels, replace=True)
            small = self.batch_size // self.share[1] <= EVALUATION_BATCH
            options = {"pin_memory": self.pin_memory, "persistent": True, "small": small}
            self.loader = loader_of(samples, self.order, self.loading, **options)
        return self.delivered("train", self.loader)

    def evaluate(self, split):
        """(inputs, labels) of this process's share of a split, in order, without augmentation.

        Of the training images as many as there are for validation.
        """
        files = self.splits[split]
        count = min(len(files), len(self.splits["val"])) if split == "train" else len(files)
        if split not in self.evaluation_loaders:
            rank, processes = self.share
            options = {"pin_memory": self.pin_memory, "persistent": split == "val"}  # which every epoch ends with
            transform, positions = self.transforms["evaluation"], range(rank, count, processes)
            self.evaluation_loaders[split] = evaluation_loader(files, transform, self.loading, positions, **options)
        return self.delivered(split, self.evaluation_loaders[split])

    def delivered(self, split, loader):
        for images, labels, unreadable in loader:
            self.told.note(self.splits[split], unreadable)
            if (labels < 0).any():
                images, labels = images[labels >= 0], labels[labels >= 0]
            if len(labels) and labels.max() >= self.classes:
                raise StudyError(f"data.classes={self.classes}: the {split} split has a label {int(labels.max())}")
            images, labels = (v.to(self.device, non_blocking=True) for v in (images, labels))
            yield self.prepare(images), labels

    def prepare(self, images):
        images = images.contiguous(memory_format=torch.channels_last).float()
        mean, std = self.normalisation
        return images.sub_(mean).div_(std)


class EpochOrder:
    """A batch sampler, of lists of (position, sample seed); ``seed`` sets its epoch, which begins at step ``start``."""

    def __init__(self, images, batch_size, share):
        self.images, self.batch_size, self.share = images, batch_size, share
        self.seed, self.start = 0, 0

    def __iter__(self):
        order = torch.randperm(self.images, generator=torch.Generator().manual_seed(self.seed))
        rank, processes = self.share
        for step in range(self.start, len(self)):
            batch = order[step * self.batch_size :][: self.batch_size][rank::processes].tolist()
            yield [(position, (1_000_003 * self.seed + position) % 2**63) for position in batch]

    def __len__(self):
        return self.images // self.batch_size


class StreamBatches:
    """The same for ImageStreams, by timm's create_loader: order and augmentation are the library's, so that a resumed
    run sees other images than one that was not stopped; an epoch is entered at a later step by passing over batches.
    Images that the library cannot decode it leaves out itself and says so in its log."""

    def __init__(self, data, recipe, *, resolution, device, share, auto_augment=None, normalisation=None):
        self.device, self.loading = device, data.loading
        self.splits = {"train": data.train, "val": data.val, "test": data.test}
        self.batch_size = recipe.batch_size // share[1]
        self.steps_per_epoch = len(data.train) // recipe.batch_size
        self.unreadable, self.unreadable_max, self.generator, self.loader = [], None, None, None
        self.augmentation = augmentation(recipe, auto_augment)
        self.normalisation = normalisation or imagenet_normalisation(self.loading.channels)
        mean, std = (tuple((values / 255).flatten().tolist()) for values in self.normalisation)
        self.options = {
            "input_size": (self.loading.channels, resolution, resolution),
            "interpolation": self.loading.interpolation,
            "crop_pct": self.loading.crop_fraction or crop_fraction(resolution),
            "mean": mean,
            "std": std,
            "device": device,
            "num_workers": self.loading.workers,
            "pin_memory": device.type == "cuda",
        }

    def train(self, epoch, seed, start=0):
        if self.loader is None:
            dataset = self.splits["train"].open(train=True, batch_size=self.batch_size, seed=seed)
            self.loader = self.make_loader(dataset, self.batch_size, is_training=True, **self.augmentation)
        self.loader.dataset.set_epoch(epoch)
        return channels_last(islice(self.loader, start, self.steps_per_epoch))

    def evaluate(self, split):
        dataset = self.splits[split].open(train=False)
        loader = self.make_loader(dataset, EVALUATION_BATCH, is_training=False, persistent_workers=False)
        most = -(-len(self.splits["val"]) // EVALUATION_BATCH) if split == "train" else None
        return channels_last(islice(loader, most))

    def make_loader(self, dataset, batch_size, **options):
        return create_loader(dataset, batch_size=batch_size, **self.options, **options)


def channels_last(batches):
    for images, labels in batches:
        yield images.contiguous(memory_format=torch.channels_last), labels


def file_batches(data, *arguments, **options):
    """The batches for splits of either kind."""
    kind = StreamBatches if isinstance(data.train, ImageStream) else FileBatches
    return kind(data, *arguments, **options)
