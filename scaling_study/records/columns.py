"""Columns of the tables of runs and of epochs, which are also the keys of a record and the columns of a history."""

import sys
from typing import Any

# Columns of the run table, in order, with their pandas types. One row per run; units as in the names,
# accuracies in percent, losses in nats, flops and activations per image.
RUN_COLUMNS = {
    "run_id": "string",
    "study": "string",
    "source": "string",  # measured: trained here
    "status": "string",  # done or failed
    "error_type": "string",
    "error": "string",
    "method": "string",
    "phi": "float64",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "stage_depth": "string",  # further depth multipliers, one per stage
    "small_stem": "boolean",  # whether the stem has no stride
    "resolution_px": "Int64",
    "built_depth": "float64",  # blocks of all stages as built, relative to the baseline's
    "built_width": "float64",  # geometric mean of the stages' channels (densenet169: growth rate), likewise
    "built_resolution": "float64",  # resolution_px, likewise
    "flops_nominal": "float64",  # d * w**2 * r**2
    "flops_target": "float64",  # the budget asked for, and
    "flops_ratio": "float64",  # what was built, as multiples of the baseline's measured flops
    "seed": "Int64",
    "model": "string",
    "family": "string",
    "data": "string",
    "recipe": "string",
    "settings": "string",  # what the run changes in its recipe, but for epochs, as key=value; missing: nothing
    "epochs": "Int64",
    "learning_rate": "float64",  # as used: the largest of the schedule, of this run's batch and coefficients
    "weight_decay": "float64",  # as used, of this run's coefficients
    "batch_size": "Int64",  # images per update, of all processes together
    "optimizer": "string",  # its name in timm.optim
    "updates": "Int64",  # steps of the optimizer, of the whole run
    "train_images": "Int64",
    "val_images": "Int64",
    "test_images": "Int64",
    "classes": "Int64",
    "flops": "Int64",
    "params": "Int64",
    "param_bytes": "Int64",
    "activations": "Int64",
    "activation_bytes": "Int64",
    "train_flops": "float64",  # 3 * flops * updates * batch_size (flops: mean over epochs); no evaluation
    "top1": "float64",
    "top5": "float64",
    "loss": "float64",
    "val_top1": "float64",
    "val_top5": "float64",
    "val_loss": "float64",
    "train_top1": "float64",
    "train_top5": "float64",
    "train_loss": "float64",
    "last_tenth_gain": "float64",  # points of val_top1 gained in the last tenth of the epochs, between epochs by a line
    "train_gap": "float64",  # train_top1 - top1, points
    "train_seconds": "float64",
    "images_per_second": "float64",
    "device": "string",
    "cpu_capability": "string",  # of a run on the CPU: the vector instructions that torch used, which digits depend on
    "threads": "Int64",
    "precision": "string",
    "processes": "Int64",  # that trained the run together
    "micro_batch_size": "Int64",  # images per forward pass of a process
    "data_wait_fraction": "float64",  # of train_seconds, in which the network waited for images
    "unreadable_images": "Int64",  # left out
    "python_version": "string",
    "torch_version": "string",
    "timm_version": "string",
    "package_version": "string",
    "git_commit": "string",
    "finished_at": "string",  # ISO 8601, UTC
    "record": "string",  # folder: the row is that of the record here; table: kept from a table, without a folder here;
    # damaged: kept from a table, the record in the folder cannot be used
}
# Columns that identify a built network, and a variant, which is a network chosen by a method for a budget. Runs of a
# variant differ in how it is trained: seed, data, recipe, epochs.
BUILT = ("built_depth", "built_width", "built_resolution")  # coefficients that the network was built with
NETWORK = ["model", "depth", "width", "resolution", "stage_depth", "small_stem", "resolution_px"]
VARIANT = ["model", "method", *NETWORK[1:], "flops_target", "flops"]

EPOCH_COLUMNS = {
    "run_id": "string",
    "epoch": "Int64",
    "train_loss": "float64",
    "val_top1": "float64",
    "val_top5": "float64",
    "val_loss": "float64",
    "learning_rate": "float64",
    "train_seconds": "float64",  # since the start of the run
    "data_wait_seconds": "float64",  # of them, waiting for images
}

# Columns that tables of earlier versions lack; they read as missing values.
LATER = {
    "runs": {
        "cpu_capability",
        "stage_depth",
        "small_stem",
        *BUILT,
        "flops_nominal",
        "flops_target",
        "flops_ratio",
        "family",
        "settings",
        "learning_rate",
        "weight_decay",
        "batch_size",
        "optimizer",
        "updates",
        "train_flops",
        "last_tenth_gain",
        "train_gap",
        "param_bytes",
        "processes",
        "micro_batch_size",
        "data_wait_fraction",
        "unreadable_images",
        "record",
    },
    "history": {"data_wait_seconds"},
}

WORDS = {"string": "text", "boolean": "true or false", "Int64": "an integer of 64 bits", "float64": "a number"}
INT64 = range(-(2**63), 2**63)


def misfit(record: Any) -> str | None:
    """What is wrong with a record, in words, where a known key holds what its column cannot; None where all fit."""
    if not isinstance(record, dict):
        return "it holds no keys"
    needed = {"run_id", "status", *(["epochs"] if record.get("status") == "done" else [])}
    for key, kind in RUN_COLUMNS.items():
        value = record.get(key)
        if value is None:
            if key in needed:
                return f"{key} is missing"
        elif not fits(value, kind):
            return f"{key}={repr(value)[:60]} is not {WORDS[kind]}"
    return None


def fits(value: Any, kind: str) -> bool:
    """Whether a value from JSON, not null, can stand in a column of the pandas type ``kind``."""
    if kind in ("string", "boolean"):
        return isinstance(value, str if kind == "string" else bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind == "Int64":
        return isinstance(value, int) and value in INT64
    return isinstance(value, float) or abs(value) <= sys.float_info.max
