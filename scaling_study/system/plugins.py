"""Functions that a user names: ``module:function``, importable from the working directory or installed, or the name of
an entry point."""

import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from scaling_study.errors import ConfigError, one_line


@dataclass(frozen=True)
class Plugin:
    """function: what was named; digest: SHA-256 of the file that defines it."""

    function: Callable[..., Any]
    digest: str


LOADED: dict[tuple[str, str], Plugin] = {}  # by config key and reference


def load_plugin(key: str, group: str, reference: str) -> Plugin:
    """The function that the config key ``key`` names by ``reference``; group: of entry points.

    A module whose file has changed since it was loaded is loaded again, so that the digest is that of the code that
    runs. Raises ConfigError where there is no such function or its file cannot be read.
    """
    known = LOADED.get((key, reference))
    if known is not None and known.digest == digest_of(key, reference, known.function):
        return known
    function = imported(key, reference, group, again=known is not None)
    if not callable(function):
        raise ConfigError(key, reference, f"must name a function; it is a {type(function).__name__}")
    LOADED[key, reference] = Plugin(function, digest_of(key, reference, function))
    return LOADED[key, reference]


def imported(key: str, reference: str, group: str, again: bool) -> Any:
    """The object that ``reference`` names; again: load its module once more."""
    if (folder := os.getcwd()) not in sys.path:  # as python -m has it, an installed command does not
        sys.path.insert(0, folder)
    module, colon, name = reference.partition(":")
    try:
        if not colon:
            return entry_point(key, reference, group).load()
        loaded = importlib.import_module(module)
        if again:
            loaded = importlib.reload(loaded)
        return getattr(loaded, name)
    except ConfigError:
        raise
    except Exception as error:  # whatever the user's module raises while it is imported
        raise ConfigError(key, reference, f"cannot be imported ({type(error).__name__}: {one_line(error)})") from error


def entry_point(key: str, name: str, group: str) -> Any:
    """The installed entry point ``name``. Raises ConfigError, with the names that there are."""
    found = entry_points(group=group)
    if name not in found.names:
        known = ", ".join(sorted(found.names)) or "none installed"
        raise ConfigError(key, name, f"must be MODULE:FUNCTION, or an entry point of {group} ({known})")
    return found[name]


def digest_of(key: str, reference: str, function: Callable[..., Any]) -> str:
    """SHA-256 of the file that defines a function."""
    try:
        return hashlib.sha256(Path(inspect.getfile(inspect.unwrap(function))).read_bytes()).hexdigest()
    except (OSError, TypeError) as error:
        raise ConfigError(key, reference, f"the file of its code cannot be read ({one_line(error)})") from error


def called(key: str, reference: str, function: Callable[..., Any], **arguments: Any) -> Any:
    """What the function returns. Raises ConfigError, with its own error, where it raises."""
    try:
        return function(**arguments)
    except ConfigError:
        raise
    except Exception as error:
        given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        message = f"raised {type(error).__name__} for ({given}): {one_line(error)}"
        raise ConfigError(key, reference, message) from error
