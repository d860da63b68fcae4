"""Text for the terminal."""

from pathlib import Path

VARIANT = ["method", "depth", "width", "resolution", "resolution_px", "flops", "params"]


def variants(runs):
    """One line per variant: mean over seeds of the finished runs, with n and the standard deviation over seeds."""
    done = runs[runs.status == "done"]
    if done.empty:
        return "No run is done."
    groups = done.groupby(VARIANT, sort=False, dropna=False)
    table = groups.agg(
        runs=("seed", "size"), top1=("top1", "mean"), sd=("top1", "std"), val_top1=("val_top1", "mean"),
        train_seconds=("train_seconds", "mean"),
    ).reset_index()  # fmt: skip
    table["Mflops"] = table.pop("flops") / 1e6
    table["kparams"] = table.pop("params") / 1e3
    columns = [
        "method",
        "depth",
        "width",
        "resolution",
        "resolution_px",
        "Mflops",
        "kparams",
        "runs",
        "val_top1",
        "top1",
        "sd",
    ]
    formats = {"Mflops": "{:.3f}".format, "kparams": "{:.1f}".format, "train_seconds": "{:.0f}".format}
    formats |= dict.fromkeys(("depth", "width", "resolution", "val_top1", "top1", "sd"), "{:.2f}".format)
    return table[[*columns, "train_seconds"]].to_string(index=False, formatters=formats, na_rep="")


def places(config):
    """Where the results are."""
    results, plots = Path(config.results_dir) / config.study, Path(config.plots_dir) / config.study
    return f"Tables: {results / 'runs.csv'} (.parquet), {results / 'history.csv'} (.parquet)\nFigures: {plots}/"


def failures(runs, missing):
    """The runs of a command that are not done, with the reason where there is one."""
    errors = {row.run_id: f"{row.error_type}: {row.error}" for row in runs[runs.status == "failed"].itertuples()}
    lines = [f"  {run_id}: {errors.get(run_id, 'not finished')}" for run_id in sorted(missing)]
    return "\n".join([f"error: {len(missing)} runs are not done; the same command tries them again:", *lines])
