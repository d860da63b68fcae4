"""Published numbers: tables of Tan & Le (2019), of MobileNet and of later networks as CSV, and the metadata of
torchvision's weights."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
TABLES = {
    "table2": "Table 2",
    "table3": "Table 3",
    "table4": "Table 4",
    "table7": "Table 7",
    "b_family": "B family",
    "mobilenet": "MobileNet",  # width x resolution
    "later": "later networks",  # trained on ImageNet-1k alone
}
# Columns of the frame that published() returns, with their pandas types. Base units; accuracies in percent.
PUBLISHED_COLUMNS = {
    "source": "string",  # published, in all rows
    "table": "string",  # Table 2, 3, 4 or 7, B family, MobileNet, later networks, or torchvision
    "model": "string",  # as printed
    "built_as": "string",  # model=... that builds it here, missing where nothing does
    "weights": "string",  # torchvision's name of the weights
    "group": "string",  # Table 2: the EfficientNet it is compared with
    "method": "string",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",  # relative to the baseline
    "resolution_px": "Int64",
    "dropout": "float64",
    "flops": "float64",  # multiply-adds of one image
    "params": "float64",
    "top1": "float64",  # ImageNet validation
    "top5": "float64",
    "top1_early_version": "float64",  # as an early version of the paper has it
    "latency_seconds": "float64",
    "citation": "string",
    "note": "string",
}


def published(torchvision: bool = True) -> pd.DataFrame:
    """All published numbers as one tidy frame, a row per model and table, columns PUBLISHED_COLUMNS.

    torchvision: with accuracy, parameters, multiply-adds and evaluation size of every ImageNet classifier for which the
    installed torchvision describes weights; nothing is downloaded, but importing it takes seconds.

    >>> import scaling_study as ss
    >>> paper = ss.published(torchvision=False)
    >>> float(paper[paper.table == "Table 2"].set_index("model").top1["EfficientNet-B7"])
    84.3
    """
    parts = [paper_table(name, title) for name, title in TABLES.items()]
    if torchvision:
        parts.append(torchvision_classifiers())
    rows = [row for part in parts for row in part.to_dict("records")]
    frame = pd.DataFrame(rows, columns=list(PUBLISHED_COLUMNS)).assign(source="published")
    return frame.astype(PUBLISHED_COLUMNS)


def paper_table(name: str, title: str) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / f"{name}.csv").assign(table=title)
    if "params_millions" in frame:
        frame["params"] = frame.params_millions * 1e6
    if "flops_billions" in frame:
        frame["flops"] = frame.flops_billions * 1e9
    return frame


def torchvision_classifiers() -> pd.DataFrame:
    """torchvision's weight metadata. ``_ops`` counts multiply-adds without batch norm, in billions."""
    from torchvision import __version__, models

    rows = []
    for name in models.list_models(module=models):
        for weights in models.get_model_weights(name):
            metrics = weights.meta["_metrics"].get("ImageNet-1K")
            if metrics is None:
                continue
            rows.append(
                {
                    "table": "torchvision",
                    "model": name,
                    "weights": weights.name,
                    "resolution_px": weights.transforms().crop_size[0],
                    "flops": weights.meta["_ops"] * 1e9,
                    "params": weights.meta["num_params"],
                    "top1": metrics["acc@1"],
                    "top5": metrics["acc@5"],
                    "citation": f"torchvision {__version__}, weight metadata",
                }
            )
    return pd.DataFrame(rows)
