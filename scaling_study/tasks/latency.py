"""task=latency: what the variants of a sweep cost, and how long they take on this device."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.analysis.latency import in_setting, setting_words
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution import costs as counts
from scaling_study.execution.memory import check_memory
from scaling_study.execution.timing import limits_apart, timed_apart
from scaling_study.records.costs import add_rows, load_table, require_readable
from scaling_study.report import terminal
from scaling_study.system.progress import counter

if TYPE_CHECKING:
    import torch

    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Measure, tabulate and print; what the study's table holds for this device and these versions stays. Exit status 1
    where a variant could not be timed on a runtime; the others are. With ``latency.import`` times come from there."""
    if jobs[0].config.latency.import_:
        from scaling_study.tasks import latency_import

        return latency_import.run(jobs)
    from scaling_study.execution.check import check_optimizers
    from scaling_study.training.device import choose_device

    config = jobs[0].config
    require_readable(config.study_dir, "latencies", "devices")
    device = choose_device(config.device)
    settings, impossible = settings_of(config, device)
    check_memory(jobs, device, images=1)
    check_optimizers(jobs)
    costs = counts.counted(jobs).set_index("variant_id")
    wanted = counts.variants(jobs)
    failed = time_missing(config, wanted, settings, costs)
    limited = {setting["precision"]: setting for setting in settings if setting["precision"] != "int8"}
    failed += [line for setting in limited.values() for line in limit_missing(config, setting)]
    table = load_table(config.study_dir, "latencies")
    shown = pd.concat([in_setting(table, setting) for setting in settings], ignore_index=True)
    shown = shown[shown.variant_id.isin(wanted)]
    print(words_of(settings))
    if len(shown):
        print(terminal.latencies(shown, costs))
    print(f"Tables: {config.study_dir / 'costs.csv'}, {config.study_dir / 'latencies.csv'}")
    for line in [*impossible, *energy_missing(device)]:
        print(line)
    for line in [*terminal.drifted(shown), *failed]:
        print(f"warning: {line}", file=sys.stderr)
    return 1 if failed else 0


def words_of(settings: list[dict[str, Any]]) -> str:
    """The device, threads, precisions and runtimes of a command, in words."""
    several = {
        name: " and ".join(dict.fromkeys(setting[name] for setting in settings)) for name in ("precision", "runtime")
    }
    return setting_words(settings[0] | several)


def settings_of(config: Config, device: torch.device) -> tuple[list[dict[str, Any]], list[str]]:
    """For each runtime and precision, the columns that two times must share to be compared; and a line for each pair
    that cannot be. Raises ConfigError for a runtime that is not installed, and for a runtime or a precision of which
    nothing can be timed."""
    from scaling_study.measure.runtimes import hindrance, version_of
    from scaling_study.training.device import choose_precision, describe

    precisions = config.latency.precision or [choose_precision(config.recipe.precision, device)]
    pairs = {
        (name, precision): hindrance(name, precision, device)
        for name in config.latency.runtime
        for precision in precisions
    }
    for name in config.latency.runtime:
        require_one("latency.runtime", name, [pairs[name, precision] for precision in precisions])
    for precision in precisions:
        require_one("latency.precision", precision, [pairs[name, precision] for name in config.latency.runtime])
    common = {"device": describe(device), "threads": config.threads} | counts.versions()
    settings = [
        common | {"precision": precision, "runtime": name, "runtime_version": version_of(name)}
        for (name, precision), reason in pairs.items()
        if not reason
    ]
    return settings, [
        f"{name} in {precision} was not timed: {reason}" for (name, precision), reason in pairs.items() if reason
    ]


def require_one(key: str, value: str, hindrances: list[str]) -> None:
    """Raise ConfigError where nothing with the ``value`` of ``key`` can be timed; an empty hindrance is none."""
    if all(hindrances):
        raise ConfigError(key, value, "; ".join(dict.fromkeys(hindrances)))


def energy_missing(device: torch.device) -> list[str]:
    """A line with the reason where energy cannot be measured."""
    from scaling_study.measure.energy import energy_meter

    try:
        energy_meter(device)
    except StudyError as error:
        return [f"Energy was not measured: {error}"]
    return []


def time_missing(
    config: Config, wanted: dict[str, Job], settings: list[dict[str, Any]], costs: pd.DataFrame
) -> list[str]:
    """Time what the table lacks, in random order, so that a machine that gets slower slows no network or runtime more
    than another. Returns a line for each variant that could not be timed."""
    table, failed = load_table(config.study_dir, "latencies"), []
    todo = {
        f"{name} on {setting['runtime']} in {setting['precision']}": (name, job, setting)
        for setting in settings
        for name, job in wanted.items()
        if name not in set(in_setting(table, setting).variant_id)
    }
    order = random.Random(config.seed).sample(list(todo), len(todo))
    for label, (name, job, setting) in counter({key: todo[key] for key in order}, "timing"):
        try:
            timed = timed_apart(job, setting, costs.activation_bytes[name])
        except StudyError as error:
            failed.append(f"{label} was not timed: {error}")
            continue
        rows = [row(name, job, columns, setting) for columns in timed]
        add_rows(config.study_dir, "latencies", rows, ["variant_id", *setting])
    return failed


def limit_missing(config: Config, setting: dict[str, Any]) -> list[str]:
    """Measure what the device can do at most, if the table of devices lacks it. Returns a line where that failed."""
    known = {column: setting[column] for column in ("device", "threads", "precision", "torch_version")}
    if len(in_setting(load_table(config.study_dir, "devices"), known)):
        return []
    try:
        limits = limits_apart(config, known["precision"])
    except StudyError as error:
        return [f"the limits of {known['device']} were not measured: {error}"]
    row = known | limits | {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    add_rows(config.study_dir, "devices", [row], ["device", "threads", "precision"])
    return []


def row(name: str, job: Job, timing: dict[str, Any], setting: dict[str, Any]) -> dict[str, Any]:
    run = job.run
    identity = {"variant_id": name, "study": job.config.study, "source": "measured", "model": run.model.name}
    variant = {"family": run.model.family, "method": run.variant.method, "resolution_px": run.variant.resolution_px}
    now = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    return identity | variant | setting | timing | now
