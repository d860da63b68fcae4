"""What each config key may hold, one key at a time."""

import math


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
    "data.val_images": (
        lambda value: value is None or value >= 1,
        "must be 1 or more, or null with data=imagefolder for a tenth",
    ),
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
