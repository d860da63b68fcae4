"""The two ways a user's request can fail, each reported in one line, and warnings in the same form."""

import re
import warnings
from typing import Any

VALUE_MAX = 120  # characters of a value that a message repeats


class ConfigError(ValueError):
    """A key holds something it may not hold. The message names the key, the value and what is allowed."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(encodable(f"{key}={shortened(value)}: {allowed}"))


class StudyError(RuntimeError):
    """Data, folders or the device prevent the work; the message names the cause and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(encodable(message))


def plain_warnings() -> None:
    """Show warnings as lines of their own, without the source line that a user can do nothing with."""
    warnings.formatwarning = lambda message, *_: f"warning: {message}\n"  # type: ignore[assignment, misc]


def shortened(value: object) -> str:
    """A value as the user gave it, of an endless one the beginning."""
    try:
        text = str(value)
    except ValueError:  # Python refuses to print whole numbers of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}..."


def reason_of(error: BaseException) -> str:
    """Why the system refused; never nothing, as the ``strerror`` of an OSError that a library raised may be."""
    return getattr(error, "strerror", None) or one_line(error) or type(error).__name__


def from_resolver(text: str) -> str:
    """The message of an exception within an interpolation, out of OmegaConf's around it."""
    return re.sub(r"^\w+ raised while resolving interpolation: ", "", text).strip('"')


def one_line(error: object, length: int = 500) -> str:
    """The message of an error as one line; of an error in a process that reads images its last line alone."""
    text = str(error)
    if "Original Traceback" in text:
        text = text.strip().splitlines()[-1]
    return str(encodable(" ".join(text.split())[:length]))


def encodable(value: Any) -> Any:
    """Text with what no table or log could hold, bytes of file names that are no UTF-8, as \\udce9 and the like; any
    other value as it is."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
