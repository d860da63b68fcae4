"""task=paper: a study's costs and latencies beside the published ones, as Markdown on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scaling_study.analysis.latency import setting_words
from scaling_study.errors import StudyError
from scaling_study.literature import published
from scaling_study.records.costs import SETTING, load_table

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    folder = jobs[0].config.study_dir
    costs, latencies = load_table(folder, "costs"), load_table(folder, "latencies")
    if costs.empty:
        raise StudyError(f"study={jobs[0].config.study}: {folder} holds no costs; run task=cost or task=latency first")
    print("\n".join([*counts(costs), "", *speedups(latencies)]))
    return 0


def counts(costs: pd.DataFrame) -> Iterator[str]:
    """Lines of the table of parameters and multiply-adds of the baselines that the paper's Table 2 has too."""
    paper = published(torchvision=False)
    paper = paper[(paper.table == "Table 2") & paper.built_as.notna()].set_index("built_as")
    yield "| model | pixels | params, measured | paper | difference | multiply-adds, measured | paper | difference |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    standard = ~costs.small_stem.fillna(False).astype(bool)
    mine = costs[(costs.method == "baseline") & standard & costs.model.isin(paper.index)]
    for row in mine.sort_values("flops").itertuples():
        printed = paper.loc[row.model]
        params, flops = f"{row.params / 1e6:.2f} M", f"{row.flops / 1e9:.3f} G"
        yield (
            f"| {printed.model} | {row.resolution_px} | {params} | {printed.params / 1e6:g} M | "
            f"{difference(row.params, printed.params)} | {flops} | {printed.flops / 1e9:g} G | "
            f"{difference(row.flops, printed.flops)} |"
        )


def difference(measured: float, printed: float) -> str:
    return f"{100 * (measured / printed - 1):+.1f}%"


def speedups(latencies: pd.DataFrame) -> Iterator[str]:
    """Lines of the table of latency ratios: the pairs of the paper's Table 4 that were timed in the same setting."""
    paper = published(torchvision=False)
    paper = paper[(paper.table == "Table 4") & paper.built_as.notna()].set_index("built_as")
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    yield "| device, CPU threads, precision, runtime | ResNet-152, s | EfficientNet-B1, s | ratio | paper's ratio |"
    yield "| --- | --- | --- | --- | --- |"
    slow, fast = "resnet152", "efficientnet_b1"
    printed = paper.latency_seconds[slow] / paper.latency_seconds[fast]
    for setting, rows in single.groupby(SETTING, dropna=False):
        rows = rows[rows.method == "baseline"].drop_duplicates("model", keep="last").set_index("model")
        if {slow, fast} <= set(rows.index):
            words = setting_words(dict(zip(SETTING, setting, strict=True)))
            one, other = rows.loc[slow], rows.loc[fast]
            yield f"| {words} | {quartiles(one)} | {quartiles(other)} | {ratio(one, other)} | {printed:.1f} |"


def ratio(one: Any, other: Any) -> str:
    """Of the medians, and in brackets what it is where one time is at its lower and the other at its upper quartile."""
    middle = f"{one.seconds_median / other.seconds_median:.1f}"
    if not min(one.seconds_p25, other.seconds_p25) > 0:  # of imported times
        return middle
    return f"{middle} ({one.seconds_p25 / other.seconds_p75:.1f} to {one.seconds_p75 / other.seconds_p25:.1f})"


def quartiles(row: Any) -> str:
    around = f" ({row.seconds_p25:.3f} to {row.seconds_p75:.3f})" if row.seconds_p25 > 0 else ""  # of imported times
    return f"{row.seconds_median:.3f}{around}"
