"""Multiply-adds of a variant, without torch where arithmetic gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scaling_study.errors import ConfigError
from scaling_study.models import FAMILIES, build_network, count_layers

if TYPE_CHECKING:
    from scaling_study.config.schema import Model
    from scaling_study.scaling.coefficients import Coefficients


@contextmanager
def size_reported(model: Model, resolution_px: int) -> Iterator[None]:
    """Raise ConfigError where a network of unknown limits raises over an input that it cannot take."""
    try:
        yield
    except ConfigError:
        raise
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:
        if FAMILIES[model.family].names is not None:
            raise
        message = f"model={model.name} cannot take this input ({' '.join(str(error).split())[:200]})"
        raise ConfigError("data.resolution", resolution_px, message) from error


def count_flops(model: Model, coefficients: Coefficients, *, classes: int, channels: int, resolution_px: int) -> int:
    """Multiply-adds of a variant: by arithmetic where the family has it, else measured, which loads torch."""
    family = FAMILIES[model.family]
    if family.layers:
        size = {"classes": classes, "channels": channels, "resolution_px": resolution_px}
        return count_layers(model, coefficients, **size)[0]
    from scaling_study.measure.complexity import count_parts, shapes_only

    options = {"classes": classes, "channels": channels, "resolution_px": resolution_px}
    with size_reported(model, resolution_px):
        network = shapes_only(lambda: build_network(model, coefficients, **options))
        return sum(part.flops for part in count_parts(network, channels, resolution_px))
