"""Where the files of conf/ are, and paths that the user gives: ``~`` and variables in them are expanded once."""

import os
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

from scaling_study.config.schema import written
from scaling_study.errors import ConfigError

PACKAGE = Path(__file__).parents[1]
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())  # in a wheel, a checkout
PATHS = (
    "results_dir",
    "plots_dir",
    "data.root",
    "data.class_map",
    "evaluate.run",
    "evaluate.weights",
    "latency.import_",
)


def expand_paths(config: Any) -> None:
    """Expand every path that ``config`` holds. Raises ConfigError as ``expanded`` does."""
    for key in PATHS:
        group, _, name = key.rpartition(".")
        setattr(attrgetter(group)(config) if group else config, name, expanded(written(key), attrgetter(key)(config)))


def expanded(key: str, path: str | None) -> str | None:
    """``path`` with ``~``, ``~user``, ``$NAME`` and ``${NAME}`` replaced; None stays None.

    Raises ConfigError for a variable or user that does not exist, and for an empty path.
    """
    if path is None:
        return None
    if not path.strip():
        raise ConfigError(key, path, "must be a path")
    whole = os.path.expanduser(os.path.expandvars(path))
    if unknown := re.search(r"\$(\w+|\{\w+\})", whole):
        raise ConfigError(key, path, f"the variable {unknown[0]} is not set")
    if whole.startswith("~"):
        raise ConfigError(key, path, f"there is no home folder {Path(whole).parts[0]}")
    return whole
