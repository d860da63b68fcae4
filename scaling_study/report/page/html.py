"""A page as one HTML file: no request leaves it, and nothing in a table becomes markup or script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any

import jinja2
import pandas as pd
import vl_convert
from markdown_it import MarkdownIt
from markupsafe import Markup

from scaling_study.figures.style import METHODS
from scaling_study.report.page.charts import accuracy_chart, learning_chart
from scaling_study.report.page.rows import SHOWN
from scaling_study.report.page.values import RESPONSES, Page, StudySection, costs_of, counts, methods_of, setup

HERE = Path(__file__).parent
CURVES = ("epoch", "val_top1")
DECIMALS = 4  # of an accuracy in percent, by which one of a million images is seen
KEPT = ("status", "method", "top1")  # columns that are shown even where they are the same for all runs


def render(page: Page) -> str:
    """The HTML of a page. Scripts are allowed by their hashes alone, and the network is forbidden to them."""
    library, script = bundle(), (HERE / "page.js").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string((HERE / "page.html").read_text(encoding="utf-8"))
    return template.render(
        title=page.title,
        hashes=[hash_of(code) for code in (library, script)],
        refresh_seconds=page.refresh_seconds,
        css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        counts=counts(page.rows),
        has_runs=not page.rows.empty,
        written_at=page.written_at,
        studies=[as_html(study) | {"place": place} for place, study in enumerate(page.studies)],
        costs=costs_of(page.rows),
        responses=RESPONSES,
        setup=setup(page.rows),
        version=page.version,
        data=Markup(as_json(content(page) | {"figures": panels(page.studies)})),
        library=Markup(library),
        script=Markup(script),
    )


def as_html(study: StudySection) -> dict[str, Any]:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink"])
    parts = [{"title": title, "html": Markup(markdown.render(text))} for title, text in study.parts]
    return {
        "name": study.name,
        "quoted": quote(study.name),
        "answers": study.answers,
        "limits": study.limits,
        "figures": study.figures,
        "parts": parts,
    }


def panels(studies: Sequence[StudySection]) -> dict[str, Any]:
    """{place of a figure on the page, as in its element: specifications of its panels}."""
    return {
        f"{n}-{m}": figure.panels
        for n, study in enumerate(studies)
        for m, figure in enumerate(study.figures)
        if m > 0 and figure.panels  # the main one stays a picture: the views below it are of the same runs
    }


def content(page: Page) -> dict[str, Any]:
    """What the script works on."""
    rows = page.rows
    shown = [name for name in SHOWN if name in rows and (rows[name].nunique(dropna=False) > 1 or name in KEPT)]
    shown = ["run_id", *(name for name in shown if name != "run_id")]
    columns = [*shown, *(name for name in rows if name not in shown and rows[name].notna().any())]
    methods = methods_of(rows)
    return {
        "columns": columns,
        "shown": shown,
        "rows": list(zip(*(column(rows[name]) for name in columns), strict=True)),
        "history": histories(page.epochs),
        "costs": costs_of(rows),
        "responses": RESPONSES,
        "methods": methods,
        "lines": [name for name in methods if name in METHODS and name != "custom"],
        "chart": accuracy_chart(methods),
        "learning": learning_chart(),
    }


def histories(epochs: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """{run_id: {key of CURVES: its values by epoch}}, accuracies to DECIMALS."""
    values = {key: column(epochs[key].round(DECIMALS)) for key in CURVES}
    places = epochs.groupby("run_id").indices
    return {str(run): {key: [values[key][place] for place in rows] for key in CURVES} for run, rows in places.items()}


def column(series: pd.Series) -> list[Any]:
    """The values for JSON: missing ones as None."""
    return series.astype(object).where(series.notna(), None).tolist()


def as_json(found: dict[str, Any]) -> str:
    """JSON that no HTML parser takes for markup, whatever the names in it."""
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@cache
def bundle() -> str:
    """Vega, Vega-Lite and vega-embed as a script that makes ``vegaEmbed`` global."""
    code = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def hash_of(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
