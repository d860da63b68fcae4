"""From the run table to what is drawn: variants with their mean and range over seeds, and the texts of titles."""

import pandas as pd

from scaling_study.analysis.settings import TUNED
from scaling_study.records.columns import VARIANT


def studies(runs: pd.DataFrame) -> dict[tuple[str, float], pd.DataFrame]:
    """{(model, epochs): its finished runs, with the baselines of models that were not scaled as references}."""
    done = runs[runs.status == "done"]
    scaled = done.model[done.method != "baseline"].unique()
    models = scaled if len(scaled) else done.model.value_counts().index[:1]
    return {
        (model, epochs): rows[(rows.model == model) | ~rows.model.isin(models)]
        for model in models
        for epochs, rows in done.groupby("epochs", dropna=False)
        if (rows.model == model).any()
    }


def variants(runs: pd.DataFrame, y: str, cost: str = "flops") -> pd.DataFrame:
    """Mean, least and greatest of column ``y`` over the seeds of each finished variant whose ``cost`` is known.

    Returns a frame with the columns of VARIANT, the mean of ``cost``, phi, n, mean, low and high, sorted by cost.
    Raises ValueError where the table has no column ``cost``.
    """
    if cost not in runs:
        raise ValueError(f"cost={cost}: the run table has no such column")
    done = runs[(runs.status == "done") & runs[cost].notna()]
    known = [column for column in VARIANT if column in done]  # of tables that were not read from a study
    groups = done.groupby(known, as_index=False, dropna=False)
    columns = {"n": (y, "size"), "mean": (y, "mean"), "low": (y, "min"), "high": (y, "max")}
    means = {} if cost in known else {cost: (cost, "mean")}
    return groups.agg(phi=("phi", "first"), **means, **columns).sort_values(cost, ignore_index=True)


def cost_of(table: pd.DataFrame) -> str:
    """The cost that a table of an analysis is by; tables of one cost alone may leave it out, which is then flops."""
    return table.cost.iloc[0] if "cost" in table else "flops"


def curve(table: pd.DataFrame, method: str, cost: str = "flops") -> pd.DataFrame:
    """The points of one method with the baseline, where it starts, by growing cost."""
    return pd.concat([table[table.method == "baseline"], table[table.method == method]]).sort_values(cost)


def seeds_note(table: pd.DataFrame) -> str:
    """What the bars mean, with n."""
    counts = sorted(set(table.n))
    n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"n = {n} seed{'' if counts == [1] else 's'} per point" + ("" if counts == [1] else ", mean and range")


def about(runs: pd.DataFrame, model: str) -> str:
    """Data set, baseline, recipe and length of training of the runs, for the title."""
    data, recipe = (" and ".join(sorted(set(runs[column].dropna()))) for column in ("data", "recipe"))
    best = ", each at its best settings" if (runs.get("settings", pd.Series(dtype="string")) == TUNED).any() else ""
    return f"{data}, {trained(model, runs)}, {recipe}{best}"


def seeds(rows: pd.DataFrame) -> str:
    """The column ``n`` in words."""
    low, high = rows.n.min(), rows.n.max()
    return f"n = {low} seed{'s' if low > 1 else ''}" if low == high else f"n = {low} to {high} seeds"


def intervals(rows: pd.DataFrame) -> str:
    """What the bars are, by the column ``low``, which single seeds leave empty."""
    return "95% intervals" if rows.low.notna().any() else "no intervals"


def trained(model: str, rows: pd.DataFrame) -> str:
    """The model and for how long it was trained, where the rows hold that."""
    epochs = sorted(set(rows.epochs.dropna()))
    lengths = " and ".join(f"{count:g}" for count in epochs)
    return f"{model}, {lengths} epoch{'s' if epochs != [1] else ''}" if epochs else model
