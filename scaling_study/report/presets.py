"""What an analysis found as choices of config groups: a searched triple, the law's direction, best rates by size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import yaml

from scaling_study.config.presets import plain, recipe_file, recipe_preset
from scaling_study.config.ranges import EXPONENT
from scaling_study.report.markdown import epochs_text, interval
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    import pandas as pd

PARTS = ["model", "epochs"]


def presets_of(study: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """{path under conf/: text of the YAML file} of the tables of an Analysis, {name: frame}.

    Of a model that was trained for several lengths there is a file for each, which the name tells.
    """
    makers = {"search": searched, "law": directions, "rates": recipes}
    found: dict[str, str] = {}
    for name, make in makers.items():
        if name in tables:
            found |= dict(make(study, tables[name]))
    return found


def searched(study: str, search: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """The best triple of each search, as options of the group ``scaling``."""
    best = search[search.verdict == "best"]
    for row in best.itertuples():
        seeds = f"{row.n} seed{'s' if row.n > 1 else ''}"
        lines = [
            f"# The best triple of the search in study {study}: {row.accuracy:.2f}% validation top-1, {seeds}.",
            *triple_lines(row.alpha, row.beta, row.gamma),
        ]
        yield f"scaling/searched_{row.model}{suffix(best, row.epochs)}.yaml", text_of(lines)


def directions(study: str, law: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """The law's best direction at twice the baseline's cost, as options of the group ``scaling``, scaled to
    alpha * beta**2 * gamma**2 = 2."""
    from scaling_study.analysis.directions import NOMINAL  # loads scipy, which takes half a second

    rows = law[(law.quantity == "best direction") & (law.budget == 2)]
    for (model, epochs), part in rows.groupby(PARTS, dropna=False):
        logs = {row.axis: NOMINAL[row.axis] * math.log(row.value) for row in part.itertuples()}
        shares = {axis: value / sum(logs.values()) for axis, value in logs.items()}
        triple = {axis: 2 ** (shares.get(axis, 0.0) / NOMINAL[axis]) for axis in AXES}
        ends = "; ".join(f"{row.axis} {row.value:.3g} ({row.low:.3g} to {row.high:.3g})" for row in part.itertuples())
        doubt = ", an extrapolation" if part.extrapolated.any() else ""
        lines = [
            f"# The best direction by the law of study {study}, at twice the baseline's multiply-adds{doubt}:",
            f"# {ends}, 95% intervals.",
            *triple_lines(triple["depth"], triple["width"], triple["resolution"]),
        ]
        yield f"scaling/law_{model}{suffix(rows, epochs)}.yaml", text_of(lines)


def triple_lines(alpha: float, beta: float, gamma: float) -> list[str]:
    return [
        *("defaults:", "  - default", "  - _self_"),
        *(f"{name}: {value:.4g}" for name, value in (("alpha", alpha), ("beta", beta), ("gamma", gamma))),
    ]


def recipes(study: str, rates: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """The recipe with the best learning rate, or weight decay, by size, as an option of the group ``recipe``: of each
    part that has a rule and was trained by one recipe."""
    for (rate, model, epochs), own in rates.groupby(["rate", *PARTS], dropna=False):
        rule = own[own.what == "rule"]
        if rule.empty or rule.recipe.isna().any():
            continue
        name = f"{rate}_{model}{suffix(rates[rates.rate == rate], epochs)}"
        first = rule.iloc[0]
        found = dict(zip(rule.method, rule.value, strict=True))
        values = changed(first.recipe, "" if first.isna().settings else first.settings, rate, found)
        if epochs_text(epochs):
            values = {"epochs": int(epochs)} | values
        lines = [
            f"# The best {rate} by size in study {study}, by validation top-1. Exponents whose 95% interval contains 0",
            "# are 0 here, and the rest is fitted without them:",
            *(f"# {line}" for line in estimates(own, found)),
            "defaults:",
            f"  - {first.recipe if recipe_file(first.recipe).is_file() else '/recipe_base@_here_'}",
            "  - _self_",
            f"name: {name}",
            *(f"{key}: {plain(value)}" for key, value in values.items()),
        ]
        yield f"recipe/{name}.yaml", text_of(lines)


def changed(recipe: str, settings: str, rate: str, found: Mapping[str, float]) -> dict[str, Any]:
    """The keys that a recipe with a rule changes. settings: what the runs changed in ``recipe``; found: the rate at the
    baseline, as training used it, and exponents by axis."""
    values = {key: yaml.safe_load(value) for key, _, value in (word.partition("=") for word in settings.split())}
    known = recipe_preset(recipe) | values
    start = found["baseline"]
    if rate == "learning_rate" and known["learning_rate_batch"]:
        start *= float(known["learning_rate_batch"]) / float(known["batch_size"])
    powers = {f"{rate}_{axis}": found.get(axis, 0.0) for axis in AXES}
    powers = {key: min(max(round(power, 3), EXPONENT.low), EXPONENT.high) for key, power in powers.items()}
    return values | {rate: float(f"{start:.4g}")} | powers


def estimates(own: pd.DataFrame, found: Mapping[str, float]) -> Iterator[str]:
    """Lines on the baseline's own best, on every exponent, and on how well the rule predicts networks left out."""
    for row in own[(own.what == "best rate") & (own.method == "baseline")].itertuples():
        yield f"baseline's own best {interval(row.value, row.low, row.high, '{:.3g}')}, n = {row.n}"
    for row in own[own.what == "exponent"].itertuples():
        estimate = interval(row.value, row.low, row.high, "{:.2f}")
        yield f"exponent of {row.method} {estimate}, {'kept' if row.method in found else '0 here'}"
    ratios = own.ratio.dropna()
    if len(ratios):
        yield (
            f"{len(ratios)} networks had their best at {ratios.min():.2g} to {ratios.max():.2g} times what the rule "
            "without them predicts"
        )


def suffix(rows: pd.DataFrame, epochs: Any) -> str:
    """What tells lengths of training apart in a file's name, where a model of ``rows`` has several."""
    several = rows.groupby("model").epochs.nunique().max() > 1
    return f"_{epochs:g}epochs" if several and epochs_text(epochs) else ""


def text_of(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
