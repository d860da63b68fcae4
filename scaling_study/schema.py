"""Every config key and its type. Loads no torch, so that mistakes are told at once."""

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from scaling_study.choices import check_choices
from scaling_study.data import with_val_images
from scaling_study.errors import ConfigError
from scaling_study.ranges import RULES


@dataclass
class Model:
    family: str
    name: str | None
    depth_multiplier: float
    width_multiplier: float
    resolution: int
    small_stem: bool
    dropout: float
    drop_path_rate: float


@dataclass
class Data:
    name: str
    root: str | None
    train_images: int | None
    val_images: int | None
    test_images: int | None
    resolution: int
    # The rest is for images that are read from files while training; sets that live in memory have none of it.
    classes: int | None = None
    channels: int | None = None
    train_split: str = "train"
    val_split: str | None = None
    test_split: str = "val"
    crop_fraction: float | None = None
    interpolation: str = "bicubic"
    in_memory: bool = False
    memory_resolution: int = 0
    unreadable_max: int = 0
    loader_workers: Any = "auto"
    class_map: str | None = None


@dataclass
class Recipe:
    name: str
    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: str
    warmup_epochs: float
    label_smoothing: float
    ema_decay: float
    flip: bool
    shift: float
    rotate: float
    precision: str
    compile: bool | None
    # Keys that came later, at the values that leave training as it was without them.
    learning_rate_batch: int | None = None
    optimizer_eps: float | None = None
    ema_warmup_gamma: float = 1.0
    ema_warmup_power: float = 2 / 3
    decay_epochs: float = 2.4
    decay_rate: float = 0.97
    batch_norm_momentum: float | None = None
    batch_norm_eps: float | None = None
    auto_augment: str | None = None
    crop_scale_min: float = 0.08
    color_jitter: float = 0.0
    random_erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    dropout_growth: float = 0.0
    drop_path_growth: float = 0.0
    auto_augment_growth: float = 0.0


@dataclass
class Scaling:
    method: str
    depth: float
    width: float
    resolution: float
    phi: float
    alpha: float
    beta: float
    gamma: float
    fast_a: float
    flops: float | None
    stage_depth: list[float] | None
    triple: list[float] | None
    point: str | None
    points: dict[str, Any] = field(default_factory=dict)


@dataclass
class Latency:
    seconds: float
    batch_size_max: int


@dataclass
class Search:
    alpha_step: float
    beta_step: float
    gamma_step: float
    tolerance: float


@dataclass
class Analysis:
    threshold: float
    draws: int


@dataclass
class Budget:
    flops: float | None
    params: float | None
    activations: float | None
    activation_bytes: float | None
    latency: float | None


@dataclass
class Checkpoint:
    every_steps: int | None
    keep: bool


@dataclass
class Evaluate:
    weights: str | None
    run: str | None
    resolution: int | None
    split: str


@dataclass
class Config:
    task: str
    study: str
    vary: list[str]
    results_dir: str
    plots_dir: str
    seed: int
    device: str
    workers: Any
    threads: int
    micro_batch_size: int | None
    cuda_graphs: bool
    tracker: str
    model: Model
    data: Data
    recipe: Recipe
    scaling: Scaling
    latency: Latency
    search: Search
    analysis: Analysis
    budget: Budget
    checkpoint: Checkpoint
    evaluate: Evaluate


def parse(cfg: DictConfig) -> Config:
    """Check a composed configuration and return it as dataclasses, a named ``scaling.point`` applied.

    Raises ConfigError for an unknown key, a wrong type or a value out of range.
    """
    container = OmegaConf.to_container(cfg, resolve=False)
    container.pop("hydra", None)
    plain = OmegaConf.create(container)
    try:
        apply_point(plain)
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Config), plain))
    except OmegaConfBaseException as error:
        raise config_error(error, plain) from error
    for key, (allowed, message) in RULES.items():
        value = attrgetter(key)(config)
        if not allowed(value):
            raise ConfigError(key, value, message)
    apply_triple(config.scaling)
    check_choices(config)
    config.data = with_val_images(config.data)
    return config


def apply_point(cfg):
    """Write the entry of ``scaling.points`` that ``scaling.point`` names over the other scaling keys."""
    point = cfg.scaling.get("point")
    if point is None:
        return
    points = cfg.scaling.get("points") or {}
    if point not in points:
        raise ConfigError("scaling.point", point, "must be one of scaling.points: " + (", ".join(points) or "(none)"))
    if not OmegaConf.is_dict(points[point]):
        raise ConfigError(f"scaling.points.{point}", points[point], "must hold scaling keys, as in {depth: 2}")
    with open_dict(cfg):
        cfg.scaling = OmegaConf.merge(cfg.scaling, points[point])


def apply_triple(scaling):
    """Write ``scaling.triple`` over alpha, beta and gamma."""
    if scaling.triple is None:
        return
    if scaling.method != "compound":
        raise ConfigError("scaling.triple", scaling.triple, "needs scaling.method=compound")
    scaling.alpha, scaling.beta, scaling.gamma = scaling.triple


def config_error(error, cfg):
    """OmegaConf's complaint as one line about the key."""
    key = error.full_key
    reason = f"unknown key; {known_near(key)}" if "not in" in str(error) else str(error).splitlines()[0]
    return ConfigError(key, OmegaConf.select(cfg, key), reason)


def keys(node=Config, prefix=""):
    """All dotted keys of the schema."""
    for name, kind in node.__annotations__.items():
        if hasattr(kind, "__dataclass_fields__"):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def known_near(key):
    """The keys of the same group, the most similar first."""
    from difflib import get_close_matches

    known = list(keys())
    group = key.rpartition(".")[0]
    near = get_close_matches(key, known, n=3) or [k for k in known if k.rpartition(".")[0] == group]
    return "allowed are " + ", ".join(near)
