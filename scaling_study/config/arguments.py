"""Checks of the command line's arguments before Hydra composes a configuration."""

from collections.abc import Sequence
from typing import NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString, ValueType
from hydra.errors import HydraException

from scaling_study.config.paths import PATHS
from scaling_study.config.schema import GROUPS
from scaling_study.errors import ConfigError, StudyError

ALONE = ("run", "multirun", "cfg", "info", "shell_completion")  # options of which Hydra takes one


def checked(arguments: Sequence[str]) -> list[str]:
    """The arguments for Hydra, with quotes around paths that its grammar cannot read.

    Raises StudyError for an argument that is neither an option nor ``key=value``, ConfigError for a value that its key
    cannot have.
    """
    parser = get_args_parser()
    parser.error = refuse_options  # type: ignore[method-assign]  # its own prints the usage and exits
    options = parser.parse_args(arguments)
    if sum(map(bool, (getattr(options, name) for name in ALONE))) > 1:
        refuse_options("only one of --run, --multirun, --cfg, --info and --shell-completion can be given")
    given = options.overrides
    readable = {argument: quoted(argument) for argument in given}
    for override in map(parsed, readable.values()):
        check_group(override)
        if override.value_type == ValueType.INTERVAL_SWEEP:
            raise ConfigError(override.key_or_group, value_of(override), "must be values, or range(from,to,step)")
    return [readable.get(argument, argument) for argument in arguments]


def refuse_options(message: str) -> NoReturn:
    raise StudyError(f"{message}; keys are given as recipe.epochs=3, options such as -m before or behind all of them")


def quoted(argument: str) -> str:
    """The argument, with quotes around a path that cannot be parsed without them, as in ``results_dir=~/x``."""
    key, _, value = argument.partition("=")
    if key in PATHS and not readable(argument):
        return f"{key}={QuotedString(value, Quote.single).with_quotes()}"
    return argument


def readable(argument: str) -> bool:
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        return False
    return True


def parsed(argument: str) -> Override:
    """The argument as Hydra's Override. Raises StudyError where Hydra cannot parse it."""
    try:
        override = OverridesParser.create().parse_override(argument)
        if not override.key_or_group:
            raise HydraException("no key")
        return override
    except HydraException as error:
        if "=" not in argument.lstrip("="):
            raise StudyError(f"{argument}: must be key=value, as recipe.epochs=3") from error
        key, _, value = argument.partition("=")
        hint = f'''"{key}='{value}'"''' if "'" not in value else f"""'{key}="{value}"'"""
        raise StudyError(
            f"{argument}: cannot be read; quote the value twice, as in {hint}, or as Hydra writes lists, "
            "[1,2], and groups of keys, {a: 1}"
        ) from error


def check_group(override: Override) -> None:
    """Raise ConfigError unless a config group is set to one name."""
    key = override.key_or_group
    group = "/" in key or key in (*GROUPS, "task", "sweep", "hydra")
    one = override.is_delete() or override.is_sweep_override() or isinstance(override.value(), str)
    if group and not one:
        raise ConfigError(key, value_of(override), f"must be one name, as {key}=NAME; --help lists them")


def value_of(override: Override) -> str:
    return (override.input_line or "").partition("=")[2]
