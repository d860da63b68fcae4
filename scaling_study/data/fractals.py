"""The embedded data sets: images of iterated function systems, generated from a seed.

A class is an iterated function system (IFS): a few affine maps whose attractor has detail at every
scale, so the same picture is worth looking at in any resolution. The idea of training on rendered IFS
is FractalDB (Kataoka et al., ACCV 2020); the sampling and rendering here are our own.

Classes come in groups: the classes of one group share all maps but one, so that the coarse shape
distinguishes groups and detail distinguishes classes. A sample perturbs its class's maps and is
seen from a random angle, distance and position. Every version is a data set of its own; this module
is the first, ``fractals_v2`` the second.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from joblib import Parallel, delayed

from scaling_study.errors import StudyError, reason_of
from scaling_study.system.locks import lock_of
from scaling_study.system.processes import end_with

MAPS_MIN, MAPS_MAX = 2, 5
POINTS_MIN = 12_000  # expanded points per image: about three per pixel of a 64x64 image
BATCH = 8  # images rendered together: the largest whose points stay in a core's cache


@dataclass(frozen=True)
class FractalSpec:
    """What determines every pixel of a set. Changing any value needs a new ``version``.

    train_images, test_images: how many there are, validation included in the former.
    """

    version: int = 1
    seed: int = 0
    classes: int = 200
    classes_per_group: int = 2
    resolution: int = 64
    train_images: int = 30_000
    test_images: int = 10_000
    perturbation: float = 0.05  # each map entry is scaled by 1 +- this
    variant_angle: float = 1.0  # radians by which the one map that differs within a group is turned
    scale_min: float = 0.8  # apparent size relative to the frame, uniform up to 1
    angles: tuple[float, float] = (0.0, 2 * np.pi)  # radians between which a sample is turned as a whole
    shift: float = 0.1  # largest displacement, as a fraction of the frame


SPEC = FractalSpec()


def expand(maps: Any, levels: Any) -> Any:
    """Apply every sequence of ``levels`` maps to the origin.

    maps: (batch, k, 6) rows (a, b, c, d, e, f) of x' = ax + by + e, y' = cx + dy + f.
    Returns two (batch, k**levels) arrays, x and y.
    """
    batch = len(maps)
    a, b, c, d, e, f = (maps[:, :, i, None] for i in range(6))
    x = y = np.zeros((batch, 1), np.float32)
    for _ in range(levels):
        px, py = x[:, None, :], y[:, None, :]
        x, y = (a * px + b * py + e).reshape(batch, -1), (c * px + d * py + f).reshape(batch, -1)
    return x, y


def levels_for(k: Any, points: int = POINTS_MIN) -> Any:
    """Number of expansions after which k maps give at least ``points`` points."""
    return int(np.ceil(np.log(points) / np.log(k) - 1e-9))


def hits(x: Any, y: Any, size: Any) -> Any:
    """Count points per cell of a (size, size) grid over [-1, 1]^2; points outside are dropped.

    x, y: (batch, n). Returns (batch, size, size) int64.
    """
    batch = x.shape[0]
    col, row = (np.floor((v + 1) * (size / 2)).astype(np.int32) for v in (x, y))
    inside = (col >= 0) & (col < size) & (row >= 0) & (row < size)
    cell = row * size + col + np.arange(batch, dtype=np.int32)[:, None] * (size * size)
    return np.bincount(cell[inside], minlength=batch * size * size).reshape(batch, size, size)


def rotation(angle: Any) -> Any:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def random_map(rng: Any) -> Any:
    """One contraction: rotation, two scales of which one may mirror, rotation, translation."""
    scales = rng.uniform(0.35, 0.85, 2) * (1, rng.choice((-1, 1)))
    matrix = rotation(rng.uniform(0, 2 * np.pi)) @ np.diag(scales) @ rotation(rng.uniform(0, 2 * np.pi))
    return np.concatenate([matrix.ravel(), rng.uniform(-1, 1, 2)])


def frame(maps: Any) -> Any:
    """Centre and half size (largest coordinate distance from the centre) of an attractor."""
    x, y = expand(maps[None].astype(np.float32), levels_for(len(maps), 4096))
    centre = np.array([x.mean(), y.mean()])
    return centre, float(max(np.abs(x - centre[0]).max(), np.abs(y - centre[1]).max()))


def framed(maps: Any) -> Any:
    """The same attractor moved and scaled into [-1, 1]^2 (conjugation by the frame)."""
    centre, half = frame(maps)
    out = maps.copy()
    matrices = maps[:, :4].reshape(-1, 2, 2)
    out[:, 4:] = (matrices @ centre + maps[:, 4:] - centre) / half
    return out


def usable(maps: Any) -> Any:
    """Whether the attractor fills 20 to 70 percent of a 32x32 grid: neither a dust nor a blob."""
    x, y = expand(maps[None].astype(np.float32), levels_for(len(maps), 4096))
    return 0.2 <= (hits(x, y, 32) > 0).mean() <= 0.7


def turned(maps: Any, index: Any, angle: Any) -> Any:
    """The system with one map's linear part turned by ``angle`` radians."""
    out = maps.copy()
    out[index, :4] = (rotation(angle) @ maps[index, :4].reshape(2, 2)).ravel()
    return framed(out)


