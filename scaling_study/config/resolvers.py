"""Functions that YAML files call, as in ``${folder:...}``. Importing this module registers them."""

from omegaconf import ListConfig, OmegaConf

from scaling_study.config.paths import expanded
from scaling_study.config.ranges import RULES
from scaling_study.errors import ConfigError
from scaling_study.models import SERIES
from scaling_study.scaling.grid import comma_separated, triples
from scaling_study.system.workers import count_workers


def grid_of_triples(*settings: float) -> str:
    """The values of +sweep=search. Hydra asks for them before the config is checked."""
    for name, value in zip(("alpha_step", "beta_step", "gamma_step", "tolerance"), settings, strict=True):
        if value not in RULES[f"search.{name}"]:
            raise ConfigError(f"search.{name}", value, RULES[f"search.{name}"].message)
    if not triples(*settings):
        raise ConfigError("search.tolerance", settings[-1], "no triple of the grid makes the multiply-adds that near 2")
    return comma_separated(*settings)


def multiples(key: str, value: object, *factors: float) -> str:
    """The values of a sweep of ``key`` around ``value``, that of the recipe. Hydra asks for them before the config is
    checked."""
    if not isinstance(value, int | float) or value not in RULES[key]:
        raise ConfigError(key, value, RULES[key].message)
    if not value:
        raise ConfigError(key, value, "must be above 0 in this sweep, which trains with multiples of it")
    return ",".join(repr(value * factor) for factor in factors)


def models_of(families: object) -> str:
    """The values of +sweep=family. Hydra asks for them before the config is checked."""
    names = [str(name) for name in families] if isinstance(families, ListConfig) else []
    if not names or names not in RULES["family"]:
        raise ConfigError("family", families, RULES["family"].message)
    return ",".join(model for name in names for model in SERIES[name])


OmegaConf.register_new_resolver("count_workers", count_workers, replace=True)
OmegaConf.register_new_resolver("folder", lambda path: expanded("results_dir", path), replace=True)
OmegaConf.register_new_resolver("folder_name", lambda name: str(name).replace("/", "_"), replace=True)
OmegaConf.register_new_resolver("grid_of_triples", grid_of_triples, replace=True)
OmegaConf.register_new_resolver("models_of", models_of, replace=True)
OmegaConf.register_new_resolver("multiples", multiples, replace=True)
