"""The page of a synthetic study of 10,000 runs in Chromium: python -m benchmarks.page

Seconds from its address to a filled table of runs, and to the answer to a click on one of them; the same in seconds of
the processor for the tab, which other work on the machine hardly changes; the memory of the tab's process.
"""

import json
import shutil
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.figures import STUDIES, measure

ROUNDS = 3


def renderers(browser):
    """The processes of the tabs."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return {one["id"] for one in found if one["type"] == "renderer"}


def opened(chromium, path):
    """Open the page in a browser of its own."""
    browser = chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    start = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("#table tbody button")
    filled = time.perf_counter()
    page.evaluate("document.querySelectorAll('#table tbody button')[1].click()")
    page.wait_for_selector("#table tr[aria-selected=true]")
    page.wait_for_selector("#selected:not([hidden])")
    answered = time.perf_counter()
    tab = max((psutil.Process(process) for process in renderers(browser)), key=lambda one: one.memory_info().rss)
    used = sum(tab.cpu_times()[:2])
    page.wait_for_selector("#chart .marks")
    drawn = time.perf_counter()
    page.wait_for_timeout(1000)
    memory = tab.memory_full_info().pss / 1e6
    browser.close()
    return {
        "table_seconds": filled - start,
        "interactive_seconds": answered - start,
        "interactive_cpu_seconds": used,
        "chart_seconds": drawn - start,
        "memory_mb": memory,
    }


def main():
    report = {}
    with sync_playwright() as playwright:
        for variants, seeds in STUDIES:
            with tempfile.TemporaryDirectory() as folder:
                written = measure(variants, seeds, Path(folder))
                rounds = [opened(playwright.chromium, Path(folder) / "report.html") for _ in range(ROUNDS)]
            fastest = {key: round(min(one[key] for one in rounds), 2) for key in rounds[0]}
            report[f"{variants} variants x {seeds} seeds"] = written | fastest
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