@cache
def class_systems(spec: FractalSpec = SPEC) -> Any:
    """The maps of every class: list of (k, 6) float arrays, classes of a group next to each other."""
    rng = np.random.default_rng((spec.seed, 0))
    systems: list = []
    while len(systems) < spec.classes:
        base = framed(np.stack([random_map(rng) for _ in range(rng.integers(MAPS_MIN, MAPS_MAX + 1))]))
        which = rng.integers(len(base))
        group = [turned(base, which, i * spec.variant_angle) for i in range(spec.classes_per_group)]
        if all(usable(system) for system in group):
            systems += group
    return systems[: spec.classes]


def seen(x: Any, y: Any, rng: Any, spec: Any) -> Any:
    """Random view of one image's points: angle, distance, position. In place-free, same shapes."""
    angle, scale = rng.uniform(*spec.angles), rng.uniform(spec.scale_min, 1)
    cos, sin = np.float32(np.cos(angle) * scale), np.float32(np.sin(angle) * scale)
    dx, dy = rng.uniform(-2 * spec.shift, 2 * spec.shift, 2).astype(np.float32)
    return cos * x - sin * y + dx, sin * x + cos * y + dy


def brightness(counts: Any) -> Any:
    """Hit counts to uint8: logarithmic, so that dense and thin parts both show."""
    level = np.log1p(counts.astype(np.float32))
    return level / np.maximum(level.max(axis=(1, 2), keepdims=True), 1e-6)


def render(systems: Any, labels: Any, rngs: Any, spec: Any) -> Any:
    """Draw one image per label; all labels must have systems of the same number of maps.

    Returns (len(labels), resolution, resolution) float32 in [0, 1].
    """
    maps = np.stack([systems[label] for label in labels])
    noise = np.stack([rng.uniform(1 - spec.perturbation, 1 + spec.perturbation, maps.shape[1:]) for rng in rngs])
    points = expand((maps * noise).astype(np.float32), levels_for(maps.shape[1]))
    views = [seen(x, y, rng, spec) for x, y, rng in zip(*points, rngs, strict=True)]
    x, y = (np.stack(axis) for axis in zip(*views, strict=True))
    return brightness(hits(x, y, spec.resolution))


TRAIN, TEST = 1, 2  # first words of the samples' seeds; 0 is the classes'


def labels_of(indices: Any, spec: Any = SPEC) -> Any:
    """Labels of samples: classes take turns, so that any first n samples are balanced."""
    return np.asarray(indices) % spec.classes


