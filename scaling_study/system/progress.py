"""Lines and bars on standard error for what takes long."""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from tqdm import tqdm

SLOW_SECONDS = 2.0  # before the first line
LINE_SECONDS = 10.0  # between two lines


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
    with tqdm(total=len(jobs), disable=None, leave=False, file=sys.stderr) as bar:
        for n, (name, job) in enumerate(jobs.items()):
            if bar.disable:
                print(f"{doing} {name} ({n + 1} of {len(jobs)})", file=sys.stderr, flush=True)
            else:
                bar.set_description(f"{doing} {name}")
            yield name, job
            bar.update()
