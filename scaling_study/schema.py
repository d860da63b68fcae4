"""Every config key, its type and its range. Loads no torch, so that mistakes are told at once."""

import math
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from scaling_study.errors import ConfigError


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
    val_images: int
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


def one_of(*allowed):
    return lambda value: value in allowed, "must be one of " + ", ".join(allowed)


def at_least(low):
    return lambda value: math.isfinite(value) and value >= low, f"must be {low} or more"


POSITIVE = (lambda value: math.isfinite(value) and value > 0, "must be a number above 0")
FRACTION = (lambda value: 0 <= value < 1, "must be from 0 up to, but not including, 1")
COUNT = (lambda value: value is None or value >= 1, "must be 1 or more, or null for all")
MULTIPLE = (lambda value: value is None or POSITIVE[0](value), "must be a number above 0, or null")
SHARE = (lambda value: 0 < value <= 1, "must be above 0 and at most 1")
SHARE_OR_NULL = (lambda value: value is None or 0 < value <= 1, SHARE[1] + ", or null")
STEP = (lambda value: 0.01 <= value <= 1, "must be from 0.01 to 1")
NAME = (
    lambda value: bool(value) and value not in (".", "..") and all(c.isalnum() or c in "._-=+," for c in value),
    "must be one folder name of letters, digits and . _ - = + ,",
)

RULES = {
    "task": one_of(
        "train", "plan", "cost", "latency", "tables", "figures", "report", "analyze", "recommend", "evaluate"
    ),
    "study": NAME,
    "seed": (lambda value: 0 <= value < 2**32, "must be from 0 up to 4294967295"),
    "threads": at_least(1),
    "device": one_of("auto", "cpu", "cuda"),
    "workers": (lambda value: value == "auto" or (type(value) is int and value >= 1), "must be auto or 1 or more"),
    "model.depth_multiplier": POSITIVE,
    "model.width_multiplier": POSITIVE,
    "model.resolution": at_least(1),
    "model.dropout": FRACTION,
    "model.drop_path_rate": FRACTION,
    "data.train_images": COUNT,
    "data.val_images": at_least(1),
    "data.test_images": COUNT,
    "data.resolution": at_least(1),
    "data.classes": COUNT,
    "data.channels": (lambda value: value in (None, 1, 3), "must be 1 (grey), 3 (colour) or null"),
    "data.crop_fraction": SHARE_OR_NULL,
    "data.interpolation": one_of("bilinear", "bicubic"),
    "data.unreadable_max": at_least(0),
    "data.loader_workers": (
        lambda value: value == "auto" or (type(value) is int and value >= 0),
        "must be auto or 0 or more",
    ),
    "recipe.epochs": at_least(1),
    "recipe.batch_size": at_least(2),
    "recipe.learning_rate": POSITIVE,
    "recipe.momentum": FRACTION,
    "recipe.weight_decay": at_least(0),
    "recipe.warmup_epochs": at_least(0),
    "recipe.label_smoothing": FRACTION,
    "recipe.ema_decay": FRACTION,
    "recipe.shift": FRACTION,
    "recipe.rotate": (lambda value: 0 <= value <= 180, "must be 0 to 180 degrees"),
    "recipe.learning_rate_batch": COUNT,
    "recipe.optimizer_eps": MULTIPLE,
    "recipe.ema_warmup_gamma": POSITIVE,
    "recipe.ema_warmup_power": POSITIVE,
    "recipe.decay_epochs": POSITIVE,
    "recipe.decay_rate": SHARE,
    "recipe.batch_norm_momentum": SHARE_OR_NULL,
    "recipe.batch_norm_eps": MULTIPLE,
    "recipe.crop_scale_min": SHARE,
    "recipe.color_jitter": at_least(0),
    "recipe.random_erasing": (lambda value: 0 <= value <= 1, "must be a probability, 0 to 1"),
    "recipe.mixup": at_least(0),
    "recipe.cutmix": at_least(0),
    "recipe.dropout_growth": at_least(0),
    "recipe.drop_path_growth": at_least(0),
    "recipe.auto_augment_growth": at_least(0),
    "micro_batch_size": COUNT,
    "tracker": one_of("none", "tensorboard", "mlflow"),
    "checkpoint.every_steps": COUNT,
    "evaluate.resolution": COUNT,
    "evaluate.split": one_of("train", "val", "test"),
    "recipe.precision": one_of("auto", "fp32", "bf16", "fp16"),
    "scaling.method": one_of("depth", "width", "resolution", "compound", "fast", "custom"),
    "scaling.depth": POSITIVE,
    "scaling.width": POSITIVE,
    "scaling.resolution": POSITIVE,
    "scaling.phi": (math.isfinite, "must be a finite number"),
    "scaling.alpha": POSITIVE,
    "scaling.beta": POSITIVE,
    "scaling.gamma": POSITIVE,
    "scaling.fast_a": (lambda value: 0 <= value <= 1, "must be from 0 to 1"),
    "scaling.flops": MULTIPLE,
    "scaling.triple": (
        lambda value: value is None or (len(value) == 3 and all(POSITIVE[0](growth) for growth in value)),
        "must be alpha, beta and gamma, three numbers above 0, or null",
    ),
    "scaling.stage_depth": (
        lambda value: value is None or (len(value) > 0 and all(POSITIVE[0](depth) for depth in value)),
        "must be numbers above 0, one per stage, or null",
    ),
    "latency.seconds": POSITIVE,
    "latency.batch_size_max": at_least(1),
    "search.alpha_step": STEP,
    "search.beta_step": STEP,
    "search.gamma_step": STEP,
    "search.tolerance": (lambda value: 0 < value <= 0.5, "must be above 0 and at most 0.5"),
    "analysis.threshold": POSITIVE,
    "analysis.draws": (lambda value: 100 <= value <= 100_000, "must be from 100 to 100000"),
    "vary": (lambda value: set(value) <= {"recipe.epochs"}, "may hold recipe.epochs only"),
    **{f"budget.{limit}": MULTIPLE for limit in ("flops", "params", "activations", "activation_bytes", "latency")},
}


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


