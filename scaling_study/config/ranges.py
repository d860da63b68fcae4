"""The allowed values of each config key on its own. Every number has a least and a greatest value."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from typing import Any

from scaling_study.config.schema import Recipe
from scaling_study.models import SERIES
from scaling_study.scaling.coefficients import AXES, METHODS


@dataclass(frozen=True)
class Numbers:
    """From ``low`` to ``high``; above: ``low`` itself is not allowed; below: ``high`` is not; null, auto: whether None
    or the word may stand instead; whole: whether 1.5 is refused; count: how many there are in a list, 0 for any; what,
    unit: words of the message."""

    low: float
    high: float
    above: bool = False
    below: bool = False
    null: bool = False
    auto: bool = False
    whole: bool = False
    count: int | None = None
    what: str = ""
    unit: str = ""

    def __contains__(self, value: Any) -> bool:
        if value is None or value == "auto":
            return self.null if value is None else self.auto
        if self.count is not None:
            fits = isinstance(value, list) and len(value) > 0 and self.count in (0, len(value))
            return fits and all(self.holds(item) for item in value)
        return self.holds(value)

    def holds(self, number: Any) -> bool:
        """Compares as Python does whole numbers of any length; NaN is nowhere in a range."""
        if isinstance(number, bool) or not isinstance(number, int if self.whole else (int, float)):
            return False
        low = number > self.low if self.above else number >= self.low
        return low and (number < self.high if self.below else number <= self.high)

    @property
    def message(self) -> str:
        low = f"above {figure(self.low)}" if self.above else f"from {figure(self.low)}"
        high = "below" if self.below else "at most" if self.above else "to"
        words = f"{low} {'and ' if self.above or self.below else ''}{high} {figure(self.high)}{self.unit}"
        kind = "whole number" if self.whole else "number"
        words = f"a {kind} {words}" if self.count is None else f"{self.count or 'a list of'} {kind}s {words}"
        return f"must be {self.what}" + ("auto or " if self.auto else "") + words + (", or null" if self.null else "")


@dataclass(frozen=True)
class Words:
    """One of some words, or what ``fits``."""

    fits: Callable[[Any], bool]
    message: str

    def __contains__(self, value: object) -> bool:
        return self.fits(value)


def figure(number: float) -> str:
    return f"{number:,}".replace(",", "") if isinstance(number, int) else f"{number:g}"


def one_of(*allowed: object) -> Words:
    return Words(lambda value: value in allowed, "must be one of " + ", ".join(map(str, allowed)))


def some_of(allowed: Collection[str], null: bool = False) -> Words:
    """A list of some of the words."""
    return Words(
        lambda value: (value is None and null) or (0 < len(value) == len(set(value)) and set(value) <= set(allowed)),
        f"must be a list of {', '.join(allowed)}, each at most once{', or null' if null else ''}",
    )


def count(high: float = 10**9, low: float = 1, **options: Any) -> Numbers:
    return Numbers(low, high, whole=True, **options)


def positive(high: float, **options: Any) -> Numbers:
    return Numbers(0, high, above=True, **options)


def fits_the_hub(name: str) -> bool:
    """Whether the Hub takes a name of allowed characters."""
    return len(name) <= REPOSITORY_MAX and "--" not in name and ".." not in name and not name.endswith(".git")


NAME_MAX = 200  # bytes; file systems take 255
PIXELS_MAX = 16384  # of the side of an input
REPOSITORY_MAX = 96  # characters that the Hub takes
COEFFICIENT = Numbers(0.001, 100_000)
EXPONENT = Numbers(-3, 3)
FRACTION = Numbers(0, 1, below=True)
SHARE = positive(1)
STEP = Numbers(0.01, 1)
NAME = Words(
    lambda value: (
        bool(value)
        and value not in (".", "..")
        and all(c.isalnum() or c in "._-=+," for c in value)
        and len(value.encode()) <= NAME_MAX
    ),
    f"must be one folder name of letters, digits and . _ - = + , of at most {NAME_MAX} bytes",
)
REFERENCE = Words(
    lambda value: value is None or re.fullmatch(r"[\w.-]+(:\w+)?", value) is not None,
    "must be MODULE:FUNCTION, the name of an entry point, or null",
)
REPOSITORY = Words(
    lambda value: (
        value is None
        or (re.fullmatch(r"(\w([\w.-]*\w)?)/(\w([\w.-]*\w)?)", value, re.ASCII) is not None and fits_the_hub(value))
    ),
    f"must be USER/NAME of letters, digits and . _ -, of at most {REPOSITORY_MAX} characters, without --, .. and a "
    "final .git, or null",
)
REVISION = Words(
    lambda value: value is None or (re.fullmatch(r"\w[\w./-]*", value, re.ASCII) is not None and ".." not in value),
    "must be a branch, tag or commit of letters, digits and . _ - /, or null",
)
LICENSE = Words(
    lambda value: value is None or re.fullmatch(r"[a-z0-9][a-z0-9.-]*", value) is not None,
    "must be the Hub's name of a license, as cc-by-4.0, or null",
)
CHANNELS = Words(
    lambda value: value is None or (type(value) is int and value in (1, 3)), "must be 1 (grey), 3 (color) or null"
)

VARIABLE = {
    "data.train_images",
    *(f"recipe.{field.name}" for field in fields(Recipe) if field.name not in ("name", "baseline_epochs")),
}

OF_RUNS = ("axes", "methods", "learning_curves")
OF_ANALYSIS = (
    "fits",
    "comparisons",
    "frontier",
    "law",
    "law_map",
    *("shape", "rates"),
    "search",
    "regime",
    "isocompute",
    "fig4",
    "times",
)
OF_COSTS = ("accuracy_flops", "accuracy_params", "accuracy_latency", "latency", "memory", "speed", "cost_curves")
FIGURES = (*OF_RUNS, *OF_ANALYSIS, *OF_COSTS)
VENUES = (
    *("aaai2024", "aistats2025", "cvpr2024", "eccv2024", "iclr2024", "icml2024", "jmlr2001", "neurips2024"),
    *("tmlr2023", "uai2023"),
)
RUNTIMES = ("eager", "compile", "onnxruntime", "openvino")

RULES: dict[str, Numbers | Words] = {
    "task": one_of(
        "train",
        "plan",
        "cost",
        "latency",
        "tables",
        "figures",
        "report",
        "paper",
        "analyze",
        "recommend",
        "predict",
        "next",
        "evaluate",
        "cam",
        "export",
        "push",
        "pull",
    ),
    "study": NAME,
    "vary": Words(
        lambda value: set(value) <= VARIABLE,
        "may hold data.train_images and keys of recipe but name and baseline_epochs",
    ),
    "family": some_of(SERIES, null=True),
    "seed": count(2**32 - 1, low=0),
    "device": one_of("auto", "cpu", "cuda"),
    "workers": count(1024, auto=True),
    "threads": count(1024),
    "micro_batch_size": count(2**24, null=True),
    "cost": one_of(
        "flops", "params", "activations", "activation_bytes", "train_flops", "train_seconds", "latency_seconds"
    ),
    "figures": some_of(FIGURES, null=True),
    "venue": Words(lambda value: value is None or value in VENUES, f"must be null or one of {', '.join(VENUES)}"),
    "columns": Words(lambda value: type(value) is int and value in (1, 2), "must be 1 or 2"),
    "formats": some_of(("png", "svg", "pdf")),
    "tracker": one_of("none", "tensorboard", "mlflow", "wandb"),
    "model.depth_multiplier": COEFFICIENT,
    "model.width_multiplier": COEFFICIENT,
    "model.resolution": count(PIXELS_MAX),
    "model.dropout": FRACTION,
    "model.drop_path_rate": FRACTION,
    "model.builder": REFERENCE,
    "data.train_images": count(null=True),
    "data.val_images": count(null=True),
    "data.test_images": count(null=True),
    "data.resolution": count(PIXELS_MAX),
    "data.classes": count(10**6, null=True),
    "data.channels": CHANNELS,
    "data.crop_fraction": positive(1, null=True),
    "data.interpolation": one_of("bilinear", "bicubic"),
    "data.memory_resolution": count(PIXELS_MAX, low=0),
    "data.unreadable_max": count(low=0),
    "data.loader": REFERENCE,
    "data.loader_workers": count(1024, low=0, auto=True),
    "recipe.epochs": count(10**6),
    "recipe.baseline_epochs": positive(10**6, null=True),
    "recipe.batch_size": count(2**24, low=2),
    "recipe.learning_rate": positive(1000),
    "recipe.momentum": FRACTION,
    "recipe.weight_decay": Numbers(0, 1000),
    "recipe.warmup_epochs": Numbers(0, 10**6),
    "recipe.label_smoothing": FRACTION,
    "recipe.ema_decay": FRACTION,
    "recipe.shift": FRACTION,
    "recipe.rotate": Numbers(0, 180, unit=" degrees"),
    "recipe.precision": one_of("auto", "fp32", "bf16", "fp16"),
    "recipe.learning_rate_batch": count(2**24, null=True),
    "recipe.optimizer_eps": positive(1, null=True),
    "recipe.ema_warmup_gamma": positive(10**6),
    "recipe.ema_warmup_power": positive(100),
    "recipe.decay_epochs": positive(10**6),
    "recipe.decay_rate": positive(10),
    "recipe.batch_norm_momentum": positive(1, null=True),
    "recipe.batch_norm_eps": positive(1, null=True),
    "recipe.resolution_start": SHARE,
    "recipe.crop_scale_min": SHARE,
    "recipe.color_jitter": Numbers(0, 10),
    "recipe.random_erasing": Numbers(0, 1),
    "recipe.mixup": Numbers(0, 1000),
    "recipe.cutmix": Numbers(0, 1000),
    "recipe.dropout_growth": Numbers(0, 1),
    "recipe.drop_path_growth": Numbers(0, 1),
    "recipe.auto_augment_growth": Numbers(0, 10),
    **{f"recipe.learning_rate_{axis}": EXPONENT for axis in AXES},
    **{f"recipe.weight_decay_{axis}": EXPONENT for axis in AXES},
    "scaling.method": one_of("depth", "width", "resolution", "compound", "fast", "custom"),
    "scaling.depth": COEFFICIENT,
    "scaling.width": COEFFICIENT,
    "scaling.resolution": COEFFICIENT,
    "scaling.phi": Numbers(-64, 64),
    "scaling.alpha": Numbers(0.01, 100),
    "scaling.beta": Numbers(0.01, 100),
    "scaling.gamma": Numbers(0.01, 100),
    "scaling.fast_a": Numbers(0, 1),
    "scaling.flops": positive(4096, null=True),
    "scaling.solve": Words(lambda value: value is None or value in AXES, f"must be one of {', '.join(AXES)}, or null"),
    "scaling.stage_depth": Numbers(0.001, 100_000, count=0, null=True),
    "scaling.triple": Numbers(0.01, 100, count=3, null=True, what="alpha, beta and gamma, "),
    "latency.seconds": positive(3600),
    "latency.batch_size_max": count(2**24),
    "latency.runtime": some_of(RUNTIMES),
    "latency.precision": some_of(("fp32", "bf16", "fp16", "int8"), null=True),
    "report.studies": Words(
        lambda value: len(set(value)) == len(value) and all(name in NAME for name in value),
        "must be a list of names of studies, each at most once",
    ),
    "search.alpha_step": STEP,
    "search.beta_step": STEP,
    "search.gamma_step": STEP,
    "search.tolerance": positive(0.5),
    "analysis.threshold": positive(100),
    "analysis.draws": count(100_000, low=100),
    **{f"budget.{limit}": positive(10**6, null=True) for limit in ("flops", "params", "activations")},
    **{f"budget.{limit}": positive(10**6, null=True) for limit in ("activation_bytes", "latency")},
    "next.question": one_of("comparison", "direction", "rate"),
    "next.methods": Words(
        lambda value: len(value) == len(set(value)) and 0 < len(value) <= 2 and set(value) <= set(METHODS),
        "must be one or two of " + ", ".join(METHODS),
    ),
    "next.flops": positive(4096),
    "next.minutes": positive(10**9),
    "checkpoint.every_steps": count(null=True),
    "evaluate.resolution": count(PIXELS_MAX, null=True),
    "evaluate.split": one_of("train", "val", "test"),
    "hub.repo": REPOSITORY,
    "hub.revision": REVISION,
    "hub.license": LICENSE,
    "cam.flops": positive(4096, null=True),
    "cam.images": count(32),
    "cam.seed": count(2**32 - 1, low=0),
    "limits.layers": count(10**6),
    "limits.memory_gb": positive(10**9, auto=True),
}
