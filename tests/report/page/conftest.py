import shutil

import numpy as np
import pandas as pd
import pytest

from scaling_study.figures import of_runs
from scaling_study.figures.interactive import specifications
from scaling_study.records.columns import EPOCH_COLUMNS, RUN_COLUMNS
from scaling_study.report.page.html import render
from scaling_study.report.page.rows import command, variant
from scaling_study.report.page.values import Page, Picture, StudySection

EVIL = "</script><script>window.evil=1</script><img src=x onerror='window.evil=1'>&amp;\u2028"


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("needs chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def run_rows(count, name="a"):
    """Finished runs of four methods with 5 seeds each, one under way, and one failed whose name and error would be
    markup."""
    rng, rows = np.random.default_rng(0), []
    for n in range(count):
        size, method = 2.0 ** (n // 20 % 6), ("baseline", "width", "depth", "compound")[n // 5 % 4]
        axes = {"depth": 1.0, "width": 1.0, "resolution": 1.0} | ({} if method == "baseline" else {"width": size})
        row = {"run_id": f"{method}-{n}", "study": name, "status": "done", "method": method, **axes, "seed": n % 5}
        row |= {"model": "micro_mbconv_v2", "data": "fractals_v2", "recipe": "quick", "epochs": 2, "phi": size}
        row |= {
            "flops": int(1e6 * size),
            "params": 1000 * (n + 1),
            "top1": 60 + rng.normal(),
            "val_top1": 61.25,
            "loss": 1.5,
        }
        rows.append(row | {"train_seconds": 10.0 * size, "train_images": 100, "val_images": 10, "optimizer": "muon"})
    rows[-1] |= {"status": "failed", "error": f"went wrong {EVIL}", "top1": None, "run_id": f"run {EVIL}"}
    rows[-2] |= {"status": "running, 40%", "top1": None}
    table = pd.DataFrame(rows).reindex(columns=list(RUN_COLUMNS)).astype(RUN_COLUMNS)
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    return table.assign(command=[command(row) for row in records], variant=[variant(row) for row in records])


def epochs_of(rows):
    curves = [{"run_id": name, "epoch": epoch, "val_top1": 30.0 * epoch} for name in rows.run_id for epoch in (1, 2)]
    return pd.DataFrame(curves).reindex(columns=list(EPOCH_COLUMNS)).astype(EPOCH_COLUMNS)


@pytest.fixture
def page_of(tmp_path):
    """Write the page of run rows, and return its path."""

    def make(rows, **options):
        table = "| a | b |\n| --- | --- |\n| 1 | 2 |"
        parts = [("Data", f"63 *finished* runs {EVIL}\n\n{table}"), (f"Part {EVIL}", "[a link](https://example.org)")]
        pixel = Picture(
            "methods",
            "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
            f"Accuracy {EVIL}",
        )
        drawings = of_runs(rows.assign(data=f"data {EVIL}"))
        opened = pixel._replace(panels=specifications(drawings["methods"]())) if "methods" in drawings else pixel
        section = StudySection(
            f"a {EVIL}", [f"Compound is ahead {EVIL}."], ["Not tested: much."], parts, [pixel, opened]
        )
        page = Page(f"study {EVIL}", [section], rows, epochs_of(rows), **options)
        path = tmp_path / "report.html"
        path.write_text(render(page), encoding="utf-8")
        return path

    return make
