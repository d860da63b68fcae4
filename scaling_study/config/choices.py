"""Which values of config keys may be combined."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from scaling_study.config.ranges import NAME
from scaling_study.errors import ConfigError

if TYPE_CHECKING:
    from scaling_study.config.schema import Config, Model, Next, Recipe, Scaling


def check_choices(config: Config) -> None:
    """Raise ConfigError for values that do not go together."""
    from scaling_study.models import FAMILIES

    model = config.model
    if model.family not in FAMILIES:
        raise ConfigError("model.family", model.family, "must be one of " + ", ".join(FAMILIES))
    family = FAMILIES[model.family]
    if family.names is not None and model.name not in family.names:
        message = f"must be {' or '.join(family.names)}; model=timm takes the name of any timm classifier"
        raise ConfigError("model.name", model.name, message)
    if model.family == "timm" and not model.name:
        raise ConfigError("model.name", model.name, "model=timm needs the name of a timm classifier")
    check_custom(model)
    if model.small_stem and (not family.stages or model.family == "custom"):
        raise ConfigError("model.small_stem", True, f"family {model.family} keeps the stem it has")
    for key in ("depth_multiplier", "width_multiplier"):
        if getattr(model, key) != 1 and not family.stages:
            raise ConfigError(f"model.{key}", getattr(model, key), f"must stay 1 with family {model.family}")
    if model.drop_path_rate and not family.drop_path:
        raise ConfigError("model.drop_path_rate", model.drop_path_rate, f"family {model.family} has none; must be 0")
    check_data(config)
    check_scaling(config.scaling)
    check_schedule(config.recipe)
    if config.cuda_graphs and config.micro_batch_size is not None:
        raise ConfigError(
            "cuda_graphs", True, "must be false with micro_batch_size: a graph keeps no sums of gradients"
        )
    if config.cuda_graphs and config.device == "cpu":
        raise ConfigError("cuda_graphs", True, "must be false with device=cpu")
    if config.task in ("train", "plan") and (config.micro_batch_size or 0) > config.recipe.batch_size:
        message = f"must be at most recipe.batch_size={config.recipe.batch_size}"
        raise ConfigError("micro_batch_size", config.micro_batch_size, message)
    check_task(config)


def check_task(config: Config) -> None:
    """Raise ConfigError where a task is not given what it needs."""
    if config.task == "evaluate" and (config.evaluate.run is None) == (config.evaluate.weights is None):
        message = "task=evaluate needs exactly one of evaluate.run and evaluate.weights"
        raise ConfigError("evaluate", config.evaluate.run and "both", message)
    limits = [f"budget.{name}" for name, value in vars(config.budget).items() if value is not None]
    if config.task == "recommend" and len(limits) != 1:
        allowed = "task=recommend needs exactly one of " + ", ".join(f"budget.{name}" for name in vars(config.budget))
        raise ConfigError("budget", " and ".join(limits) or None, allowed)
    if config.task in ("push", "pull") and config.hub.repo is None:
        raise ConfigError("hub.repo", None, f"task={config.task} needs the data set's name on the Hub, USER/NAME")
    if config.task == "next":
        check_next(config.next)


def check_next(asked: Next) -> None:
    """Raise ConfigError for methods that the question is not about."""
    if asked.question == "comparison" and (len(asked.methods) != 2 or {*asked.methods} & {"baseline", "custom"}):
        message = "next.question=comparison needs two of compound, depth, width, resolution and fast"
        raise ConfigError("next.methods", asked.methods, message)
    if asked.question == "rate" and len(asked.methods) != 1:
        raise ConfigError("next.methods", asked.methods, "next.question=rate needs one method, whose rate is asked for")


def check_custom(model: Model) -> None:
    """Raise ConfigError where the user's function of model=custom is missing, or named for another model."""
    if model.family != "custom":
        if model.builder is not None:
            raise ConfigError(
                "model.builder", model.builder, f"must be null with model={model.name}; give model=custom"
            )
        return
    from scaling_study.models import custom

    if model.name not in NAME:
        raise ConfigError("model.name", model.name, NAME.message)
    if model.dropout:
        raise ConfigError("model.dropout", model.dropout, "must be 0 with model=custom, whose builder sets its own")
    custom.plugin(model.builder)


