"""Write the generated pages and blocks of the documentation: ``python docs/generate.py``.

Config keys come from the comments of conf/, columns from the comments of the code, numbers from the committed tables. A
block stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from blocks import BLOCKS

from scaling_study.records import columns, costs, predicted

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?: (?P<value>[^#]*?))?\s*(?:# (?P<comment>.*))?$")
# Files of conf/ by the group that their keys belong to, the fullest of each.
FILES = {
    "": "config.yaml",
    "model": "model/custom.yaml",
    "data": "data/imagefolder.yaml",
    "recipe": "recipe_base.yaml",
    "scaling": "scaling/default.yaml",
}
ELSEWHERE = {"data.loader": "of `data=custom`: MODULE:FUNCTION"}
TABLES = {
    "runs": (columns, "RUN_COLUMNS", "runs.csv: one row per run"),
    "history": (columns, "EPOCH_COLUMNS", "history.csv: one row per run and epoch"),
    "costs": (costs, "COST_COLUMNS", "costs.csv: one row per variant, costs per image"),
    "cost_parts": (costs, "PART_COLUMNS", "cost_parts.csv: one row per variant, stage and kind of operator"),
    "latencies": (costs, "LATENCY_COLUMNS", "latencies.csv: one row per variant, setting, workload and batch size"),
    "evaluations": (costs, "EVALUATION_COLUMNS", "evaluations.csv: one row per network with weights, data and split"),
    "cam": (costs, "CAM_COLUMNS", "cam.csv: one row per network and image of the activation maps"),
    "recommendations": (predicted, "RECOMMENDATION_COLUMNS", "recommendations.csv: one row per budget"),
    "predictions": (predicted, "PREDICTION_COLUMNS", "predictions.csv: one row per network"),
}


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


def pages() -> dict[Path, str]:
    """{path: text} of every page that is generated, or has a generated block."""
    found = {
        ROOT / "docs/reference/configuration.md": configuration(),
        ROOT / "docs/reference/columns.md": columns_page(),
    }
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "results/README.md"):
        text = found.get(path) or path.read_text(encoding="utf-8")
        found[path] = re.sub(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", filled, text, flags=re.DOTALL)
    return found


def filled(match: re.Match) -> str:
    lines = BLOCKS[match[2]]()
    return f"{match[1]}{chr(10).join(lines)}\n{match[3]}"


def configuration() -> str:
    lines = [
        "# Configuration keys",
        "",
        "Generated from the comments of `conf/`. A value that is not listed is refused.",
        "",
    ]
    for group, file in FILES.items():
        lines += [f"## {group or 'General'}", ""]
        if group:
            lines += [f"Defaults of `conf/{file}`; other choices of `{group}=` have others.", ""]
        lines += ["| key | default | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{key}` | {value and f'`{value}`'} | {comment} |" for key, value, comment in keys_of(group, file)]
        lines.append("")
    return "\n".join(lines)


def keys_of(group: str, file: str) -> Iterator[tuple[str, str, str]]:
    """(key, default, comment) of a file of conf/."""
    parents: list[tuple[int, str]] = []
    text = (ROOT / "conf" / file).read_text(encoding="utf-8")
    for line in text.split("\nhydra:")[0].splitlines():
        if not (found := LINE.match(line)) or found["key"] == "defaults":
            continue
        indent = len(found["indent"])
        parents = [(depth, name) for depth, name in parents if depth < indent]
        key = ".".join([*([group] if group else []), *(name for _, name in parents), found["key"]])
        comment = (found["comment"] or "").replace("|", "\\|")
        if found["value"] in (None, ""):
            parents.append((indent, found["key"]))
        else:
            yield key, found["value"], comment
    if group == "data":
        yield from ((key, "null", comment) for key, comment in ELSEWHERE.items())


def columns_page() -> str:
    lines = ["# Columns", "", "Generated from the code. Units are in the names or comments; accuracies are percent,",
             "losses nats, raw numbers base units.", ""]  # fmt: skip
    for name, (module, constant, title) in TABLES.items():
        lines += [f"## {title}", "", "| column | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{column}` | {kind} | {comment} |" for column, kind, comment in columns_of(module, constant)]
        lines.append("")
        assert name in {"runs", "history", *costs.TABLES}
    return "\n".join(lines)


def columns_of(module: object, constant: str) -> Iterator[tuple[str, str, str]]:
    """(column, pandas type, comment) of a dict of columns in the code."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    body = re.search(rf"^{constant} = {{\n(.*?)^}}", source, flags=re.DOTALL | re.MULTILINE)[1]
    for line in body.splitlines():
        if found := re.match(r'\s+"(\w+)": "(\w+)",(?:\s+# (.*))?$', line):
            yield found[1], found[2], found[3] or MEANINGS.get(found[1], "")


MEANINGS = {
    "run_id": "of the run: what was scaled, the seed, a hash of all settings",
    "study": "name of the study",
    "error": "of a failed run",
    "error_type": "of a failed run",
    "method": "baseline, depth, width, resolution, compound, fast or custom",
    "phi": "of compound scaling",
    "depth": "coefficient, relative to the baseline",
    "width": "coefficient, relative to the baseline",
    "resolution": "coefficient, relative to the baseline",
    "resolution_px": "side of the input in pixels",
    "flops": "multiply-adds of one image",
    "params": "trainable parameters, head included",
    "param_bytes": "their size in memory",
    "activations": "output elements of convolutions and linear layers, one image",
    "activation_bytes": "bytes that autograd keeps for the backward pass, one image",
    "top1": "test accuracy, percent",
    "top5": "test accuracy, percent",
    "loss": "test loss, nats",
    "val_top1": "validation accuracy, percent",
    "val_top5": "validation accuracy, percent",
    "val_loss": "validation loss, nats",
    "train_top1": "on as many training images as there are for validation, without augmentation, percent",
    "train_top5": "the same, percent",
    "train_loss": "the same, nats",
    "train_seconds": "training steps only",
    "images_per_second": "in training",
    "device": "that trained or was timed",
    "threads": "CPU threads of a run",
    "precision": "fp32, bf16 or fp16",
    "git_commit": "of the package's checkout",
    "model": "the baseline network",
    "family": "of the network",
    "data": "the data set",
    "recipe": "the recipe",
    "epochs": "of training",
    "seed": "of the run",
    "variant_id": "name of the variant: model, rule, input size, a hash of what determines its cost",
}


if __name__ == "__main__":
    main()
