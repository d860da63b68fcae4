"""One progress display for all runs of a sweep, in whichever process they train."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Self, TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from scaling_study.records.store import RunFolder
from scaling_study.system.progress import console_of

POLL_SECONDS = 1.0
PLAIN_SECONDS = 30.0  # between two lines when the output is not a terminal
ROWS_MAX = 12  # of running runs that are shown


@dataclass(frozen=True)
class Look:
    """What the run folders say at one time. share: of the sweep's cost that is trained; counts: runs by state."""

    share: float
    counts: dict[str, int]
    running: list[RunFolder]


class Progress:
    """Polls the run folders of a sweep and shows runs done, failed and running, the share of the nominal flops that is
    trained, and the time left: on a terminal a table of the running ones with their bars, losses and accuracies, plain
    lines elsewhere.

    jobs: list of (RunFolder, cost), the cost in any unit proportional to flops.
    """

    def __init__(self, jobs: Sequence[tuple[RunFolder, float]], stream: TextIO | None = None) -> None:
        self.jobs = jobs
        self.total = sum(cost for _, cost in jobs) or 1.0
        self.done: set[RunFolder] = set()
        self.began = time.time()
        self.stopped = threading.Event()
        self.stream = stream or sys.stderr
        self.console = console_of(self.stream)
        self.live: Live | None = None
        self.start_time, self.start_share = time.monotonic(), 0.0
        self.first_seen: dict[RunFolder, tuple[float, float]] = {}  # time and progress of running runs
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def start(self) -> Self:
        self.start_share = self.look().share
        if self.console:
            self.live = Live(console=self.console, auto_refresh=False, redirect_stdout=False)
            self.live.start()
        self.thread.start()
        return self

    def stop(self) -> None:
        """Show the final state and end the display."""
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()
        self.show()
        if self.live:
            self.live.stop()

    def watch(self) -> None:
        while not self.stopped.wait(POLL_SECONDS if self.live else PLAIN_SECONDS):
            self.show()

    def look(self) -> Look:
        trained, counts, running = 0.0, {"done": 0, "failed": 0, "running": 0}, []
        for folder, cost in self.jobs:
            status = "done" if folder in self.done else self.status(folder)
            if status == "done":
                self.done.add(folder)
            if status in ("done", "failed"):
                counts[status] += 1
                trained += cost
            elif status == "running":
                counts["running"] += 1
                running.append(folder)
                trained += cost * folder.progress()
        return Look(trained / self.total, counts, running)

    def status(self, folder: RunFolder) -> str:
        """done, failed, running or waiting; a failure of an earlier sweep waits to be tried again."""
        if folder.started():
            return "running"
        record = folder.record()
        if record and (record["status"] == "done" or folder.record_time() > self.began):
            return record["status"]
        return "waiting"

    def show(self) -> None:
        look = self.look()
        if self.live:
            self.live.update(self.drawn(look), refresh=True)
        else:
            print(f"{100 * look.share:3.0f}% of flops, {self.words(look)}", file=self.stream, flush=True)

    def words(self, look: Look) -> str:
        counts = look.counts
        text = f"{counts['done']} of {len(self.jobs)} runs done, {counts['failed']} failed, {counts['running']} running"
        return f"{text}, {self.times(look.share)}"

    def times(self, share: float) -> str:
        """Elapsed and remaining time; the rest is expected at the speed seen since the start."""
        elapsed = time.monotonic() - self.start_time
        return f"{clock(elapsed)} elapsed, {left(elapsed, share - self.start_share, 1 - share)} left"

    def drawn(self, look: Look) -> RenderableType:
        """A line for the sweep, and a row for each of the running runs, with as much as the terminal has room for."""
        assert self.console
        shown = [column for column in COLUMNS if column.at_least <= self.console.width]
        table = Table.grid(padding=(0, 1, 0, 0))
        name_width = self.console.width - sum(column.width + 1 for column in shown) - 1
        table.add_column(width=max(name_width, 1), no_wrap=True, overflow="ellipsis")
        for column in shown:
            table.add_column(width=column.width, no_wrap=True)
        for name, cells in self.rows(look):
            table.add_row(name, *(cells[column.name] for column in shown))
        more = len(look.running) - ROWS_MAX
        rest = [f"and {more} more runs"] if more > 0 else []
        return Group(*([table] if look.running else []), *rest, self.words(look))

    def rows(self, look: Look) -> Iterator[tuple[str, dict[str, RenderableType]]]:
        """(name, cells by the names of COLUMNS) of the running runs, ROWS_MAX at most."""
        now = time.monotonic()
        for folder in look.running[:ROWS_MAX]:
            share, latest = folder.progress(), folder.latest()
            seen, first = self.first_seen.setdefault(folder, (now, share))
            yield (
                folder.path.name,
                {
                    "bar": ProgressBar(total=1.0, completed=share),
                    "percent": f"{100 * share:3.0f}%",
                    "loss": "" if latest.loss is None else f"loss {latest.loss:.3f}",
                    "accuracy": "" if latest.val_top1 is None else f"val {latest.val_top1:.1f}%",
                    "left": f"{left(now - seen, share - first, 1 - share)} left",
                },
            )


class Column(NamedTuple):
    """Of the table of running runs: its width, and that of a terminal from which on it is shown."""

    name: str
    width: int
    at_least: int


COLUMNS = (
    Column("bar", 16, 100),
    Column("percent", 4, 20),
    Column("loss", 11, 60),
    Column("accuracy", 10, 72),
    Column("left", 12, 40),
)


def left(seconds: float, gained: float, rest: float) -> str:
    """How long ``rest`` will take at the speed of ``gained`` in ``seconds``; ? where nothing was gained yet."""
    return "?" if gained <= 0 else clock(seconds * rest / gained)


def clock(seconds: float) -> str:
    """Seconds as hours:minutes:seconds."""
    return str(timedelta(seconds=round(seconds)))
