"""The checked configurations of the points of a sweep; a thousand take seconds."""

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import OverrideType
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from scaling_study.config.parsing import checked, keys_of_points, parse, typed_of
from scaling_study.config.schema import Config, keys
from scaling_study.errors import ConfigError

# A named point writes over other keys, and these may hold dicts, which are merged.
COMPOSED = {"scaling.point", "scaling.points"}


def configs_of(loader: ConfigLoader, cfg: DictConfig, points: Iterable[Sequence[str]]) -> Iterator[Config]:
    """Yield the Config of each of ``points``, lists of Hydra overrides of the multirun configuration ``cfg``.

    Hydra composes a configuration in 50 ms. Points that differ only in numbers and words share one
    composition, into which each point writes its values; errors come from a composition of their own.
    Raises ConfigError for the first bad point.
    """
    values = PlainValues(loader, keys_of_points(OmegaConf.to_container(cfg.scaling, resolve=False)))
    composed = {}
    for point in points:
        rest = tuple(text for text in point if values.of(text) is None)
        try:
            if rest not in composed:
                composed[rest] = typed_of(loader.load_sweep_config(cfg, list(rest)))
            typed = composed[rest].copy()
            for text in point:
                if (pair := values.of(text)) is not None:
                    OmegaConf.update(typed, *pair)
            yield checked(typed)
        except (OmegaConfBaseException, ConfigError):
            yield parse(loader.load_sweep_config(cfg, list(point)))


class PlainValues:
    """Overrides that set a key of the schema to a number, a word or null; each is parsed once. composed: keys that
    Hydra has to compose, since named points write over them."""

    def __init__(self, loader: ConfigLoader, composed: Set[str] = frozenset()) -> None:
        self.parser = OverridesParser.create(config_loader=loader)
        self.allowed = set(keys()) - COMPOSED - composed
        self.known: dict[str, tuple[str, Any] | None] = {}

    def of(self, text: str) -> tuple[str, Any] | None:
        """(key, value) of the override ``text``, or None where Hydra has to compose."""
        if text not in self.known:
            self.known[text] = self.parsed(text)
        return self.known[text]

    def parsed(self, text: str) -> tuple[str, Any] | None:
        override = self.parser.parse_override(text)
        value = override.value()
        plain = value is None or (isinstance(value, int | float | str) and "${" not in str(value))
        if override.type != OverrideType.CHANGE or override.package or override.key_or_group not in self.allowed:
            return None
        return (override.key_or_group, value) if plain else None
