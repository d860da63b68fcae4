"""Text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.data import SOURCES
from scaling_study.records.columns import VARIANT

if TYPE_CHECKING:
    from scaling_study.config.schema import Config


UPDATES_MIN = 100  # of the weights, by which a network has learned something
DRIFT_MAX = 0.1  # of the time, between the first and the last third of a measurement's repetitions
OFF_MAX = 0.1  # share by which a network may cost more or less than asked for without a word
ENLARGED_MAX = 1.1  # of the side of an image
UPDATES_FEW = 1000  # below which networks of different sizes have come differently far
WAIT_MAX = 0.1  # of the training time that may go into waiting for images without a word
# Columns of the table of variants.
SHOWN = [
    *(
        "model",
        "epochs",
        "settings",
        "method",
        "depth",
        "width",
        "resolution",
        "resolution_px",
        "target",
        "built",
        "Mflops",
    ),
    *("kparams", "runs", "val_top1", "top1", "sd", "train_seconds"),
]


def variants(runs: pd.DataFrame) -> str:
    """One line per variant: mean over seeds of the finished runs, with n and the standard deviation over seeds."""
    done = runs[runs.status == "done"]
    if done.empty:
        return "No run is done."
    table = (
        done.groupby([*VARIANT, "epochs", "settings"], sort=False, dropna=False)
        .agg(
            flops_ratio=("flops_ratio", "first"),
            params=("params", "first"),
            runs=("seed", "size"),
            val_top1=("val_top1", "mean"),
            top1=("top1", "mean"),
            sd=("top1", "std"),
            train_seconds=("train_seconds", "mean"),
        )
        .reset_index()
        .rename(columns={"flops_target": "target", "flops_ratio": "built"})
    )
    table = table.assign(Mflops=table.flops / 1e6, kparams=table.params / 1e3, settings=table.settings.fillna(""))[
        SHOWN
    ]
    table = table.drop(
        columns=[name for name in ("model", "epochs", "settings") if table[name].nunique(dropna=False) == 1]
    )
    if table.target.isna().all():
        table = table.drop(columns=["target", "built"])
    formats = {"Mflops": "{:.3f}".format, "kparams": "{:.1f}".format, "train_seconds": "{:.0f}".format}
    formats |= dict.fromkeys(("depth", "width", "resolution", "built", "val_top1", "top1", "sd"), "{:.2f}".format)
    return table.to_string(index=False, formatters=formats | {"target": "{:g}".format}, na_rep="")


def reading(runs: pd.DataFrame, batch_size: int) -> Iterator[str]:
    """Lines about runs too short to learn anything, about runs that waited long for images, and about images that
    nobody could read; none where all was well."""
    done = runs[(runs.status == "done")]
    updates = done.train_images // batch_size * done.epochs
    if len(short := done[(updates < UPDATES_MIN).fillna(False)]):
        least, count = updates[short.index].min(), f"{len(short)} of {len(done)} runs"
        yield (
            f"{least} updates of the weights in all, in {count}: nothing was learned yet. Smaller recipe.batch_size or "
            f"more recipe.epochs give more; {UPDATES_MIN} are the least."
        )
    from_files = done.data.isin([name for name, source in SOURCES.items() if source.files]) | done.data.str.contains(
        "/"
    )
    slow = done[from_files.fillna(False) & (done.data_wait_fraction.fillna(0) > WAIT_MAX)]
    if len(slow):
        share = f"{100 * slow.data_wait_fraction.max():.0f}%"
        yield f"Waiting for images took up to {share} of the training time, in {len(slow)} of {len(done)} runs."
    lost = done[done.unreadable_images.fillna(0) > 0]
    if len(lost):
        most = lost.unreadable_images.max()
        yield f"{most} images could not be read and were left out; record.json of each run names them."


def few_updates(updates: Sequence[int]) -> Iterator[str]:
    """A warning where planned runs have fewer than UPDATES_FEW updates of the weights; ``updates``: of each run."""
    short = [count for count in updates if count < UPDATES_FEW]
    if short:
        yield (
            f"warning: {min(short)} updates of the weights in all, in {len(short)} of {len(updates)} runs: below "
            f"{UPDATES_FEW} differences between sizes may be those of how fast they learn. Smaller recipe.batch_size, "
            "more recipe.epochs or more data.train_images give more."
        )


def off_target(table: pd.DataFrame) -> Iterator[str]:
    """A warning for each variant whose flops are more than OFF_MAX off its budget. table: a row per planned run, with
    ``run_id``, ``target`` and ``built``, multiples of the baseline's flops."""
    off = (table.built / table.target - 1).astype(float)
    for row in table.assign(off=off)[off.abs() > OFF_MAX].drop_duplicates("built").itertuples():
        yield (
            f"warning: {row.run_id}: the nearest network that can be built has {row.built:.2f} times the baseline's "
            f"multiply-adds, {100 * row.off:+.0f}% off scaling.flops={row.target:g}."
        )


