"""The one line that the user reads of an exception."""

import re
from collections.abc import Callable, Iterator

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from scaling_study.config.paths import CONF
from scaling_study.config.schema import GROUPS, keys, unknown_key_message
from scaling_study.errors import ConfigError, StudyError, from_resolver, reason_of

LENGTH_MAX = 1000


def line_of(error: BaseException) -> str:
    """The message of an exception without line breaks: what went wrong and how to mend it. Long ones are cut."""
    line = " ".join(message_of(error).split())
    return line if len(line) <= LENGTH_MAX else f"{line[: LENGTH_MAX // 2]} ... {line[-LENGTH_MAX // 2 :]}"


def message_of(error: BaseException) -> str:
    for cause in causes(error):
        if isinstance(cause, ConfigError | StudyError):
            return str(cause)
    for kind, message in KINDS.items():
        if isinstance(error, kind):
            return message(error)
    return f"unexpected {type(error).__name__}: {error} (HYDRA_FULL_ERROR=1 shows where)"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


SWEEP = "several values need a sweep; add one with +sweep=NAME, or -m for these values alone"
# Patterns of Hydra's messages, and functions from the groups of a pattern to the message shown instead.
HYDRA: dict[str, Callable[..., str]] = {
    r"Could not find '([^']+)/([^/']*)' Available options in '.*': (.*?) Config search path":
        lambda group, name, known: f"{group}={name}: must be one of {', '.join(known.split())}",
    r"Ambiguous value for argument '([^']+)'":
        lambda argument: f"{argument}: {SWEEP}",
    r"Sweep parameters '([^']+)' requires --multirun":
        lambda argument: f"{argument}: {SWEEP}",
    r"Cannot find primary config '([^']+)'":
        lambda name: f"--config-name={name}: there is no such file; leave the option out",
    r"Primary config (?:directory|module).*?'([^']+)'":
        lambda name: f"--config-path={name}: there is no such folder; leave the option out",
    r"Additional config directory '([^']+)' not found":
        lambda name: f"--config-dir={name}: there is no such folder",
    r"Error merging override (\S+) (.+)": lambda argument, reason: f"{argument}: {reason}",
    r"Could not append to config\. An item is already at '([^']+)'":
        lambda key: f"{key}: is there already; leave out the +",
    r"Could not delete from config\. '([^']+)' does not exist":
        lambda key: f"~{key}: {unknown_key_message(key)}",
    r"Could not override '([^']+)'\. No match in the defaults list":
        lambda group: f"{group}: is not chosen yet; add it with +{group}=NAME",
    r"Could not override '([^']+)'.*Key '([^']*)' is not in struct": lambda *found: unknown(*found),  # noqa: PLW0108 - defined below
}  # fmt: skip


def hydra_line(error: HydraException) -> str:
    cause = str(error.__cause__ or "").splitlines()
    text = " ".join(f"{error} {cause[0] if cause else ''}".split())
    for pattern, line in HYDRA.items():
        if found := re.search(pattern, text):
            return line(*found.groups())
    return text.partition(" See https://")[0]


def unknown(key: str, name: str) -> str:
    """The message for a key that the composed configuration does not have."""
    group, _, last = key.partition(".")
    if group == "hydra":
        return f"{key}: Hydra has no such key; --cfg hydra prints all, and + adds an entry where it takes new ones"
    if key not in list(keys()):
        return f"{key}: {unknown_key_message(key)}"
    if last != name and key.rpartition(".")[2] != name:
        return f"{key}: has no entry {name} yet; a new one is added with +{key}={{{name}: ...}}"
    if group in GROUPS:
        return f"{key}: the chosen {group}= has no {last} to set; {having(group, last)}"
    return f"{key}: this config has none"


def having(group: str, key: str) -> str:
    """Which choices of a group hold a key."""
    files = sorted((CONF / group).glob("*.yaml"))
    names = [path.stem for path in files if key in (yaml.safe_load(path.read_text(encoding="utf-8")) or {})]
    return f"{group}={' and '.join(names)} have it" if len(names) > 1 else f"{group}={', '.join(names)} has it"


def config_line(error: OmegaConfBaseException) -> str:
    text = from_resolver(str(error).splitlines()[0])
    return f"{error.full_key}: {text}" if error.full_key and "=" not in text.partition(":")[0] else text


def system_line(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return "the folder that the command was started in is gone"
    places = " and ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return f"{places or 'the system'}: {reason_of(error)}"


def yaml_line(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f"{mark.name}, line {mark.line + 1}: is no YAML ({error.problem})" if mark else f"is no YAML ({error})"


KINDS: dict[type[Exception], Callable[..., str]] = {
    HydraException: hydra_line,  # first: some are also OSErrors
    OmegaConfBaseException: config_line,
    OSError: system_line,
    yaml.MarkedYAMLError: yaml_line,
    UnicodeDecodeError: lambda error: f"a file that is read as text is not UTF-8: {error}",
    MemoryError: lambda error: "the memory of this machine is not enough",
}
