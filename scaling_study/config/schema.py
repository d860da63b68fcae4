"""Every config key and its type. Loads no torch, so that mistakes are reported at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any


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
    builder: str | None = None  # of model=custom


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
    loader: str | None = None  # of data=custom


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
    baseline_epochs: float | None = None
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
    learning_rate_depth: float = 0.0
    learning_rate_width: float = 0.0
    learning_rate_resolution: float = 0.0
    weight_decay_depth: float = 0.0
    weight_decay_width: float = 0.0
    weight_decay_resolution: float = 0.0
    resolution_start: float = 1.0


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
    solve: str | None = None  # last: a group of a user's own may lack it


@dataclass
class Latency:
    seconds: float
    runtime: list[str]
    precision: list[str] | None
    batch_size_max: int
    import_: str | None


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
    settings: str | None
    envelope: bool | None
    runtime: str | None


@dataclass
class Report:
    studies: list[str]
    watch: bool


@dataclass
class Budget:
    flops: float | None
    params: float | None
    activations: float | None
    activation_bytes: float | None
    latency: float | None


@dataclass
class Next:
    question: str
    methods: list[str]
    flops: float
    minutes: float


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
class Hub:
    repo: str | None
    revision: str | None
    private: bool
    weights: bool
    license: str | None


@dataclass
class Cam:
    flops: float | None
    images: int
    seed: int


@dataclass
class Limits:
    layers: int
    memory_gb: Any


@dataclass
class Config:
    task: str
    study: str
    vary: list[str]
    family: list[str] | None
    results_dir: str
    plots_dir: str
    seed: int
    device: str
    workers: Any
    threads: int
    micro_batch_size: int | None
    cuda_graphs: bool
    cost: str
    figures: list[str] | None
    formats: list[str]
    venue: str | None
    columns: int
    tracker: str
    model: Model
    data: Data
    recipe: Recipe
    scaling: Scaling
    latency: Latency
    search: Search
    analysis: Analysis
    report: Report
    budget: Budget
    next: Next
    checkpoint: Checkpoint
    evaluate: Evaluate
    hub: Hub
    cam: Cam
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


def keys(node: type = Config, prefix: str = "") -> Iterator[str]:
    """All dotted keys of the schema."""
    for name, kind in node.__annotations__.items():
        if hasattr(kind, "__dataclass_fields__"):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield written(prefix + name)


def written(key: str) -> str:
    """A key as users write it: without the underscore that keeps a name of the schema from being a word of Python's."""
    return key.removesuffix("_")


def unknown_key_message(key: str) -> str:
    """The message for an unknown key: it lists the most similar keys, else those of its group, else the groups."""
    known = [name for name in keys() if name != key]
    group = key.rpartition(".")[0]
    near = get_close_matches(key, known, n=3) or [name for name in known if name.rpartition(".")[0] == group]
    near = near or list(Config.__annotations__)
    return f"unknown key; allowed are {', '.join(near)}"
