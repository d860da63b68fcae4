"""One progress display for all runs of a sweep, in whichever process they train."""

import sys
import threading
import time
from collections.abc import Sequence
from typing import NoReturn, Self, TextIO

from tqdm import tqdm

from scaling_study.records.store import RunFolder

POLL_SECONDS = 1.0
PLAIN_SECONDS = 30.0  # between two lines when the output is not a terminal
UNITS = 1000  # the bar's length: tqdm wants a total, a share of the cost is what is shown


class Progress:
    """Polls the run folders of a sweep and shows runs done, failed and running, the share of the nominal
    flops that is trained, and the time left. A live line on a terminal, plain lines elsewhere.

    jobs: list of (RunFolder, cost), the cost in any unit proportional to flops.
    """

    def __init__(self, jobs: Sequence[tuple[RunFolder, float]], stream: TextIO | None = None) -> None:
        self.jobs = jobs
        self.total = sum(cost for _, cost in jobs) or 1.0
        self.done: set[RunFolder] = set()
        self.began = time.time()
        self.stopped = threading.Event()
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.start_time, self.start_share = time.monotonic(), 0.0
        self.bar: tqdm[NoReturn] | None = None
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def start(self) -> Self:
        self.start_share = self.look()[0]
        if self.live:
            layout = "{percentage:3.0f}% of flops |{bar:30}| {desc}"
            self.bar = tqdm(total=UNITS, file=self.stream, bar_format=layout, dynamic_ncols=True)
        self.thread.start()
        return self

    def stop(self) -> None:
        """Show the final state and end the display."""
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()
        self.show()
        if self.bar is not None:
            self.bar.close()

    def watch(self) -> None:
        while not self.stopped.wait(POLL_SECONDS if self.live else PLAIN_SECONDS):
            self.show()

    def look(self) -> tuple[float, dict[str, int]]:
        """(share of the cost that is trained, counts by state) read from the run folders."""
        trained, counts = 0.0, {"done": 0, "failed": 0, "running": 0}
        for folder, cost in self.jobs:
            status = "done" if folder in self.done else self.status(folder)
            if status == "done":
                self.done.add(folder)
            if status in ("done", "failed"):
                counts[status] += 1
                trained += cost
            elif status == "running":
                counts["running"] += 1
                trained += cost * folder.progress()
        return trained / self.total, counts

    def status(self, folder: RunFolder) -> str:
        """done, failed, running or waiting; a failure of an earlier sweep waits to be tried again."""
        if folder.started():
            return "running"
        record = folder.record()
        if record and (record["status"] == "done" or folder.record_time() > self.began):
            return record["status"]
        return "waiting"

    def show(self) -> None:
        share, counts = self.look()
        text = f"{counts['done']} of {len(self.jobs)} runs done, {counts['failed']} failed, {counts['running']} running"
        text += f", {self.times(share)}"
        if self.bar is not None:
            self.bar.n = round(UNITS * share)
            self.bar.set_description_str(text)
        else:
            print(f"{100 * share:3.0f}% of flops, {text}", file=self.stream, flush=True)

    def times(self, share: float) -> str:
        """Elapsed and remaining time; the rest is expected at the speed seen since the start."""
        elapsed = time.monotonic() - self.start_time
        gained = share - self.start_share
        left = "?" if gained <= 0 else tqdm.format_interval(elapsed * (1 - share) / gained)
        return f"{tqdm.format_interval(elapsed)} elapsed, {left} left"
