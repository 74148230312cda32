"""The pages that `trimtab data … --html` writes, opened from disk."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from trimtab.data.checks import validate
from trimtab.data.drift import drift
from trimtab.data.infer import infer_schema
from trimtab.data.profile import profile
from trimtab.data.quality import quality
from trimtab.data.report import (
    drift_fragment,
    drift_page,
    profile_page,
    quality_page,
    validation_page,
)

pytestmark = pytest.mark.service

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN = """
return [...document.querySelectorAll('.scroll > table > tbody > tr')]
  .filter((row) => row.checkVisibility()).length
"""
# how far the ink of every text is from the ground it stands on, as WCAG 2 counts it
CONTRAST = """
const light = (c) => {
  const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map((x) => x / 255)
    .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (e) => {
  const own = getComputedStyle(e).backgroundColor;
  return own !== 'rgba(0, 0, 0, 0)' ? own : ground(e.parentElement);
};
return Math.min(...[...document.querySelectorAll('main *')]
  .filter((e) => e.checkVisibility())
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a))
  .map(([a, b]) => (a + 0.05) / (b + 0.05)));
"""


def orders(seed: int, shift: float = 0.0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    numbers = {f"figure_{i:02}": random.normal(shift * (i == 3), 1, 800) for i in range(48)}
    return pl.DataFrame(
        {
            **numbers,
            "a_name_so_long_that_it_has_to_be_broken_somewhere_" * 2: random.gamma(2, 1, 800),
            "city": random.choice(["Paris", "Zürich", "東京"], 800),
        }
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    old, new = orders(1), orders(2, shift=0.8).with_columns(city=pl.lit("Oslo"))
    schema = infer_schema(old)
    made = {
        "drift": drift_page(drift(old, new)),
        "nothing-moved": drift_page(drift(old, old)),
        "profile": profile_page(profile(old)),
        "validation": validation_page(validate(new, schema, now=NOW)),
        "valid": validation_page(validate(old, schema, now=NOW)),
        "quality": quality_page(quality(new, schema, now=NOW)),
        "notebook": f"<!doctype html><title>n</title><main>{drift_fragment(drift(old, new))}",
    }
    folder = tmp_path_factory.mktemp("reports")
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


NAMES = ("drift", "nothing-moved", "profile", "validation", "valid", "quality", "notebook")


@pytest.fixture
def look(chrome, shots, pages):
    """Open a page, and fail on anything the browser complains of."""

    def go(name, width=1280, dark=False):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        shots.resize(chrome, width, 900)
        chrome.get((pages / f"{name}.html").as_uri())
        assert [line["message"] for line in chrome.get_log("browser")] == []
        return chrome

    return go


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_opens_from_disk_and_is_no_wider_than_the_window(look, name, width):
    assert look(name, width).execute_script(WIDER) <= 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(look, name, dark):
    assert look(name, dark=dark).execute_script(CONTRAST) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_fifty_columns_weigh_little(pages, name):
    assert (pages / f"{name}.html").stat().st_size < 250_000


def test_typing_a_name_leaves_its_rows(look):
    page = look("profile")
    before = page.execute_script(SHOWN)

    box = page.find_element(By.CSS_SELECTOR, "input[type=search]")
    box.send_keys("CITY")
    found = page.execute_script(SHOWN)
    box.send_keys(Keys.BACKSPACE * 4)

    assert (before, found, page.execute_script(SHOWN)) == (50, 1, 50)


def test_what_did_not_move_is_folded_away_and_found_by_name(look):
    page = look("drift")
    moved = page.execute_script(SHOWN)

    page.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("figure_07")

    assert moved < 10
    assert page.execute_script(SHOWN) == 1


def test_pictures_are_drawn_in_two_colours(look):
    page = look("drift")
    bar, line = (
        page.find_element(By.CSS_SELECTOR, f"svg.bins path.{side}") for side in ("ref", "cur")
    )

    assert bar.value_of_css_property("fill") != line.value_of_css_property("stroke")
    assert min(bar.rect["width"], line.rect["width"]) > 100
