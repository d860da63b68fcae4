"""One figure of those that tables give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scaling_study import figures

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.figures.chart import Chart


def analyzed(
    tables: dict[str, pd.DataFrame], runs: pd.DataFrame | None = None, cost: str = "flops"
) -> dict[str, Callable[[], Chart | None]]:
    """Drawings of an analysis without costs."""
    import pandas as pd

    return figures.of_analysis(tables, pd.DataFrame() if runs is None else runs, pd.DataFrame(), no_latencies(), cost)


def no_latencies() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"variant_id": [], "workload": [], "batch_size": [], "runtime": [], "precision": []})


def of_runtime(latencies: pd.DataFrame, runtime: str) -> pd.DataFrame:
    """The rows of a runtime, those in fp32 where it was timed in several precisions. Raises ValueError, with the
    runtimes that there are, where there is none of it."""
    if len(latencies) and runtime not in set(latencies.runtime):
        raise ValueError(f"runtime={runtime}: the table has {', '.join(sorted(set(latencies.runtime)))}")
    found = latencies[latencies.runtime == runtime]
    precise = found[found.precision == "fp32"]
    return precise if len(precise) else found


def only(
    name: str, drawings: dict[str, Callable[[], Chart | None]], model: str | None = None, epochs: int | None = None
) -> Chart:
    """The Chart of the one drawing of that name. Raises ValueError where there is none, and where several fit."""
    wanted = {key: draw for key, draw in drawings.items() if key == name or key.startswith(f"{name}-")}
    if model is not None:
        wanted = {key: draw for key, draw in wanted.items() if f"-{model}" in key} or wanted
    if epochs is not None:
        wanted = {key: draw for key, draw in wanted.items() if key.endswith(f"-{epochs}epochs")} or wanted
    if len(wanted) > 1:
        raise ValueError(f"{name}: give model and epochs; the tables hold {', '.join(wanted)}")
    chart = next(iter(wanted.values()))() if wanted else None
    if chart is None:
        raise ValueError(f"{name}: there is nothing to draw")
    return chart
