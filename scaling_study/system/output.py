"""Standard output and error that cannot stop the work: where they cannot be written, they are discarded."""

import errno
import os
import sys
from typing import Any


class Discarding:
    """A text stream that goes nowhere, instead of failing, from its first failure on."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        try:
            return self.stream.write(text)
        except (OSError, ValueError) as error:
            self.give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except (OSError, ValueError) as error:
            self.give_up(error)

    def give_up(self, error: BaseException) -> None:
        """Lead the stream, for this process and those it starts, into nothing, and what it still holds with it."""
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, self.stream.fileno())
        except (OSError, ValueError):  # closed in this process
            self.stream = open(os.devnull, "w")  # noqa: SIM115, it stays open
        finally:
            os.close(null)
        reader_left = isinstance(error, OSError) and error.errno == errno.EPIPE  # as head does: it has all it wants
        if self is sys.stdout and not reader_left:
            sys.stderr.write(f"warning: standard output cannot be written ({error})\n")


def make_discarding() -> None:
    """Have standard output and error of this process discard what cannot be written.

    Characters that their encoding lacks are escaped.
    """
    open_standard_files()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started this process
            stream = open(os.devnull, "w")  # noqa: SIM115, it stays open
        if isinstance(stream, Discarding):
            continue
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, Discarding(stream))


def open_standard_files() -> None:
    """Lead into nothing what who started this process has closed; the next file opened, or a child, would take it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free
