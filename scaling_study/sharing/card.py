"""The card of a shared study: the page that the Hub shows for its data set."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huggingface_hub import DatasetCardData

from scaling_study.report.markdown import joined
from scaling_study.report.summary_data import trained
from scaling_study.sharing.files import FIGURES, runs_with_weights

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.report.summary_opening import Opening

TAGS = ["scaling-laws", "compound-scaling", "convolutional-networks", "image-classification", "scaling_study"]
SHOWN = ("runs.csv", "history.csv", "costs.csv", "latencies.csv")  # in the Hub's viewer of tables, the first one first
MAIN_FIGURES = ("methods.png", "methods.svg", "accuracy_flops.png", "accuracy_flops.svg")  # the first there is
COLUMNS = {"data": "data", "recipe": "recipe", "device": "device", "torch_version": "torch", "timm_version": "timm"}
COLUMNS |= {"python_version": "Python", "package_version": "scaling_study", "git_commit": "commit of scaling_study"}
FILES = {
    "runs": "one row per run: coefficients, costs, accuracies",
    "history": "one row per run and epoch",
    "costs": "one row per variant: multiply-adds, parameters, activations, memory",
    "cost_parts": "the costs by stage and kind of operator",
    "latencies": "measured times",
    "summary": "the analysis in words",
    "accuracies": "the accuracy of every variant, for a paper",
    "report": "all of it as one page that needs no network",
}


@dataclass(frozen=True)
class Shared:
    """A study as the card shows it. opening: None where nothing could be analyzed; runs: the rows that were analyzed,
    where there are any; costs: the study's cost table; files: names in the repository."""

    study: str
    repo: str
    opening: Opening | None
    runs: pd.DataFrame
    costs: pd.DataFrame
    files: Collection[str]
    license: str | None = None


def card(shared: Shared) -> str:
    """Markdown with the metadata in front. The same study has the same card, so it holds no time."""
    return f"---\n{metadata(shared)}\n---\n\n" + "\n".join(body(shared)) + "\n"


def metadata(shared: Shared) -> str:
    """YAML. The viewer shows one table per config; without a license no claim is made."""
    tables = [name for name in SHOWN if name in shared.files]
    configs: list[dict[str, Any]] = [{"config_name": name.partition(".")[0], "data_files": name} for name in tables]
    if configs:
        configs[0]["default"] = True
    data = DatasetCardData(license=shared.license, pretty_name=shared.study, tags=TAGS, configs=configs or None)
    return data.to_yaml()


def body(shared: Shared) -> Iterator[str]:
    yield f"# {shared.study}"
    yield ""
    yield (
        "How should a convolutional network be made bigger: deeper, wider, with larger images, or all three together? "
        "A study of scaled variants, made with scaling_study."
    )
    if shared.opening is not None:
        yield from ("", "## What it shows", "", *(f"- {answer}" for answer in shared.opening.answers))
        if shared.opening.limits:
            yield from ("", "## What it does not show", "", *(f"- {limit}" for limit in shared.opening.limits))
    figures = [f"{FIGURES}/{name}" for name in MAIN_FIGURES if f"{FIGURES}/{name}" in shared.files]
    if figures:
        yield from ("", f"![{shared.study}: accuracy against cost]({figures[0]})")
    yield from ("", "## What was done", "", *facts(shared))
    yield from ("", "## Use", "", *use(shared))
    yield from ("", "## Files", "", *listing(shared.files))


def facts(shared: Shared) -> Iterator[str]:
    """What was trained or counted, on what and with which versions, as the tables tell."""
    runs, costs = shared.runs, shared.costs
    if len(runs):
        yield trained(runs)
        yield ""
        yield f"- models: {joined(values(runs, 'model'))}"
    elif len(costs):
        yield f"{len(costs)} variants, whose costs were counted; no network was trained."
        yield ""
        yield f"- models: {joined(values(costs, 'model'))}"
    table = runs if len(runs) else costs
    for column, name in COLUMNS.items():
        if known := values(table, column):
            yield f"- {name}: {', '.join(known)}"


def values(table: pd.DataFrame, column: str) -> list[str]:
    return list(dict.fromkeys(table[column].dropna().astype(str))) if column in table else []


def use(shared: Shared) -> Iterator[str]:
    """The commands that load the study."""
    weights = " hub.weights=true" if runs_with_weights(shared.files) else ""
    yield from (
        "```sh",
        f"python -m scaling_study task=pull hub.repo={shared.repo} study={shared.study}{weights}",
        "```",
    )
    if "runs.csv" in shared.files:
        yield ""
        yield from (
            "```python",
            "import scaling_study as ss",
            "",
            f'runs = ss.load_runs("results/{shared.study}")',
            "```",
        )
        yield ""
        yield from ("Or the table alone, with pandas and huggingface_hub:", "")
        yield from ("```python", "import pandas as pd", "")
        yield from (f'runs = pd.read_csv("hf://datasets/{shared.repo}/runs.csv")', "```")


def listing(files: Collection[str]) -> Iterator[str]:
    """The files with what they hold, those of one content in one line."""
    stems: dict[str, list[str]] = {}
    for name in sorted(name for name in files if "/" not in name):
        stems.setdefault(name.partition(".")[0], []).append(f"`{name}`")
    for stem, words in FILES.items():
        if stem in stems:
            yield f"- {', '.join(stems.pop(stem))}: {words}"
    if stems:
        yield f"- {', '.join(name for names in stems.values() for name in names)}: further tables of the analysis"
    if any(name.startswith(f"{FIGURES}/") for name in files):
        yield f"- `{FIGURES}/`: the figures"
    if kept := runs_with_weights(files):
        yield f"- `runs/`: the trained weights of {len(kept)} runs, with the settings and records to evaluate them"
