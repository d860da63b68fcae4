"""Keys that the user set and that the command would ignore.

The files of conf/ set many keys for all choices alike, so only keys from the command line and from a sweep are checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from scaling_study.config.parsing import keys_of_point
from scaling_study.data import source_of
from scaling_study.errors import ConfigError
from scaling_study.models import SERIES

if TYPE_CHECKING:
    from scaling_study.config.schema import Config

TRAINING, DRAWING, SHARING = ("train", "plan"), ("figures", "report"), ("push", "pull")
WRITING = ("train", "analyze", "figures", "cam")


def in_memory(config: Config) -> bool:
    return config.data.in_memory or not source_of(config.data.name).files


def no_rule(config: Config) -> bool:
    return config.scaling.method != "compound" or config.scaling.triple is not None


def other_network(config: Config) -> bool:
    """Whether the network is none of those that ``family`` lists, as it is without +sweep=family."""
    return all(config.model.name not in SERIES[series] for series in config.family or ())


# (pattern of keys, whether a configuration ignores them, message). The first match is reported.
IGNORED = [
    ("budget.*", lambda c: c.task != "recommend", "is for task=recommend"),
    ("evaluate.*", lambda c: c.task in TRAINING, "is for task=evaluate"),
    ("cam.*", lambda c: c.task in TRAINING, "is for task=cam"),
    ("figures", lambda c: c.task != "figures", "is for task=figures"),
    ("venue", lambda c: c.task != "figures", "is for task=figures"),
    ("columns", lambda c: c.venue is None, "is for venue"),
    ("formats", lambda c: c.task not in WRITING, "is for task=train, analyze, figures and cam"),
    ("latency.import", lambda c: c.task != "latency", "is for task=latency"),
    ("latency.*", lambda c: c.task in TRAINING, "is for task=latency"),
    ("latency.[!i]*", lambda c: c.latency.import_ and c.task == "latency", "is not needed with latency.import"),
    ("next.*", lambda c: c.task in TRAINING, "is for task=next"),
    ("next.flops", lambda c: c.next.question != "comparison", "is for next.question=comparison"),
    ("next.methods", lambda c: c.next.question == "direction", "is for next.question=comparison and rate"),
    ("analysis.runtime", lambda c: c.task in DRAWING and c.cost != "latency_seconds", "needs cost=latency_seconds"),
    ("analysis.*", lambda c: c.task in TRAINING, "is for task=analyze and report"),
    ("report.*", lambda c: c.task != "report", "is for task=report"),
    ("hub.*", lambda c: c.task not in SHARING, "is for task=push and pull"),
    ("hub.revision", lambda c: c.task != "pull", "is for task=pull"),
    ("hub.private", lambda c: c.task != "push", "is for task=push"),
    ("hub.license", lambda c: c.task != "push", "is for task=push"),
    ("family", other_network, "is for +sweep=family; give model=NAME"),
    ("cost", lambda c: c.task not in ("train", "analyze", *DRAWING), "is for task=train, analyze, figures and report"),
    ("recipe.baseline_epochs", lambda c: c.task == "recommend", "is for training; give recipe.epochs"),
    ("recipe.epochs", lambda c: c.recipe.baseline_epochs is not None, "is set by recipe.baseline_epochs"),
    ("scaling.alpha", no_rule, "needs scaling.method=compound without scaling.triple"),
    ("scaling.beta", no_rule, "needs scaling.method=compound without scaling.triple"),
    ("scaling.gamma", no_rule, "needs scaling.method=compound without scaling.triple"),
    ("scaling.fast_a", lambda c: c.scaling.method != "fast", "needs scaling.method=fast"),
    ("model.resolution", lambda c: c.data.name != "imagenet_size", "is for data=imagenet_size; give data.resolution"),
    ("data.memory_resolution", lambda c: not c.data.in_memory, "needs data.in_memory=true"),
    ("data.crop_fraction", lambda c: c.data.in_memory, "is ignored with data.in_memory=true, which takes squares"),
    ("data.resolution", lambda c: c.evaluate.run is not None, "is not that of evaluate.run; give evaluate.resolution"),
    ("scaling.*", lambda c: c.evaluate.run is not None, "is ignored with evaluate.run, whose coefficients are used"),
    ("recipe.crop_scale_min", lambda c: c.task in TRAINING and in_memory(c), "is for images from files"),
    ("recipe.weight_decay_*", lambda c: not c.recipe.weight_decay, "needs recipe.weight_decay"),
    ("recipe.ema_warmup_*", lambda c: not c.recipe.ema_decay, "needs recipe.ema_decay"),
    ("recipe.decay_epochs", lambda c: c.recipe.schedule in ("cosine", "tanh", "poly"), "needs recipe.schedule=step"),
    ("recipe.decay_rate", lambda c: c.recipe.schedule in ("cosine", "tanh"), "needs recipe.schedule=step"),
]  # fmt: skip


def check_given(given: dict[str, object], configs: Sequence[Config]) -> None:
    """Raise ConfigError for the first of the keys ``given``, {key: value}, that all of a command's configurations
    ignore."""
    points = [keys_of_point(config.scaling.points[config.scaling.point]) for config in configs if config.scaling.point]
    written = set.intersection(*points) if len(points) == len(configs) else set()
    for key, value in given.items():
        if key in written:
            raise ConfigError(key, value, "is what every point of scaling.points sets itself")
        for pattern, ignores, message in IGNORED:
            if fnmatch(key, pattern) and all(map(ignores, configs)):
                raise ConfigError(key, value, message)