def check_data(config: Config) -> None:
    """Raise ConfigError for keys and augmentation that the kind of data set does not have."""
    from scaling_study.data import shape_of, source_of

    data, source = config.data, source_of(config.data.name)
    if data.name != "imagefolder" and data.val_images is None:
        raise ConfigError("data.val_images", None, "must be 1 or more; null needs data=imagefolder")
    if data.name != "imagefolder" and data.class_map is not None:
        raise ConfigError("data.class_map", data.class_map, "must be null; it needs data=imagefolder")
    shape_of(data)
    if data.name != "custom" and data.loader is not None:
        raise ConfigError("data.loader", data.loader, "must be null; it needs data=custom")
    for key in () if source.files else fields(data):
        if key.name != "loader" and key.default is not MISSING and (value := getattr(data, key.name)) != key.default:
            raise ConfigError(f"data.{key.name}", value, f"data={data.name} has none to set; it is for image files")
    if data.in_memory and data.memory_resolution < 1:
        raise ConfigError("data.memory_resolution", data.memory_resolution, "must be 1 or more with data.in_memory")
    if config.task in ("train", "plan") and source.module is not None:
        check_augmentation(config.recipe, files=source.files and not data.in_memory)


def check_schedule(recipe: Recipe) -> None:
    """Raise ConfigError for a rate that would grow."""
    if recipe.decay_rate > 1 and recipe.schedule != "poly":
        message = "must be at most 1, but with recipe.schedule=poly, where it is the power"
        raise ConfigError("recipe.decay_rate", recipe.decay_rate, message)


def check_augmentation(recipe: Recipe, files: bool) -> None:
    """Raise ConfigError for augmentation that is not offered for images from ``files``, or for images in memory."""
    message = "must be null or 0 with images in memory; it needs data=imagefolder or data=timm"
    if files:
        message = "must be 0 with images from files, which recipe.crop_scale_min and auto_augment move"
    for key in ("shift", "rotate") if files else ("auto_augment", "color_jitter"):
        if getattr(recipe, key):
            raise ConfigError(f"recipe.{key}", getattr(recipe, key), message)
    if (recipe.mixup or recipe.cutmix) and recipe.batch_size % 2:
        raise ConfigError("recipe.batch_size", recipe.batch_size, "must be even with recipe.mixup or recipe.cutmix")


def check_scaling(scaling: Scaling) -> None:
    """Raise ConfigError for keys that the method would overwrite or ignore."""
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
    if scaling.phi != 0 and method != "compound":
        raise ConfigError("scaling.phi", scaling.phi, "needs scaling.method=compound")
    if method == "fast" and scaling.flops is None:
        raise ConfigError("scaling.flops", None, "scaling.method=fast needs a multiple of the baseline's flops")
    if scaling.solve is not None:
        check_solved(scaling)
    if scaling.flops is not None:
        check_budget(scaling)


def check_solved(scaling: Scaling) -> None:
    """Raise ConfigError where ``scaling.solve`` names an axis and other keys leave nothing to solve."""
    axis = scaling.solve
    if scaling.method != "custom":
        raise ConfigError("scaling.solve", axis, f"needs scaling.method=custom; {scaling.method} says what to scale")
    if scaling.flops is None:
        raise ConfigError("scaling.solve", axis, "needs scaling.flops, the multiple of the baseline's flops to reach")
    if (value := getattr(scaling, str(axis))) != 1:
        raise ConfigError(f"scaling.{axis}", value, f"must stay 1 with scaling.solve={axis}, which finds it")
    if scaling.stage_depth is not None:
        raise ConfigError("scaling.stage_depth", scaling.stage_depth, "must be null with scaling.solve")


def check_budget(scaling: Scaling) -> None:
    """The same where coefficients are solved from ``scaling.flops``."""
    method = scaling.method
    if method == "custom" and scaling.solve is None:
        message = (
            "needs scaling.method=depth, width, resolution, compound or fast, or scaling.solve=AXIS, which says what "
            "to scale"
        )
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
