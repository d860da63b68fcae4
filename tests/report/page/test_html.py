"""The page as a file: complete in itself, small, and without anything of a table as markup or script."""

import json
import re
from html.parser import HTMLParser

import pytest

from scaling_study.report.page.html import as_json, bundle, content, hash_of, histories
from scaling_study.report.page.values import Page, costs_of, counts, methods_of, setup

from .conftest import EVIL, epochs_of, run_rows


def addresses(text):
    """What the elements of a page refer to."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, pairs: found.extend(value for name, value in pairs if name in ("src", "href"))
    parser.feed(text)
    assert found
    return found


def parts(path):
    text = path.read_text(encoding="utf-8")
    return text, re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)


def test_scripts_are_those_that_the_policy_names_and_no_address_is_loaded(page_of):
    text, (_, *scripts) = parts(page_of(run_rows(40)))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert re.findall(r"'sha256-([^']*)'", policy) == [hash_of(script) for script in scripts]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert all(address.startswith(("data:", "#")) for address in addresses(text))
    assert "\r" not in bundle()


def test_names_that_are_markup_are_text(page_of):
    rows = run_rows(40)
    text, (data, *_) = parts(page_of(rows))
    assert "<img src=x" not in text
    assert "<script>window" not in text
    assert "&lt;script&gt;window.evil" in text
    assert '<a href="https' not in text
    assert "<em>finished</em> runs" in text
    assert "<td>2</td>" in text
    found = json.loads(data)
    assert [row[0] for row in found["rows"]] == rows.run_id.tolist()


def test_numbers_are_those_of_the_table_missing_ones_null():
    rows = run_rows(40)
    found = json.loads(as_json(content(Page("a", [], rows, epochs_of(rows)))))
    place = {name: n for n, name in enumerate(found["columns"])}
    for name in ("top1", "flops", "seed", "val_top1"):
        values = [row[place[name]] for row in found["rows"]]
        assert values == [
            None if missing else value for value, missing in zip(rows[name], rows[name].isna(), strict=True)
        ]
    assert found["history"]["baseline-0"] == {"epoch": [1, 2], "val_top1": [30.0, 60.0]}
    assert found["methods"] == ["baseline", "width", "depth", "compound"]
    assert "data" not in found["shown"]  # the same for all
    assert list(found["costs"]) == ["flops", "params", "train_seconds"]


def test_learning_curves_are_of_the_run_in_its_order_to_four_digits():
    epochs = epochs_of(run_rows(4)).assign(val_top1=[1 / 3, 2.0, None, 4.0, 5.0, 6.0, 7.0, 8.0])
    curves = histories(epochs.sort_values("epoch", kind="stable"))
    assert curves["baseline-0"] == {"epoch": [1, 2], "val_top1": [0.3333, 2.0]}
    assert curves["baseline-1"]["val_top1"] == [None, 4.0]


@pytest.mark.parametrize(("count", "megabytes"), [(100, 3.0), (5000, 8.0)])
def test_size(page_of, count, megabytes):
    assert page_of(run_rows(count)).stat().st_size < 1e6 * megabytes


def test_a_study_under_way_reloads_and_others_do_not(page_of):
    rows = run_rows(40)
    assert 'http-equiv="refresh" content="30"' in page_of(rows, refresh_seconds=30).read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' not in page_of(rows).read_text(encoding="utf-8")


def test_counts_and_settings_in_words():
    rows = run_rows(40)
    assert counts(rows) == "Runs: 38 finished, 1 under way, 1 failed."
    assert counts(rows[:0]) == "No run has begun."
    assert setup(rows)["data"] == "fractals_v2"
    assert setup(rows.assign(seed=1, epochs=[1] * 10 + [2] * 30))["epochs"] == "2 (30), 1 (10)"
    assert methods_of(rows.assign(method="resnet")) == ["resnet"]
    assert costs_of(rows[:0]) == {"flops": "multiply-adds"}


def test_json_has_no_character_that_ends_a_script():
    text = as_json({"a": EVIL})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": EVIL}