def check_choices(config):
    """Ranges that depend on more than one key."""
    from scaling_study.models import FAMILIES

    model = config.model
    if model.family not in FAMILIES:
        raise ConfigError("model.family", model.family, "must be one of " + ", ".join(FAMILIES))
    family = FAMILIES[model.family]
    if family.names is not None and model.name not in family.names:
        message = f"must be {' or '.join(family.names)}; model=timm takes the name of any timm classifier"
        raise ConfigError("model.name", model.name, message)
    if family.names is None and not model.name:
        raise ConfigError("model.name", model.name, "model=timm needs the name of a timm classifier")
    if model.small_stem and not family.stages:
        raise ConfigError("model.small_stem", True, f"family {model.family} keeps the stem it has")
    for key in ("depth_multiplier", "width_multiplier"):
        if getattr(model, key) != 1 and not family.stages:
            raise ConfigError(f"model.{key}", getattr(model, key), f"must stay 1 with family {model.family}")
    if model.drop_path_rate and not family.drop_path:
        raise ConfigError("model.drop_path_rate", model.drop_path_rate, f"family {model.family} has none; must be 0")
    check_data(config)
    check_scaling(config.scaling)
    if config.cuda_graphs and config.micro_batch_size is not None:
        raise ConfigError(
            "cuda_graphs", True, "must be false with micro_batch_size: a graph keeps no sums of gradients"
        )
    if config.task == "evaluate" and (config.evaluate.run is None) == (config.evaluate.weights is None):
        message = "task=evaluate needs exactly one of evaluate.run and evaluate.weights"
        raise ConfigError("evaluate", config.evaluate.run and "both", message)
    limits = [f"budget.{name}" for name, value in vars(config.budget).items() if value is not None]
    if config.task == "recommend" and len(limits) != 1:
        allowed = "task=recommend needs exactly one of " + ", ".join(f"budget.{name}" for name in vars(config.budget))
        raise ConfigError("budget", " and ".join(limits) or None, allowed)


def check_data(config):
    """Refuse augmentation that the kind of data set does not know."""
    from scaling_study.data import shape_of, source_of

    data, recipe = config.data, config.recipe
    files = source_of(data.name).files
    shape_of(data)
    if config.task not in ("train", "plan") or source_of(data.name).module is None:
        return
    if files and not data.in_memory:
        for key in ("shift", "rotate"):
            if getattr(recipe, key):
                message = "must be 0 with images from files, which recipe.crop_scale_min and auto_augment move"
                raise ConfigError(f"recipe.{key}", getattr(recipe, key), message)
    else:
        for key in ("auto_augment", "color_jitter"):
            if getattr(recipe, key):
                message = "must be null or 0 with images in memory; it needs data=imagefolder or data=timm"
                raise ConfigError(f"recipe.{key}", getattr(recipe, key), message)
    if (recipe.mixup or recipe.cutmix) and recipe.batch_size % 2:
        raise ConfigError("recipe.batch_size", recipe.batch_size, "must be even with recipe.mixup or recipe.cutmix")


def check_scaling(scaling):
    """Refuse keys that the method would overwrite or ignore."""
    method = scaling.method
    moved = {axis: getattr(scaling, axis) for axis in ("depth", "width", "resolution") if getattr(scaling, axis) != 1}
    own = method if method in ("depth", "width", "resolution") and scaling.flops is None else None
    if method != "custom":
        for axis, value in moved.items():
            if axis != own:
                source = "phi" if method == "compound" and scaling.flops is None else "flops"
                message = f"must stay 1 with scaling.method={method}" + ("" if own else f" and scaling.{source}")
                raise ConfigError(f"scaling.{axis}", value, message)
        if scaling.stage_depth is not None:
            raise ConfigError("scaling.stage_depth", scaling.stage_depth, "needs scaling.method=custom")
    if method == "fast" and scaling.flops is None:
        raise ConfigError("scaling.flops", None, "scaling.method=fast needs a multiple of the baseline's flops")
    if scaling.flops is None:
        return
    if method == "custom":
        message = "needs scaling.method=depth, width, resolution, compound or fast, which says what to scale"
        raise ConfigError("scaling.flops", scaling.flops, message)
    if scaling.phi != 0:
        raise ConfigError("scaling.phi", scaling.phi, "must stay 0 with scaling.flops, from which phi is solved")
    if method == "compound":
        growth = {name: getattr(scaling, name) for name in ("alpha", "beta", "gamma")}
        for name, value in growth.items():
            if value < 1:
                raise ConfigError(f"scaling.{name}", value, "must be 1 or more with scaling.flops")
        if max(growth.values()) == 1:
            raise ConfigError("scaling.alpha", 1, "alpha, beta and gamma cannot all be 1 with scaling.flops")
