"""The identity of a run: the settings that determine its result, and the name derived from them."""

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import cache
from typing import Any

from scaling_study.config.schema import Config, Data, Model, Recipe
from scaling_study.data import LOADER, TIMM, size_of, source_of
from scaling_study.data.classes import class_names
from scaling_study.data.fingerprint import earlier_fingerprint, fingerprint, read_alike
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES, built_coefficients
from scaling_study.models import custom as custom_model
from scaling_study.planning.length import with_epochs
from scaling_study.planning.variant import Variant, variant_of
from scaling_study.records.columns import BUILT
from scaling_study.system.plugins import load_plugin

EARLIER_NAMES = {"quick_v1": "quick", "standard_v1": "standard"}  # of recipes, in records from before the second ones
FORMAT = 1  # raise when the same settings no longer give the same result: old records are then other runs


@dataclass(frozen=True)
class Run:
    """One variant with one seed.

    folder: digest of the folder of images that it is trained on, or None.
    """

    variant: Variant
    seed: int
    model: Model
    data: Data
    recipe: Recipe
    folder: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that determines the result, and nothing else: no paths, device, study or time."""
        return {
            "format": FORMAT,
            **self.variant.settings,
            "seed": self.seed,
            "model": model_settings(self.model),
            "data": data_settings(self.data, self.folder),
            "recipe": recipe_settings(self.recipe),
        }

    @property
    def run_id(self) -> str:
        """Readable, and unique: what was scaled, the seed, eight digits of the hash of the settings."""
        # The first records there were, all of micro_mbconv, do not name the model.
        model = "" if self.model.name == "micro_mbconv" else f"{self.model.name}-"
        return f"{model}{self.variant.label}-seed{self.seed}-{digest(self.settings)}"

    @property
    def columns(self) -> dict[str, Any]:
        """The variant's columns of the tables, and the coefficients that its network is built with."""
        depth, width = built_coefficients(self.model, self.variant.coefficients) or (None, None)
        built = (depth, width, self.variant.resolution_px / self.data.resolution)
        return self.variant.columns | dict(zip(BUILT, built, strict=True))

    @property
    def earlier(self) -> "Run | None":
        """The same run by the earlier fingerprint of its folder; None where that would be another run."""
        earlier = earlier_folder(self.data)
        return replace(self, folder=earlier) if earlier else None

    @property
    def nominal_cost(self) -> float:
        """Training cost up to a constant that runs of a sweep share: flops where arithmetic gives them, and epochs."""
        flops = self.variant.coefficients.nominal_flops
        if FAMILIES[self.model.family].layers:
            px = self.variant.resolution_px
            flops = count_flops(self.model, self.variant.coefficients, resolution_px=px, **size_of(self.data))
        return flops * self.recipe.epochs


def model_settings(model: Model) -> dict[str, Any]:
    """The model's settings that determine a result. A key that was added later is included only where it differs from
    the value that all earlier records had, so that their names stay."""
    later = later_model_keys(model.name)
    settings = asdict(model)
    del settings["resolution"]  # data.resolution is what counts
    kept = {key: value for key, value in settings.items() if key not in later or value != later[key]}
    return kept | ({"code": custom_model.plugin(model.builder).digest} if model.builder is not None else {})


def later_model_keys(name: Any) -> dict[str, Any]:
    """{key that was added later: what all earlier records of the model had}."""
    return {"family": name, "depth_multiplier": 1.0, "width_multiplier": 1.0, "small_stem": False, "builder": None}


def recipe_settings(recipe: Recipe) -> dict[str, Any]:
    """The recipe's settings that determine a result. The first versions keep the names that earlier records have."""
    return without_later(recipe) | {"name": EARLIER_NAMES.get(recipe.name, recipe.name)}


def data_settings(data: Data, folder: str | None = None) -> dict[str, Any]:
    """The data set's settings that determine a result. Where it lies and how it is read do not; of a folder of images
    the fingerprint does."""
    settings = without_later(data) | {"version": source_of(data.name).version}
    for key in (
        "root",
        "class_map",
        "loader_workers",
        "unreadable_max",
        *([] if source_of(data.name) is TIMM else ["classes"]),
    ):
        settings.pop(key, None)
    if not data.in_memory:
        settings.pop("memory_resolution", None)
    if data.loader is not None:
        settings["code"] = load_plugin(*LOADER, data.loader).digest
    if data.name == "imagefolder":
        settings["folder"] = folder
        if data.class_map is not None:
            settings["class_map"] = digest(class_names(data))
    return settings


def splits_of(data: Data) -> tuple[str, ...]:
    """Names of the folders that a data set of image folders is read from."""
    return tuple(name for name in (data.train_split, data.val_split, data.test_split) if name is not None)


def digest_of_folder(data: Data) -> str | None:
    """The digest that distinguishes a folder of images from others; None for other data sets."""
    return folder_digest(data.root, splits_of(data)) if data.name == "imagefolder" else None


@cache
def folder_digest(root: str, splits: tuple[str, ...]) -> str:
    return digest([fingerprint(root, split) for split in splits])


@cache
def earlier_digest(root: str, split: str) -> str:
    return digest(earlier_fingerprint(root, split))


def earlier_folder(data: Data) -> str | None:
    """The digest by the earlier definition, which earlier records hold; None where images are now read differently."""
    if data.name != "imagefolder" or data.class_map is not None or not read_alike(data.root, splits_of(data)):
        return None
    return earlier_digest(data.root, data.train_split)


def same_folder(data: Data, known: object) -> bool:
    """Whether ``known``, a digest in a study's records, is of the folder of ``data``."""
    return known in (digest_of_folder(data), earlier_folder(data))


def without_later(group: Any) -> dict[str, Any]:
    """A config group as a dict, without keys that were added later and are at their default in the schema, which is the
    value that all earlier records had. So names of earlier runs stay."""
    settings = asdict(group)
    return {f.name: settings[f.name] for f in fields(group) if f.default is MISSING or settings[f.name] != f.default}


def digest(settings: object) -> str:
    """Eight hexadecimal digits of a hash of the settings."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]


def run_of(config: Config) -> Run:
    """The run that a checked configuration describes. Raises ConfigError as ``variant_of`` and ``with_epochs`` do."""
    variant = variant_of(config)
    recipe = with_epochs(config, variant)
    return Run(variant, config.seed, config.model, config.data, recipe, digest_of_folder(config.data))
