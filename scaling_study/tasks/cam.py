"""task=cam: class activation maps of the baseline and of each method's network at one budget, on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.analysis.one_budget import FACTOR_MAX, at_budget, comparable, largest_budget
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.costs import versions
from scaling_study.records.costs import write_rows
from scaling_study.records.store import RunFolder, require_writable
from scaling_study.records.tables import read_study
from scaling_study.report.drawing import draw_maps, report_failure
from scaling_study.scaling.coefficients import AXES
from scaling_study.system.progress import counter

if TYPE_CHECKING:
    from scaling_study.config.schema import Config
    from scaling_study.execution.activation_maps import Few, Seen
    from scaling_study.planning.jobs import Job

TABLE = "cam"
KEEP = "checkpoint.keep=true"


def run(jobs: Sequence[Job]) -> int:
    """Choose networks and images, compute the maps, write the table and the figure. Exit status 1 where a network is
    left out because its weights cannot be used, or the figure cannot be drawn."""
    from scaling_study.measure.activation_maps import require_torchcam  # loads torch, which takes seconds

    config = jobs[0].config
    runs, budget = networks(config)
    require_torchcam()
    require_writable(config.study_dir)
    require_writable(config.study_plots_dir)
    few, seen, failed = maps(jobs[0], runs)
    runs = runs[runs.run_id.isin(seen)]
    found = [row for one in runs.to_dict("records") for row in rows(one, few, seen[one["run_id"]])]
    table = write_rows(config.study_dir, TABLE, found)
    pictures = {run_id: one.pictures for run_id, one in seen.items()}
    values = {run_id: one.maps.values for run_id, one in seen.items()}
    drawn = draw_maps(config.study_plots_dir, config.formats, runs, table, pictures, values, budget)
    print(text_of(runs, table))
    print("\n".join(map(str, [config.study_dir / f"{TABLE}.csv", *drawn.files])))
    return 1 if failed else drawn.status


def networks(config: Config) -> tuple[pd.DataFrame, float]:
    """(the run of each network that is shown, the budget as a multiple of the baseline's multiply-adds).

    Raises StudyError where the study kept no such weights, ConfigError for a key that names others.
    """
    runs = comparable(kept_runs(config))
    if runs.multiple.isna().all():
        raise StudyError(f"study={config.study}: no run of the baseline kept its weights; {remedy()}")
    budget = config.cam.flops or largest_budget(runs)
    if budget is None:
        raise StudyError(f"study={config.study}: of a scaled network no run kept its weights; {remedy()}")
    chosen = at_budget(runs, budget)
    if set(chosen.method) == {"baseline"}:
        known = sorted({f"{value:.2f}" for value in runs.multiple[runs.method != "baseline"]}, key=float)
        there = ", ".join(known) or "none"
        message = f"no network with weights is within {FACTOR_MAX - 1:.0%} of it; there are {there}"
        raise ConfigError("cam.flops", f"{budget:g}", message)
    return chosen, budget


def kept_runs(config: Config) -> pd.DataFrame:
    """The finished runs of the configured model and data that have their weights."""
    if not config.study_dir.is_dir():
        raise StudyError(f"study={config.study}: there is no folder {config.study_dir}")
    runs, _ = read_study(config.study_dir)
    runs = runs[runs.status == "done"]
    runs = runs[[folder_of(config, run_id).checkpoint.is_file() for run_id in runs.run_id]]
    if runs.empty:
        raise StudyError(f"study={config.study}: no finished run kept its weights; {remedy()}")
    for key, column in (("model.name", "model"), ("data.name", "data")):
        asked = getattr(config, column).name
        if asked not in set(runs[column]):
            there = " and ".join(sorted(set(runs[column])))
            raise ConfigError(key, asked, f"study={config.study} kept weights of {there}; give {column}=NAME of it")
        runs = runs[runs[column] == asked]
    return runs


def remedy() -> str:
    return f"train with {KEEP} and a study=NAME of its own, since what is finished is not trained again"


def folder_of(config: Config, run_id: str) -> RunFolder:
    return RunFolder(config.study_dir / "runs" / run_id)


def maps(job: Job, runs: pd.DataFrame) -> tuple[Few, dict[str, Seen], list[str]]:
    """(the images, {run_id: what its network makes of them}, a line for each network that is left out).

    Raises StudyError where no network is left.
    """
    import torch

    from scaling_study.execution.activation_maps import few_images, seen_by
    from scaling_study.training.device import choose_device

    config = job.config
    torch.set_num_threads(config.threads)
    device = choose_device(config.device)
    few, seen, failed = few_images(job, device), {}, []
    for run_id, _ in counter(dict.fromkeys(runs.run_id), "maps of"):
        try:
            seen[run_id] = seen_by(folder_of(config, run_id), job, few, device)
        except Exception as error:  # of whatever kind a state that is no network's raises
            failed.append(report_failure(f"{run_id} is left out", error))
    if not seen:
        raise StudyError(f"study={config.study}: the weights of no network can be used")
    return few, seen, failed


def rows(run: dict[str, Any], few: Few, seen: Seen) -> list[dict[str, Any]]:
    """The rows of the table of one network, one per image."""
    from scaling_study.measure.activation_maps import half_area

    identity = {column: run[column] for column in ("study", "run_id", "model", "method", "flops", "resolution_px")}
    identity |= {"flops_multiple": run["multiple"], "map_px": seen.maps.cells[1]} | versions()
    found = zip(few.numbers, seen.labels, seen.maps.probabilities, seen.maps.values, strict=True)
    return [
        identity
        | {
            "image": number,
            "true_class": seen.name(label),
            "predicted_class": seen.name(chances.argmax()),
            "probability": chances.max(),
            "true_probability": chances[label],
            "right": bool(chances.argmax() == label),
            "half_area": half_area(values),
        }
        for number, label, chances, values in found
    ]


def text_of(runs: pd.DataFrame, table: pd.DataFrame) -> str:
    """A line per network: what it is, how many images it gets right, and how concentrated its maps are on average."""
    means = table.groupby("run_id")[["right", "half_area"]].agg({"right": "sum", "half_area": "mean"})
    shown = runs[["method", *AXES, "resolution_px", "multiple"]].assign(Mflops=runs.flops / 1e6)
    shown = shown.join(means.loc[runs.run_id].set_index(runs.index)).assign(images=len(table) // len(runs))
    formats = dict.fromkeys((*AXES, "multiple", "half_area"), "{:.2f}".format) | {"Mflops": "{:.3f}".format}
    return shown.to_string(index=False, formatters=formats, na_rep="")
