"""Every config key and its type. Loads no torch, so that mistakes are reported at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException, ValidationError

from scaling_study.config import resolvers  # noqa: F401 - registers what the YAML files call
from scaling_study.config.choices import check_choices
from scaling_study.config.paths import expand_paths
from scaling_study.config.ranges import RULES
from scaling_study.data import with_val_images
from scaling_study.errors import ConfigError, from_resolver


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
class Limits:
    layers: int
    memory_gb: Any


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
    limits: Limits

    @property
    def study_dir(self) -> Path:
        """Folder of the study's tables and runs."""
        return Path(self.results_dir) / self.study

    @property
    def study_plots_dir(self) -> Path:
        """Folder of the study's figures."""
        return Path(self.plots_dir) / self.study


GROUPS = ("model", "data", "recipe", "scaling")  # chosen by name, as in model=NAME


def parse(cfg: DictConfig) -> Config:
    """Check a composed configuration and return it as dataclasses, a named ``scaling.point`` applied.

    Raises ConfigError for an unknown key, a wrong type or a value out of range.
    """
    return checked(typed_of(cfg))


def typed_of(cfg: DictConfig) -> DictConfig:
    """A composed configuration with the types of the schema, its ranges not checked yet, and without ``hydra``."""
    container = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=False))
    container.pop("hydra", None)
    plain = OmegaConf.create(container)
    require_groups(plain)
    try:
        apply_point(plain)
        return cast(DictConfig, OmegaConf.merge(OmegaConf.structured(Config), plain))
    except (OmegaConfBaseException, OverflowError) as error:
        raise config_error(error, plain) from error


def checked(typed: DictConfig) -> Config:
    """What ``typed_of`` gives as dataclasses. Raises ConfigError for a value out of range."""
    try:
        config = cast(Config, OmegaConf.to_object(typed))
    except (OmegaConfBaseException, OverflowError) as error:
        raise config_error(error, typed) from error
    expand_paths(config)
    for key, rule in RULES.items():
        if (value := attrgetter(key)(config)) not in rule:
            raise ConfigError(key, value, rule.message)
    apply_triple(config.scaling)
    check_choices(config)
    config.data = with_val_images(config.data)
    return config


def require_groups(cfg: DictConfig) -> None:
    """Raise ConfigError for a group that was deleted or is no group."""
    for name, kind in Config.__annotations__.items():
        if hasattr(kind, "__dataclass_fields__") and not OmegaConf.is_dict(node := cfg._get_node(name)):
            allowed = f"is needed; give {name}=NAME (--help lists them)" if name in GROUPS else "must hold keys"
            raise ConfigError(name, node, allowed)


def apply_point(cfg: DictConfig) -> None:
    """Write the entry of ``scaling.points`` that ``scaling.point`` names over the other scaling keys."""
    point = cfg.scaling.get("point")
    if point is None:
        return
    points = cfg.scaling.get("points") or {}
    if not OmegaConf.is_dict(points) and points:
        raise ConfigError("scaling.points", points, "must hold points, as in {small: {depth: 2}}")
    if point not in points:
        raise ConfigError("scaling.point", point, "must be one of scaling.points: " + (", ".join(points) or "(none)"))
    if not OmegaConf.is_dict(points[point]):
        raise ConfigError(f"scaling.points.{point}", points[point], "must hold scaling keys, as in {depth: 2}")
    if nested := [key for key in ("point", "points") if key in points[point]]:
        raise ConfigError(f"scaling.points.{point}", points[point], f"may not hold {nested[0]}")
    with open_dict(cfg):
        cfg.scaling = OmegaConf.merge(cfg.scaling, points[point])


def apply_triple(scaling: Scaling) -> None:
    """Write ``scaling.triple`` over alpha, beta and gamma."""
    if scaling.triple is None:
        return
    if scaling.method != "compound":
        raise ConfigError("scaling.triple", scaling.triple, "needs scaling.method=compound")
    scaling.alpha, scaling.beta, scaling.gamma = scaling.triple


def config_error(error: BaseException, cfg: DictConfig) -> ConfigError:
    """What OmegaConf raised over a key of ``cfg`` as a ConfigError: the key, its value as given, what is allowed."""
    key = re.sub(r"\[\d+\]$", "", getattr(error, "full_key", None) or key_of_overflow(cfg))
    return ConfigError(key, raw(cfg, key), reason(error, key))


def reason(error: BaseException, key: str) -> str:
    if isinstance(error, ConfigKeyError):
        return unknown_key_message(key)
    if isinstance(error, MissingMandatoryValue):
        return "a value is needed"
    if isinstance(error, ValidationError | OverflowError) and key in RULES:
        return RULES[key].message
    text = from_resolver(str(error).splitlines()[0])
    if isinstance(error, ValidationError):
        return "must be true or false" if "bool" in text else "must be text" if "field of type 'str'" in text else text
    return text


def raw(cfg: DictConfig, key: str) -> Any:
    """The value of a key as given, interpolations unresolved; None where there is none."""
    node: Any = cfg
    for name in key.split("."):
        node = node._get_node(name) if OmegaConf.is_dict(node) else None
    return node if node is None or OmegaConf.is_config(node) else node._value()


def key_of_overflow(cfg: DictConfig) -> str:
    """The key of an integer that is too large for its type, which OmegaConf's error does not name."""
    values = {key: raw(cfg, key) for key in keys()}
    return next((key for key, value in values.items() if isinstance(value, int) and abs(value) > 1e308), "")


def keys(node: type = Config, prefix: str = "") -> Iterator[str]:
    """All dotted keys of the schema."""
    for name, kind in node.__annotations__.items():
        if hasattr(kind, "__dataclass_fields__"):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def unknown_key_message(key: str) -> str:
    """The message for an unknown key: it lists the most similar keys, else those of its group, else the groups."""
    from difflib import get_close_matches

    known = [name for name in keys() if name != key]
    group = key.rpartition(".")[0]
    near = get_close_matches(key, known, n=3) or [name for name in known if name.rpartition(".")[0] == group]
    near = near or list(Config.__annotations__)
    return f"unknown key; allowed are {', '.join(near)}"