def draw(split: int, start: Any, stop: Any, spec: Any = SPEC) -> Any:
    """Samples ``start`` to ``stop`` of a split as uint8 (n, resolution, resolution).

    Every sample has a generator of its own, seeded by the set's seed, the split and the sample's index.
    """
    systems, indices = class_systems(spec), np.arange(start, stop)
    labels = labels_of(indices, spec)
    images = np.empty((len(indices), spec.resolution, spec.resolution), np.uint8)
    sizes = np.array([len(systems[label]) for label in labels])
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        for batch in np.split(same, range(BATCH, len(same), BATCH)):
            rngs = [np.random.default_rng((spec.seed, split, indices[i])) for i in batch]
            images[batch] = np.round(255 * render(systems, labels[batch], rngs, spec))
    return images


def load(
    root: str | None = None, train_images: int | None = None, test_images: int | None = None, spec: FractalSpec = SPEC
) -> tuple:
    """(train, test) Images of a set, (n, 1, resolution, resolution); drawn once, then read from ``root`` or the user's
    cache."""
    from scaling_study.data.dataset import Images

    folder = Path(root) if root else platformdirs.user_cache_path("scaling_study")
    pair = []
    for split, available, wanted in ((TRAIN, spec.train_images, train_images), (TEST, spec.test_images, test_images)):
        count = min(wanted or available, available)
        images = torch.from_numpy(cached(folder, split, count, spec))[:, None]
        pair.append(Images(images, torch.from_numpy(labels_of(np.arange(count), spec))))
    return tuple(pair)


def cached(folder: Path, split: int, count: int, spec: FractalSpec = SPEC) -> Any:
    """The first ``count`` samples of a split, from the smallest file that holds as many, or drawn and kept there.

    Raises StudyError when the folder cannot be written to.
    """
    name = f"fractals-v{spec.version}-{ {TRAIN: 'train', TEST: 'test'}[split] }"
    path = folder / f"{name}-{count}.npy"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock_of(folder / f".{name}.lock"):  # two sweeps at once draw it once
            for file, held in kept(folder, name, count):
                images = read(file, (held, spec.resolution, spec.resolution))
                if images is not None:
                    return np.array(images[:count])
            images = draw_parallel(split, count, spec)
            temporary = path.with_suffix(".tmp.npy")
            np.save(temporary, images)
            temporary.replace(path)
            return images
    except OSError as error:
        raise StudyError(
            f"data.root={folder}: the generated images cannot be kept there ({reason_of(error)})"
        ) from error


def kept(folder: Path, name: str, count: int) -> list[tuple[Path, int]]:
    """(file, number of images) of the kept files of a split with at least ``count`` images, the smallest first."""
    files = [
        (file, int(number)) for file in folder.glob(f"{name}-*.npy") if (number := file.stem[len(name) + 1 :]).isdigit()
    ]
    return sorted((pair for pair in files if pair[1] >= count), key=lambda pair: pair[1])


def read(path: Path, shape: tuple[int, ...]) -> Any:
    """The array in ``path`` if it is whole, else None; a damaged file is named in a warning and drawn again."""
    try:
        images = np.load(path, mmap_mode="r")
        if images.shape == shape and images.dtype == np.uint8:
            return images
        problem = f"holds {images.dtype} {images.shape}"
    except (OSError, ValueError, EOFError) as error:
        problem = str(error)
    warnings.warn(f"{path} is damaged ({problem}); drawing it again", stacklevel=2)
    return None


def draw_parallel(split: int, count: int, spec: FractalSpec = SPEC, chunk: int = 500) -> Any:
    """``draw`` the first ``count`` samples on all cores."""
    starts = range(0, count, chunk)
    if count <= chunk:
        return draw(split, 0, count, spec)
    jobs = (delayed(draw)(split, start, min(start + chunk, count), spec) for start in starts)
    return np.concatenate(Parallel(n_jobs=-1, backend="loky", initializer=end_with, initargs=(os.getpid(),))(jobs))
