"""The summary's part about learning rates: the best of each network, what the recipe's own costs, and exponents."""

from collections.abc import Iterator

import pandas as pd

from scaling_study.report.markdown import coefficients, epochs_text, interval, table


def rates_part(rates: pd.DataFrame) -> Iterator[str]:
    yield "## Does the best learning rate depend on the size?"
    yield ""
    yield (
        "The best rate is the top of a parabola through the best trained rate and its neighbors, by validation top-1; "
        "the loss is what the recipe's own rate costs. A best rate at the end of what was tried may lie beyond it."
    )
    yield ""
    best = rates[rates.what == "best rate"]
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "method": row.method,
                "depth, width, resolution": coefficients(row),
                "best rate": interval(row.value, row.low, row.high, "{:.3g}") + (", at the end" if row.at_edge else ""),
                "loss at the recipe's rate": interval(row.loss, row.loss_low, row.loss_high, "{:.2f}"),
                "n": row.n,
            }
            for row in best.itertuples()
        ]
    )
    for (model, epochs), rows in rates[rates.what == "exponent"].groupby(["model", "epochs"], dropna=False):
        keys = ", ".join(
            f"recipe.learning_rate_{row.method}={row.value:.2f} ({row.low:.2f} to {row.high:.2f})"
            if pd.notna(row.low)
            else f"recipe.learning_rate_{row.method}={row.value:.2f}"
            for row in rows.itertuples()
        )
        yield ""
        yield f"The best rates of {', '.join(filter(None, (model, epochs_text(epochs))))} follow {keys}."
