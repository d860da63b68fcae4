"""The summary's part about learning rates and weight decays: the best of each network, what the recipe's own costs, and
the rule by size."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from scaling_study.report.markdown import alternatives, coefficients, epochs_text, interval, joined, table


def rates_part(rates: pd.DataFrame) -> Iterator[str]:
    for n, (rate, rows) in enumerate(rates.groupby("rate", sort=False)):
        yield from ([""] if n else [])
        yield from rate_lines(str(rate), rows)


def rate_lines(rate: str, rates: pd.DataFrame) -> Iterator[str]:
    words = rate.replace("_", " ")
    yield f"## Does the best {words} depend on the size?"
    yield ""
    best = rates[rates.what == "best rate"]
    predicted = best.predicted.notna().any()
    yield (
        "The best is the top of a parabola through the best trained value and its neighbors, by validation top-1; the "
        f"loss is what the recipe's own {words} costs. A best value at the end of what was tried may lie beyond it."
        + (" Expected is what the rule through the other networks alone predicts." if predicted else "")
    )
    yield ""
    yield from table([cells(row, words, predicted) for row in best.itertuples()])
    for (model, epochs), part in rates.groupby(["model", "epochs"], dropna=False):
        name = ", ".join(filter(None, (model, epochs_text(epochs))))
        exponents = part[part.what == "exponent"]
        if len(exponents):
            yield ""
            yield f"The best values of {name} follow {joined(map(exponent_words, exponents.itertuples()))}."
            yield kept_sentence(part)
        yield ""
        yield f"{name}: {held_out_sentence(part[part.what == 'best rate'], words)}"


def cells(row: Any, words: str, predicted: bool) -> dict[str, Any]:
    found = {
        "model": row.model,
        "epochs": row.epochs,
        "method": row.method,
        "depth, width, resolution": coefficients(row),
        f"best {words}": interval(row.value, row.low, row.high, "{:.3g}") + (", at the end" if row.at_edge else ""),
        "loss at the recipe's": interval(row.loss, row.loss_low, row.loss_high, "{:.2f}"),
        "n": row.n,
    }
    if predicted:
        found["expected"] = "none" if pd.isna(row.predicted) else f"{row.predicted:.3g}"
        found["best / expected"] = interval(row.ratio, row.ratio_low, row.ratio_high, "{:.2f}")
    return found


def exponent_words(row: Any) -> str:
    words = f"recipe.{row.rate}_{row.method}={row.value:.2f}"
    return words if pd.isna(row.low) else f"{words} ({row.low:.2f} to {row.high:.2f})"


def kept_sentence(part: pd.DataFrame) -> str:
    """The rule with the exponents that are distinguishable from 0, as the preset has it."""
    rule = dict(zip(*(part.loc[part.what == "rule", name] for name in ("method", "value")), strict=True))
    start = f"{rule.pop('baseline'):.3g} at the baseline"
    if not rule:
        chance = "" if part.low.notna().any() else ", for with one seed there is no interval"
        return f"No exponent is distinguishable from 0{chance}, so the rule is one value for all sizes: {start}."
    powers = joined(f"{axis} to the power of {power:.2f}" for axis, power in rule.items())
    return f"The rule keeps what is distinguishable from 0: {start}, times {powers}."


def held_out_sentence(best: pd.DataFrame, words: str) -> str:
    """How well the rule predicts the best of networks that it was not fitted on."""
    known = best[best.ratio.notna()]
    if known.empty:
        return "too few networks with a best value between those tried to predict one of them from the others."
    off = pd.concat([known.ratio, 1 / known.ratio]).max()
    line = (
        f"the rule predicts the best {words} of networks it was not fitted on within a factor of {off:.2f} "
        f"({len(known)} of {len(best)} networks, each left out in turn"
    )
    ends = pd.concat([known.ratio_high, 1 / known.ratio_low])
    return f"{line}; up to {ends.max():.2f} by their intervals)." if ends.notna().any() else f"{line})."


def rates_sentence(rates: pd.DataFrame | None) -> str | None:
    """The best rates of all networks, whether they depend on the size, and what the recipe's own costs; None without a
    sweep of rates. rates: of one model and length of training; of two kinds of rates, the first."""
    if rates is None or rates.empty:
        return None
    rates = rates[rates.rate == rates.rate.iloc[0]]
    best = rates[rates.what == "best rate"]
    if best.value.notna().sum() < 2:
        return None
    words = str(rates.rate.iloc[0]).replace("_", " ")
    edge = f" ({best.at_edge.sum()} of them at the end of what was tried)" if best.at_edge.any() else ""
    loss = ""
    if best.loss.notna().any():
        loss = (
            f"; the recipe's own costs each of them an estimated {best.loss.min():.2f} to {best.loss.max():.2f} points"
        )
        loss += f" (by the intervals at most {best.loss_high.max():.1f})" if best.loss_high.notna().any() else ""
    return (
        f"By validation top-1, the best {words} of the {len(best)} networks lies between {best.value.min():.3g} and "
        f"{best.value.max():.3g}{edge}{size_words(rates)}{loss}."
    )


def size_words(rates: pd.DataFrame) -> str:
    """On which axes the best rate depends; nothing where no exponent has an interval."""
    exponents = rates[(rates.what == "exponent") & rates.low.notna()]
    if exponents.empty:
        return ""
    kept = rates[(rates.what == "rule") & (rates.method != "baseline")]
    if kept.empty:
        return f" and does not distinguishably depend on {alternatives(exponents.method)}"
    return f" and depends on {joined(f'{row.method} (to the power of {row.value:.2f})' for row in kept.itertuples())}"
