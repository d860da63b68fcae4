"""Lines and bars on standard error for what takes long."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SLOW_SECONDS = 2.0  # before the first line
LINE_SECONDS = 10.0  # between two lines


def console_of(stream: TextIO) -> Console | None:
    """What bars can be drawn on; None where lines are wanted: elsewhere than on a terminal, and with NO_COLOR."""
    console = Console(file=stream, highlight=False)
    return console if stream.isatty() and not console.is_dumb_terminal and not os.environ.get("NO_COLOR") else None


def with_lines_when_slow(items: Any, doing: str) -> Iterator[Any]:
    """The items one after the other, with a line on how far it is when they take more than seconds."""
    shown, wait = time.monotonic(), SLOW_SECONDS
    for n, item in enumerate(items):
        if time.monotonic() - shown > wait:
            print(f"{doing}: {n} of {len(items)}", file=sys.stderr, flush=True)
            shown, wait = time.monotonic(), LINE_SECONDS
        yield item


def counter(jobs: Mapping[Any, Any], doing: str) -> Iterator[tuple[Any, Any]]:
    """The items of the dict ``jobs`` one after the other, with a bar on a terminal and a line each elsewhere."""
    console = console_of(sys.stderr)
    if console is None:
        for n, (name, job) in enumerate(jobs.items()):
            print(f"{doing} {name} ({n + 1} of {len(jobs)})", file=sys.stderr, flush=True)
            yield name, job
        return
    columns = (MofNCompleteColumn(), BarColumn(24), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(doing, total=len(jobs))
        for name, job in jobs.items():
            bar.update(task, description=f"{doing} {name}")
            yield name, job
            bar.advance(task)