def enlarged(table: pd.DataFrame) -> Iterator[str]:
    """A warning where networks take in images that are enlarged by more than ENLARGED_MAX, which adds pixels and no
    detail. table: a row per planned run, with ``resolution_px`` and ``native_px``, missing where images differ."""
    large = table[table.resolution_px > ENLARGED_MAX * table.native_px.astype(float)]
    if len(large):
        yield (
            f"warning: {large.resolution_px.max()} pixels of images that have {large.native_px.iloc[0]:g}, in "
            f"{len(large)} of {len(table)} runs: enlarged images hold no more detail, so that what resolution brings "
            "there is not what it brings of larger images."
        )


def costs(table: pd.DataFrame) -> str:
    """One line per variant of the cost table. ``off_%``: how far the flops are from the budget, where there is one."""
    shown = pd.DataFrame({name: table[name] for name in ("model", "method", "depth", "width", "resolution")})
    shown["px"] = table.resolution_px
    shown["target"] = table.flops_target
    shown["built"] = table.flops_ratio
    shown["off_%"] = 100 * (table.flops_ratio / table.flops_target - 1)
    shown["Mflops"] = table.flops / 1e6
    shown["Mparams"] = table.params / 1e6
    shown["Mactivations"] = table.activations / 1e6
    shown["train_MB/image"] = table.activation_bytes / 1e6
    formats = dict.fromkeys(("depth", "width", "resolution", "built"), "{:.2f}".format)
    formats |= {"target": "{:g}".format, "off_%": "{:+.1f}".format, "Mflops": "{:.2f}".format}
    formats |= dict.fromkeys(("Mparams", "Mactivations"), "{:.3f}".format) | {"train_MB/image": "{:.1f}".format}
    if shown.target.isna().all():
        shown = shown.drop(columns=["target", "off_%"])
    return shown.to_string(index=False, formatters=formats, na_rep="")


def latencies(table: pd.DataFrame, costs: pd.DataFrame) -> str:
    """One line per variant, runtime and precision: latency of one image with its quartiles, and the best throughputs,
    each with its batch; no training where none was timed."""
    lines = []
    shown_settings = [column for column in ("runtime", "precision") if table[column].nunique() > 1]
    for (variant, *_), rows in table.groupby(["variant_id", "runtime", "precision"], sort=False):
        single = rows[(rows.workload == "inference") & (rows.batch_size == 1)].iloc[0]
        line = {"model": single.model, "method": single.method, "px": single.resolution_px}
        line |= {column: single[column] for column in shown_settings}
        line |= {"Mflops": costs.loc[variant].flops / 1e6, "latency_ms": 1e3 * single.seconds_median}
        line["p25-p75_ms"] = f"{1e3 * single.seconds_p25:.4g}-{1e3 * single.seconds_p75:.4g}"
        for workload, label in (("inference", "infer"), ("train_step", "train")):
            best = rows[rows.workload == workload].nlargest(1, "images_per_second")  # none where no batch could train
            line |= {f"{label}_img/s": best.images_per_second.max(), f"{label}_batch": best.batch_size.max()}
            line |= {f"{label}_J/img": best.joules_per_image.max()}
        lines.append(line)
    shown = pd.DataFrame(lines).sort_values("Mflops", kind="stable").dropna(axis="columns", how="all")
    formats = {"Mflops": "{:.1f}".format, "latency_ms": "{:.4g}".format}
    formats |= dict.fromkeys(("infer_img/s", "train_img/s"), "{:.2f}".format)
    formats |= dict.fromkeys(("infer_J/img", "train_J/img"), "{:.3g}".format)
    return shown.to_string(index=False, formatters=formats, na_rep="")


def drifted(table: pd.DataFrame) -> list[str]:
    """What is said of measurements whose last repetitions took longer or less than their first."""
    off = table[(table.drift - 1).abs() > DRIFT_MAX]
    if off.empty:
        return []
    worst = off.loc[(off.drift - 1).abs().idxmax()]
    return [
        f"{len(off)} of {len(table)} measurements drifted by more than {100 * DRIFT_MAX:g}%, most {worst.model} on "
        f"{worst.runtime} ({worst.workload}, batch {worst.batch_size}): its last repetitions took {worst.drift:.2f} "
        "times as long as its first; other work on this machine, or its clock, changes the times"
    ]


def places(config: Config) -> str:
    """Where the results are."""
    results, plots = config.study_dir, config.study_plots_dir
    return f"Tables: {results / 'runs.csv'} (.parquet), {results / 'history.csv'} (.parquet)\nFigures: {plots}/"


def failures(runs: pd.DataFrame, missing: set[str]) -> str:
    """The runs of a command that are not done, with the reason where there is one."""
    errors = {row.run_id: f"{row.error_type}: {row.error}" for row in runs[runs.status == "failed"].itertuples()}
    lines = [f"  {run_id}: {errors.get(run_id, 'not finished')}" for run_id in sorted(missing)]
    return "\n".join([f"error: {len(missing)} runs are not done; the same command tries them again:", *lines])
