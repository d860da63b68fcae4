"""The page in a browser: what it shows is what the table holds, and its views are linked."""

import csv
import io
import itertools
import urllib.parse

import pytest

from scaling_study.figures import of_runs

from .conftest import run_rows

pytestmark = pytest.mark.slow  # starts a Chromium

ROWS = run_rows(120)


@pytest.fixture
def opened(chromium, page_of):
    """Open the page of ROWS in a window. Nothing may be requested, and nothing said on the console but Vega's hints."""
    contexts, said = [], []

    def make(rows=ROWS, width=1200, drawn=True, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type != "warning" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        page.goto(page_of(rows).as_uri())
        page.wait_for_selector("#chart .marks" if drawn else "#answer", timeout=30_000)
        return page

    yield make
    for context in contexts:
        context.close()
    assert said == []


def title_of_axis(page, which):
    return page.locator(f"#chart .role-axis-title text:has-text('{which}')").count()


def test_the_table_holds_the_runs_and_names_stay_text(opened):
    page = opened()
    cells = page.locator("#table tbody tr").first.locator("td").all_text_contents()
    heads = [text.split(" ")[0] for text in page.locator("#table thead th").all_text_contents()]
    row = dict(zip(heads, cells, strict=True))
    assert row["run_id"] == "baseline-0"
    assert float(row["top1"]) == pytest.approx(ROWS.top1[0], rel=1e-4)
    assert page.evaluate("window.evil") is None
    assert "118 finished" in page.inner_text("header")
    assert page.inner_text("#count") == "120 of 120 runs"


def test_choosing_a_cost_changes_the_axis_and_the_address_keeps_it(opened):
    page = opened()
    assert title_of_axis(page, "multiply-adds, log scale") == 1
    page.select_option("#cost", "params")
    page.wait_for_selector("#chart text:has-text('parameters, log scale')")
    page.select_option("#response", "val_top1")
    page.wait_for_selector("#chart text:has-text('validation top-1')")
    assert "cost=params" in page.url
    page.reload()
    page.wait_for_selector("#chart .marks")
    assert page.input_value("#cost") == "params"
    assert title_of_axis(page, "parameters, log scale") == 1


def test_methods_and_seeds_choose_runs_for_all_views(opened):
    page = opened()
    page.uncheck("#methods input[value=depth]")
    assert page.inner_text("#count") == f"{(ROWS.method != 'depth').sum()} of 120 runs"
    page.select_option("#seed", "3")
    chosen = ROWS[(ROWS.method != "depth") & (ROWS.seed == 3)]
    assert page.inner_text("#count") == f"{len(chosen)} of 120 runs"
    page.wait_for_selector(f"#chart-note:has-text('{(chosen.status == 'done').sum()} finished')")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_figure_that_is_opened_tells_its_values(opened, color_scheme):
    page = opened(color_scheme=color_scheme)
    figure = page.locator("details:has([data-figure])")
    assert not figure.locator("svg").count()
    figure.locator("summary").click()
    page.wait_for_selector("[data-figure] svg .mark-symbol path")
    assert not figure.locator("img").is_visible()
    [panel] = of_runs(ROWS)["methods"]().flat
    assert figure.locator("g.mark-symbol.role-mark path").count() == sum(len(mark.x) for mark in panel.marks)
    figure.locator("g.mark-symbol.role-mark path").last.hover()
    page.wait_for_selector("#vg-tooltip-element:has-text('test top-1 accuracy')")


def test_settings_of_training_are_chosen_where_they_differ(opened):
    page = opened()
    assert not page.locator("#settings").is_visible()
    page = opened(ROWS.assign(settings=["learning_rate=0.1", None] * 60))
    page.select_option("#settings", "as in the recipe")
    assert page.inner_text("#count") == "60 of 120 runs"
    page.select_option("#settings", "learning_rate=0.1")
    assert "settings=learning_rate" in page.url
    assert page.inner_text("#count") == "60 of 120 runs"


def test_a_click_on_a_point_selects_its_run_and_shows_its_curve_and_command(opened):
    page = opened()
    page.locator("#chart .mark-symbol.role-mark path").last.click(force=True)
    page.wait_for_selector("#learning .mark-line")
    name = page.inner_text("#selected-title")
    assert name in set(ROWS.run_id)
    assert page.inner_text("#command") == ROWS.set_index("run_id").command[name]
    assert page.locator("#table tr[aria-selected=true] td").first.inner_text() == name


def test_hovering_shows_the_run(opened):
    page = opened()
    page.locator("#chart .mark-symbol.role-mark path").last.hover(force=True)
    page.wait_for_selector("#vg-tooltip-element.visible", timeout=5000)
    assert "run_id" in page.inner_text("#vg-tooltip-element")


def test_sorting_filtering_and_paging(opened):
    page = opened()
    page.get_by_role("button", name="top1", exact=True).click()
    low = page.locator("#table tbody tr td").first.inner_text()
    assert low == ROWS.run_id[ROWS.top1.idxmin()]
    assert page.locator("#table th[aria-sort=ascending]").inner_text().startswith("top1")
    page.keyboard.press("Enter")  # the button keeps the focus
    assert page.locator("#table tbody tr td").first.inner_text() == ROWS.run_id[ROWS.top1.idxmax()]
    page.fill("#filter", "failed")
    assert page.inner_text("#count") == "1 of 120 runs"
    page.locator("#table tbody button").first.click()
    assert page.inner_text("#error").startswith("went wrong </script>")
    page.fill("#filter", "")
    page.click("#next")
    assert page.inner_text("#place") == "page 2 of 5"


def test_downloads_hold_what_is_shown(opened):
    page = opened()
    page.fill("#filter", "compound-1")
    with page.expect_download() as download:
        page.click("#download")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    wanted = ROWS[ROWS.run_id.str.contains("compound-1")]
    assert [row["run_id"] for row in rows] == wanted.run_id.tolist()
    assert [float(row["top1"]) for row in rows if row["top1"]] == wanted.top1.dropna().tolist()
    assert urllib.parse.urlsplit(page.url).scheme == "file"


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(opened, width, scheme):
    page = opened(width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_headings_and_texts_for_screen_readers(opened):
    page = opened()
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.locator("img:not([alt])").count() == 0
    unnamed = "element => !element.closest('label') && !element.textContent.trim()"
    controls = "[...document.querySelectorAll('select,input,button')]"
    assert page.evaluate(f"{controls}.filter({unnamed}).length") == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the table of runs"


def test_printed_it_holds_every_finding_and_no_controls(opened):
    page = opened()
    assert page.pdf()
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print")
    assert not page.locator("#controls").is_visible()
    assert page.locator("#answer").is_visible()


def test_choices_without_a_run_and_a_study_without_runs_draw_nothing(opened):
    page = opened()
    for method in ("baseline", "width", "depth", "compound"):
        page.uncheck(f"#methods input[value={method}]")
    page.wait_for_selector("#chart-note:has-text('No finished run with these choices.')")
    assert page.locator("#chart .marks").count() == 0
    page.check("#methods input[value=width]")
    page.wait_for_selector("#chart .marks")
    page = opened(ROWS[:0], drawn=False)
    assert not page.locator("#runs").is_visible()
    assert page.locator("#findings").is_visible()


@pytest.mark.slow
def test_5000_runs_stay_usable(opened):
    rows = run_rows(5000)
    page = opened(rows)
    page.wait_for_selector("#chart-note:has-text('too many to be drawn one by one (more than 2000)')")
    page.select_option("#cost", "params")
    page.wait_for_selector("#chart-note:has-text('4998 finished')")
    page.fill("#filter", "compound-49")
    assert page.inner_text("#count").endswith("of 5000 runs")
    page.locator("#table tbody button").first.click()
    page.wait_for_selector("#learning .mark-line")
    name = page.inner_text("#selected-title")
    others = (rows.variant == rows.set_index("run_id").variant[name]).sum() - 1
    assert page.inner_text("#learning-note") == f"Thin: the first 20 of the {others} other runs of this variant."
    assert page.locator("#learning .mark-line path").count() == 21
