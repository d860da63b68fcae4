"""What the runs of one study share: a data set, a recipe and, of one model, the baseline's resolution."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from scaling_study.config.schema import Config, Data, Recipe
from scaling_study.data import size_of
from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure.flops import count_flops
from scaling_study.planning.identity import EARLIER_NAMES, later_model_keys, same_folder
from scaling_study.records.store import run_folders
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.system.progress import with_lines_when_slow

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.planning.jobs import Job

# What to do where keys are not those of a study: who trains, and who asks it.
OWN_STUDY = "give these a study=NAME of their own"
OWN_KEYS = "give the keys of the study's runs"


def settings_of_study(config: Config) -> dict[str, dict[str, Any]]:
    """{model name: settings of a run of it} of the runs that the study has."""
    settings: dict[str, dict[str, Any]] = {}
    for folder in with_lines_when_slow(run_folders(config.study_dir), "reading settings of runs"):
        if known := folder.config():
            settings.setdefault(str(known["model"].get("name")), known)
    return settings


def require_one_setting(job: Job, settings: dict[str, dict[str, Any]], advice: str = OWN_STUDY) -> None:
    """A study's runs, of which ``settings`` holds some by model, share data set and recipe but for ``vary``, those of
    one model also the baseline and its resolution: refuse to mix others in. advice: what to do, for the message."""
    if not settings:
        return
    same_model = settings.get(str(job.run.model.name))
    known = same_model or next(iter(settings.values()))
    require_same_code(job, same_model, known, advice)
    require_same_model(job, same_model, advice)
    for group, schema in (("data", Data), ("recipe", Recipe)):
        mine, theirs = job.run.settings[group], known[group]
        unsaid = {field.name: field.default for field in fields(schema) if field.default is not MISSING}
        for key in dict.fromkeys([*mine, *(key for key in theirs if key in unsaid)]):
            value = mine.get(key, unsaid.get(key))
            if f"{group}.{key}" in job.config.vary:
                continue
            if (group, key) == ("data", "resolution") and not same_model:
                continue
            if (group, key) == ("data", "folder") and same_folder(job.run.data, theirs.get(key)):
                continue
            if (old := theirs.get(key, unsaid.get(key, value))) != value:
                if key == "folder":  # whose digest means nothing to a reader
                    key, value, old = "root", job.run.data.root, "other images"
                raise other_value(job, f"{group}.{key}", value, old, advice)


def other_value(job: Job, key: str, value: Any, old: Any, advice: str) -> ConfigError:
    return ConfigError(key, value, f"study={job.config.study} holds runs with {old}; {advice}")


def require_setting_of_a_run(job: Job) -> None:
    """Refuse to answer from a study for keys that none of its runs has; those in which its runs differ may be any of
    theirs. A study without folders of runs is not refused."""
    folders = with_lines_when_slow(run_folders(job.config.study_dir), "reading settings of runs")
    known = [settings for folder in folders if (settings := folder.config())]
    same_model = [settings for settings in known if settings["model"].get("name") == job.run.model.name]
    refused = None
    for settings in same_model or known:
        try:
            return require_one_setting(job, {str(settings["model"].get("name")): settings}, OWN_KEYS)
        except ConfigError as error:
            refused = refused or error
    if refused is not None:
        raise refused


def require_same_model(job: Job, same_model: dict[str, Any] | None, advice: str) -> None:
    """Refuse another baseline of the same name, such as one of another ``model.width_multiplier``."""
    if same_model is None:
        return
    later = later_model_keys(job.run.model.name)
    mine, theirs = later | job.run.settings["model"], later | same_model["model"]
    for key, value in mine.items():
        if key != "code" and value != (old := theirs.get(key, value)):
            raise other_value(job, f"model.{key}", value, old, advice)


def require_same_code(job: Job, same_model: dict[str, Any] | None, known: dict[str, Any], advice: str) -> None:
    """Refuse to mix runs of a user's own network or images before and after its code was changed."""
    for key, group, theirs in (("model.builder", "model", same_model), ("data.loader", "data", known)):
        mine = job.run.settings[group].get("code")
        if theirs is not None and mine is not None and theirs[group].get("code") not in (None, mine):
            message = f"its code has changed since study={job.config.study}; {advice}"
            raise ConfigError(key, getattr(getattr(job.run, group), key.partition(".")[2]), message)


def require_same_study(job: Job, runs: pd.DataFrame, advice: str = OWN_STUDY) -> None:
    """Refuse to add to a run table, whose folders of runs may not be here, or to answer from it, what has other data,
    another recipe or, of the same model, a baseline of other multiply-adds. What a table does not say is not refused.

    Raises ConfigError and StudyError.
    """
    if runs.empty:  # which may have no columns either
        return
    for group in ("data", "recipe"):
        name, known = getattr(job.run, group).name, sorted(set(runs[group].dropna()))
        if known and EARLIER_NAMES.get(name, name) not in {EARLIER_NAMES.get(old, old) for old in known}:
            raise other_value(job, group, name, " and ".join(known), advice)
    base = runs[(runs.model == job.run.model.name) & (runs.method == "baseline")]
    if not (baselines := {int(flops) for flops in base.flops.dropna()}):
        return
    pixels, size = job.config.data.resolution, size_of(job.run.data)
    mine = count_flops(job.run.model, Coefficients(), resolution_px=pixels, **size)
    if mine not in baselines:
        theirs = " or ".join(f"{flops:,}" for flops in sorted(baselines))
        raise StudyError(
            f"study={job.config.study}: its baseline has {theirs} multiply-adds, that of the keys given {mine:,}; "
            "give the keys that the study was trained with, such as data.resolution, model and data"
        )
