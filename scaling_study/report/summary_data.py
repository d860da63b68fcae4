"""The summary's part about the data: what was trained for how long, and what the words of the summary mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaling_study.analysis.rules import one_rule
from scaling_study.report.markdown import alternatives, lengths_text
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.analysis.study import Analysis

SHORT = 10  # epochs up to which training counts as short
NETWORK = ["model", "method", *AXES]
METHODS = {
    "compound": "compound grows all three together by one rule, by powers of one factor for each axis",
    "fast": "fast grows all three, but mostly width",
    "custom": "custom is any other choice of the three coefficients",
}
COSTS = (
    "Costs are those of the network as built: multiply-adds of a forward pass of one image, parameters, activations "
    "(output elements of convolutions and linear layers, one image), training memory (what is kept for the backward "
    "pass, one image), training time (training steps of a whole run) and latency (median measured time of one image)."
)


def data_part(analysis: Analysis) -> Iterator[str]:
    runs, tables = analysis.runs, analysis.tables
    if len(runs):
        yield trained(runs)
        yield ""
        yield f"- {methods(runs)}"
        yield "- Models are described in docs/reference/networks.md, recipes in docs/reference/configuration.md."
        yield f"- {COSTS}"
        yield "- Intervals are 95%; accuracies are top-1 on the test split in percent; n is the number of seeds."
    else:
        yield "No finished runs: nothing below is an accuracy of this study's own."
        yield ""
        if "time_fits" in tables:
            yield f"- {COSTS}"
        yield "- Intervals are 95%."
    yield from (f"- {note}" for note in analysis.notes)


def trained(runs: pd.DataFrame) -> str:
    """How many runs of how many networks, how long, with how many seeds."""
    seeds = runs.groupby(["epochs", *NETWORK], dropna=False).seed.nunique()
    networks = len(runs[NETWORK].drop_duplicates())
    length = lengths_text(runs.epochs)
    recipe = list(runs.recipe.dropna().unique()) if "recipe" in runs else []
    how = f" for {length}" if length else ""
    how += f" (recipe {recipe[0]})" if len(recipe) == 1 else ""
    models = ", ".join(dict.fromkeys(runs.model))
    words = f"{len(runs)} finished runs: {networks} network{'s' if networks > 1 else ''} scaled from {models}, trained"
    words += f"{how} with {spread(seeds)} each."
    if length and runs.epochs.max() <= SHORT:
        words += " After so short a training an accuracy shows how fast a network learns, not what it can reach."
    return words


def methods(runs: pd.DataFrame) -> str:
    runs = one_rule(runs)
    single = [axis for axis in AXES if (runs.method == axis).any()]
    parts = [f"{alternatives(single)} grows that axis of the baseline alone"] if single else []
    parts += [words for method, words in METHODS.items() if (runs.method == method).any()]
    coefficients = "a coefficient such as 1.2 multiplies an axis of the baseline"
    return f"Methods: {'; '.join([*parts, coefficients])}."


def spread(counts: pd.Series) -> str:
    low, high = counts.min(), counts.max()
    return f"{low} seed{'s' if low > 1 else ''}" if low == high else f"{low} to {high} seeds"
