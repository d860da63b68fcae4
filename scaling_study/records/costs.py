"""The tables of what variants cost: counts, their parts, and times on devices. Written whole after every variant."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scaling_study.errors import encodable
from scaling_study.records.built import with_built
from scaling_study.records.columns import BUILT
from scaling_study.records.predicted import PREDICTION_COLUMNS, RECOMMENDATION_COLUMNS
from scaling_study.records.reading import read_table
from scaling_study.records.store import write_text
from scaling_study.system.locks import lock_of

# One row per variant; units as in the names, per image.
COST_COLUMNS = {
    "variant_id": "string",
    "study": "string",
    "source": "string",  # measured: counted on the network as built
    "model": "string",
    "family": "string",
    "method": "string",
    "phi": "float64",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "stage_depth": "string",
    "small_stem": "boolean",
    "resolution_px": "Int64",
    "built_depth": "float64",  # as in runs.csv
    "built_width": "float64",  # as in runs.csv
    "built_resolution": "float64",  # as in runs.csv
    "channels": "Int64",
    "classes": "Int64",
    "flops_nominal": "float64",
    "flops_target": "float64",
    "flops_ratio": "float64",
    "flops": "Int64",
    "params": "Int64",
    "param_bytes": "Int64",
    "activations": "Int64",
    "activation_bytes": "Int64",
    "depthwise_flops": "Int64",  # those of the flops in depthwise convolutions
    "traffic_bytes": "Int64",  # inputs, weights and outputs of the operators that make the flops, each once, 32-bit
    "torch_version": "string",
    "timm_version": "string",
    "package_version": "string",
}
# One row per variant, stage and kind of operator.
PART_COLUMNS = {
    "variant_id": "string",
    "stage": "string",
    "operator": "string",
    "flops": "Int64",
    "activations": "Int64",
    "depthwise_flops": "Int64",  # as in costs.csv
    "traffic_bytes": "Int64",  # as in costs.csv
}
# One row per variant, device setting, workload and batch size.
LATENCY_COLUMNS = {
    "variant_id": "string",
    "study": "string",
    "source": "string",  # measured here, or imported
    "model": "string",
    "family": "string",
    "method": "string",
    "resolution_px": "Int64",
    "device": "string",
    "threads": "Int64",
    "precision": "string",
    "runtime": "string",  # eager and compile (torch), onnxruntime, openvino, or that of an imported time
    "runtime_version": "string",
    "workload": "string",  # inference or train_step
    "batch_size": "Int64",
    "seconds_median": "float64",
    "seconds_p25": "float64",
    "seconds_p75": "float64",
    "repeats": "Int64",
    "images_per_second": "float64",
    "drift": "float64",  # median of the last third of the repetitions relative to that of the first
    "export_difference": "float64",  # largest of any output from torch's, relative to the largest output
    "joules_per_image": "float64",  # energy of the GPU, or of all processors of the machine and their memory
    "peak_memory_bytes": "Int64",  # of the GPU, or of the process above what it had without the network
    "torch_version": "string",
    "timm_version": "string",
    "package_version": "string",
    "measured_at": "string",  # ISO 8601, UTC
}
# One row per device setting.
DEVICE_COLUMNS = {
    "device": "string",
    "threads": "Int64",
    "precision": "string",
    "flops_per_second": "float64",  # multiply-adds of products of large matrices, the best of several sizes
    "bytes_per_second": "float64",  # read and written when a large tensor is copied
    "torch_version": "string",
    "measured_at": "string",  # ISO 8601, UTC
}
# One row per variant that task=export wrote as an ONNX file.
MANIFEST_COLUMNS = {
    "variant_id": "string",
    "file": "string",  # beside this table
    "model": "string",
    "family": "string",
    "method": "string",
    "channels": "Int64",  # of the input images: (batch, channels, resolution_px, resolution_px), 32-bit floats
    "resolution_px": "Int64",
    "classes": "Int64",  # of the output logits: (batch, classes)
    "flops": "Int64",
    "params": "Int64",
    "export_difference": "float64",  # largest of any output from torch's, relative to the largest output
    "torch_version": "string",
    "timm_version": "string",
    "package_version": "string",
}
# One row per network with weights, data set, split and resolution.
EVALUATION_COLUMNS = {
    "study": "string",
    "source": "string",  # evaluated: trained before, here or elsewhere
    "model": "string",
    "weights": "string",  # file, hub or folder of the run
    "data": "string",
    "root": "string",  # folder of the data, where one was given
    "split": "string",
    "images": "Int64",
    "classes": "Int64",
    "resolution_px": "Int64",
    "crop_fraction": "float64",  # of images from files
    "top1": "float64",  # percent
    "top5": "float64",
    "loss": "float64",  # nats
    "published_top1": "float64",  # of the model on ImageNet, where the set has its 1000 classes
    "published_top5": "float64",
    "published_citation": "string",
    "unreadable_images": "Int64",
    "device": "string",
    "precision": "string",
    "torch_version": "string",
    "timm_version": "string",
    "package_version": "string",
    "evaluated_at": "string",  # ISO 8601, UTC
}
# One row per network and image of the figure that task=cam drew last.
CAM_COLUMNS = {
    "study": "string",
    "run_id": "string",
    "model": "string",
    "method": "string",
    "flops": "Int64",
    "flops_multiple": "float64",  # of the baseline's
    "resolution_px": "Int64",
    "image": "Int64",  # place in the test split, from 0
    "true_class": "string",  # the map is of it: name, or number where classes have no names
    "predicted_class": "string",
    "probability": "float64",  # of the predicted class, 0 to 1
    "true_probability": "float64",  # of the true class
    "right": "boolean",
    "map_px": "Int64",  # side of the layer's output that the map was interpolated from
    "half_area": "float64",  # least share of the image that holds half of the map's sum; missing: a map of zeros
    "torch_version": "string",
    "timm_version": "string",
    "package_version": "string",
}
# What two times must share to be compared.
SETTING = ["device", "threads", "precision", "runtime"]
LATER = {
    "small_stem",
    *BUILT,
    "depthwise_flops",
    "traffic_bytes",
    "runtime",
    "runtime_version",
    "drift",
    "export_difference",
    "joules_per_image",
}  # columns that tables of earlier versions lack; they read as missing values
TABLES = {
    "costs": COST_COLUMNS,
    "cost_parts": PART_COLUMNS,
    "latencies": LATENCY_COLUMNS,
    "devices": DEVICE_COLUMNS,
    "manifest": MANIFEST_COLUMNS,
    "evaluations": EVALUATION_COLUMNS,
    "cam": CAM_COLUMNS,
    "recommendations": RECOMMENDATION_COLUMNS,
    "predictions": PREDICTION_COLUMNS,
}


def load_table(study_dir: str | Path, name: str) -> pd.DataFrame:
    """A table of TABLES from a study folder, with its columns and types; empty when there is none.

    Raises UnreadableTable, a StudyError and a ValueError, when the file is damaged or another table.
    """
    columns = TABLES[name]
    try:
        table = read_table(Path(study_dir) / f"{name}.csv", name, columns, LATER, strict=True)[0]
        return COMPLETED.get(name, pd.DataFrame.copy)(table)
    except FileNotFoundError:
        return pd.DataFrame(columns=list(columns)).astype(columns)


def with_runtime(latencies: pd.DataFrame) -> pd.DataFrame:
    """The latency table with the runtime of earlier versions, which timed torch in eager mode alone."""
    eager = latencies.runtime.isna()
    versions = latencies.runtime_version.mask(eager, latencies.torch_version)
    return latencies.assign(runtime=latencies.runtime.fillna("eager"), runtime_version=versions)


# Columns that tables of earlier versions lack, from others.
COMPLETED = {"costs": with_built, "latencies": with_runtime}


def load_costs(study_dir: str | Path) -> pd.DataFrame:
    """The cost table of a study folder: a row per variant, columns and types of COST_COLUMNS; empty when there is none.

    Raises UnreadableTable, a ValueError, when the file is damaged.

    >>> import scaling_study as ss
    >>> int(ss.load_costs("results/imagenet-family").set_index("model").flops["resnet50"])
    4089185256
    """
    return load_table(study_dir, "costs")


def load_latencies(study_dir: str | Path) -> pd.DataFrame:
    """The latency table of a study folder: a row per variant, setting, workload and batch size. As ``load_costs``.

    >>> import scaling_study as ss
    >>> sorted(ss.load_latencies("results/imagenet-family").workload.unique())
    ['inference', 'train_step']
    """
    return load_table(study_dir, "latencies")


def load_devices(study_dir: str | Path) -> pd.DataFrame:
    """The table of devices of a study folder: what each can do at most, a row per device, threads and precision;
    empty where no variant was timed since that table is there. As ``load_costs``.

    >>> import scaling_study as ss
    >>> ss.load_devices("results/imagenet-family").columns[:5].tolist()
    ['device', 'threads', 'precision', 'flops_per_second', 'bytes_per_second']
    """
    return load_table(study_dir, "devices")


def require_readable(study_dir: str | Path, *names: str) -> None:
    """Raise UnreadableTable when one of the tables is there and cannot be read."""
    for name in names:
        load_table(study_dir, name)


def write_rows(study_dir: str | Path, name: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Write a table of TABLES with ``rows`` (dicts) alone, in place of an earlier one."""
    table = table_of(name, rows)
    with lock_of(Path(study_dir) / ".tables.lock"):
        write_text(Path(study_dir) / f"{name}.csv", table.to_csv(index=False))
    return table


def table_of(name: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The table of TABLES with ``rows`` (dicts)."""
    columns = TABLES[name]
    encoded = [{column: encodable(value) for column, value in row.items()} for row in rows]
    return pd.DataFrame(encoded, columns=list(columns)).astype(columns)


def add_rows(study_dir: str | Path, name: str, rows: Sequence[dict[str, Any]], replace: list[str]) -> pd.DataFrame:
    """Write a table with ``rows`` (dicts) in place of the rows whose columns ``replace`` they share."""
    study_dir = Path(study_dir)
    study_dir.mkdir(parents=True, exist_ok=True)
    with lock_of(study_dir / ".tables.lock"):
        old, new = load_table(study_dir, name), table_of(name, rows)
        merged = old.merge(new[replace].drop_duplicates(), "left", replace, indicator=True)  # missing values are equal
        kept = old[merged._merge.eq("left_only").array]
        table = pd.concat([kept, new], ignore_index=True) if len(kept) else new
        write_text(study_dir / f"{name}.csv", table.to_csv(index=False))
    return table
