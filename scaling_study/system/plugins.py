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
from types import ModuleType
from typing import Any

from scaling_study.errors import ConfigError, one_line


@dataclass(frozen=True)
class Plugin:
    """function: what was named; digest: SHA-256 of the file that defines it."""

    function: Callable[..., Any]
    digest: str


DIGESTS: dict[str, str] = {}  # of the files of modules, when they were loaded


def load_plugin(key: str, group: str, reference: str) -> Plugin:
    """The function that the config key ``key`` names by ``reference``; group: of entry points.

    A module whose file has changed since it was loaded is loaded again, so that the digest is that of the code that
    runs. Raises ConfigError where there is no such function or its file cannot be read.
    """
    function = imported(key, reference, group)
    if not callable(function):
        raise ConfigError(key, reference, f"must name a function; it is of type {type(function).__name__}")
    return Plugin(function, digest_of(key, reference, function))


def imported(key: str, reference: str, group: str) -> Any:
    """The object that ``reference`` names."""
    if (folder := os.getcwd()) not in sys.path:  # as python -m has it, an installed command does not
        sys.path.insert(0, folder)
    module, colon, name = reference.partition(":")
    try:
        if not colon:
            return entry_point(key, reference, group).load()
        return getattr(current(module), name)
    except ConfigError:
        raise
    except Exception as error:  # whatever the user's module raises while it is imported
        raise ConfigError(key, reference, f"cannot be imported ({type(error).__name__}: {one_line(error)})") from error


def current(name: str) -> ModuleType:
    """The module as its file is now: one whose file has changed since it was loaded is loaded again."""
    was_there = name in sys.modules
    module = importlib.import_module(name)
    digest = hashlib.sha256(Path(str(module.__file__)).read_bytes()).hexdigest()
    if was_there and DIGESTS.get(name) != digest:
        module = importlib.reload(module)
    DIGESTS[name] = digest
    return module


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
