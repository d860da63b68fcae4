"""From a composed configuration to checked dataclasses; what is wrong is reported with the key, its value and what is
allowed."""

import re
from collections.abc import Mapping
from keyword import iskeyword
from operator import attrgetter
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException, ValidationError

from scaling_study.config import resolvers  # noqa: F401 - registers what the YAML files call
from scaling_study.config.choices import check_choices
from scaling_study.config.paths import expand_paths
from scaling_study.config.ranges import RULES
from scaling_study.config.schema import GROUPS, Config, Scaling, keys, unknown_key_message, written
from scaling_study.data import with_val_images
from scaling_study.errors import ConfigError, from_resolver

BESIDE = ("seed", "recipe")  # keys that a point may hold beside those of the group scaling


def parse(cfg: DictConfig) -> Config:
    """Check a composed configuration and return it as dataclasses, a named ``scaling.point`` applied.

    Raises ConfigError for an unknown key, a wrong type or a value out of range.
    """
    return checked(typed_of(cfg))


def typed_of(cfg: DictConfig) -> DictConfig:
    """A composed configuration with the types of the schema, its ranges not checked yet, and without ``hydra``."""
    container = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=False))
    container.pop("hydra", None)
    for group in filter(lambda value: isinstance(value, dict), container.values()):
        for name in filter(iskeyword, list(group)):
            group[f"{name}_"] = group.pop(name)
    plain = OmegaConf.create(container)
    require_groups(plain)
    try:
        apply_point(plain)
        return cast(DictConfig, OmegaConf.merge(OmegaConf.structured(Config), plain))
    except (OmegaConfBaseException, OverflowError) as error:
        raise config_error(error, plain) from error


def checked(typed: DictConfig) -> Config:
    """What ``typed_of`` gives as dataclasses. Raises ConfigError for a value out of range."""
    try:
        config = cast(Config, OmegaConf.to_object(typed))
    except (OmegaConfBaseException, OverflowError) as error:
        raise config_error(error, typed) from error
    expand_paths(config)
    for key, rule in RULES.items():
        if (value := attrgetter(key)(config)) not in rule:
            raise ConfigError(key, value, rule.message)
    apply_triple(config.scaling)
    check_choices(config)
    config.data = with_val_images(config.data)
    return config


def require_groups(cfg: DictConfig) -> None:
    """Raise ConfigError for a group that was deleted or is no group."""
    for name, kind in Config.__annotations__.items():
        if hasattr(kind, "__dataclass_fields__") and not OmegaConf.is_dict(node := cfg._get_node(name)):
            allowed = f"is needed; give {name}=NAME (--help lists them)" if name in GROUPS else "must hold keys"
            raise ConfigError(name, node, allowed)


def apply_point(cfg: DictConfig) -> None:
    """Write the entry of ``scaling.points`` that ``scaling.point`` names over the scaling keys, and what it holds of
    BESIDE over those keys."""
    point = cfg.scaling.get("point")
    if point is None:
        return
    points = cfg.scaling.get("points") or {}
    if not OmegaConf.is_dict(points) and points:
        raise ConfigError("scaling.points", points, "must hold points, as in {small: {depth: 2}}")
    if point not in points:
        raise ConfigError("scaling.point", point, "must be one of scaling.points: " + (", ".join(points) or "(none)"))
    entry, name = points[point], f"scaling.points.{point}"
    if not OmegaConf.is_dict(entry):
        raise ConfigError(name, entry, "must hold scaling keys, as in {depth: 2}")
    if nested := [key for key in ("point", "points") if key in entry]:
        raise ConfigError(name, entry, f"may not hold {nested[0]}")
    if "recipe" in entry and not OmegaConf.is_dict(entry.recipe):
        raise ConfigError(f"{name}.recipe", entry.recipe, "must hold recipe keys, as in {learning_rate: 0.01}")
    own = OmegaConf.masked_copy(entry, [key for key in entry if key not in BESIDE])
    with open_dict(cfg):
        cfg.scaling = OmegaConf.merge(cfg.scaling, own)
        cfg.merge_with(OmegaConf.masked_copy(entry, [key for key in BESIDE if key in entry]))


def keys_of_points(scaling: Any) -> set[str]:
    """Dotted keys that an entry of ``scaling.points``, a dict of dicts, writes over; none where it holds no points."""
    points = scaling.get("points")
    entries = [entry for entry in points.values() if isinstance(entry, Mapping)] if isinstance(points, Mapping) else []
    return {key for entry in entries for key in keys_of_point(entry)}


def keys_of_point(entry: Mapping[Any, Any]) -> set[str]:
    """Dotted keys that a point writes over."""
    recipe = entry.get("recipe")
    return {key if key in BESIDE else f"scaling.{key}" for key in entry if key != "recipe"} | {
        f"recipe.{key}" for key in (recipe if isinstance(recipe, Mapping) else ())
    }


def apply_triple(scaling: Scaling) -> None:
    """Write ``scaling.triple`` over alpha, beta and gamma."""
    if scaling.triple is None:
        return
    if scaling.method != "compound":
        raise ConfigError("scaling.triple", scaling.triple, "needs scaling.method=compound")
    scaling.alpha, scaling.beta, scaling.gamma = scaling.triple


def config_error(error: BaseException, cfg: DictConfig) -> ConfigError:
    """What OmegaConf raised over a key of ``cfg`` as a ConfigError: the key, its value as given, what is allowed."""
    key = re.sub(r"\[\d+\]$", "", getattr(error, "full_key", None) or key_of_overflow(cfg))
    return ConfigError(written(key), raw(cfg, key), reason(error, key))


def reason(error: BaseException, key: str) -> str:
    if isinstance(error, ConfigKeyError):
        return unknown_key_message(key)
    if isinstance(error, MissingMandatoryValue):
        return "a value is needed"
    if isinstance(error, ValidationError | OverflowError) and key in RULES:
        return RULES[key].message
    text = from_resolver(str(error).splitlines()[0])
    if isinstance(error, ValidationError):
        return "must be true or false" if "bool" in text else "must be text" if "field of type 'str'" in text else text
    return text


def raw(cfg: DictConfig, key: str) -> Any:
    """The value of a key as given, interpolations unresolved; None where there is none."""
    node: Any = cfg
    for name in key.split("."):
        node = node._get_node(name) if OmegaConf.is_dict(node) else None
    return node if node is None or OmegaConf.is_config(node) else node._value()


def key_of_overflow(cfg: DictConfig) -> str:
    """The key of an integer that is too large for its type, which OmegaConf's error does not name."""
    values = {key: raw(cfg, key) for key in keys()}
    return next((key for key, value in values.items() if isinstance(value, int) and abs(value) > 1e308), "")
