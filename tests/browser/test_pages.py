import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from trimtab.core.workspace import Workspace
from trimtab.web.export import render_static

PAGE = "/scopes/triggered-all-1a2b3c4d/models/late"

pytestmark = pytest.mark.service

INK = """
return [...document.querySelectorAll('canvas')].map((canvas) => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3] > 200) seen.add((pixels[i] << 16) + (pixels[i + 1] << 8) + pixels[i + 2]);
  }
  return seen.size;
});
"""
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def look(chrome, shots):
    """Open an address, wait for its charts, and fail on anything the browser complains of."""

    def go(address, width=1280, height=900):
        shots.resize(chrome, width, height)
        chrome.get(address)
        if chrome.find_elements(By.ID, "chart-data"):
            shots.charts_drawn(chrome)
        complaints = [line["message"] for line in chrome.get_log("browser")]
        assert complaints == []
        return chrome

    return go


def test_every_chart_is_drawn(look, site):
    page = look(site + PAGE)

    inks = page.execute_script(INK)

    assert len(inks) == 5
    assert min(inks) > 5


def test_the_table_holds_the_figures(look, site):
    page = look(site + PAGE)

    rows = page.find_elements(By.CSS_SELECTOR, "#windows tbody tr")
    october = next(row.text for row in rows if row.text.startswith("2013-10"))

    assert len(rows) == 9
    assert "0.686 [0.675, 0.697] 0.640 0.692" in october


def test_the_champion_is_taken_apart(look, site):
    page = look(site + PAGE)

    analysis = page.find_element(By.ID, "analysis").text

    assert "champion v3" in page.find_element(By.CSS_SELECTOR, ".chips").text
    assert "AUC 0.741 [0.732, 0.750]" in analysis
    assert "origin = EWR 20,000 0.710" in analysis


def test_pointing_at_a_window_shows_its_values(look, site, chrome):
    page = look(site + PAGE)
    over = page.find_element(By.CSS_SELECTOR, "[data-chart=performance] .u-over")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", over)
    box = page.execute_script(
        "const b = arguments[0].getBoundingClientRect(); return [b.x, b.y, b.width, b.height]",
        over,
    )
    share = 6.5 / 9  # the middle of October
    for x in (box[0] + 5, box[0] + share * box[2]):
        point = {"type": "mouseMoved", "x": x, "y": box[1] + box[3] / 2}
        chrome.execute_cdp_cmd("Input.dispatchMouseEvent", point)

    tip = page.find_element(By.CSS_SELECTOR, "[data-chart=performance] .tip")
    WebDriverWait(chrome, 5).until(lambda _: tip.is_displayed())
    assert tip.text.split("\n")[0] == "2013-10"
    assert "0.686" in tip.text
    assert "[0.675, 0.697]" in tip.text


def test_the_list_leads_to_the_model_and_the_alert_to_the_runbook(look, site):
    page = look(site)
    page.find_element(By.LINK_TEXT, "triggered-all-1a2b3c4d").click()

    page.find_element(By.LINK_TEXT, "what to do").click()

    assert page.current_url == f"{site}/runbook#performance"
    assert page.find_element(By.ID, "performance").text == "Performance"


@pytest.mark.parametrize("path", ["/", PAGE, "/scopes/live/models/late", "/runbook"])
def test_no_page_is_wider_than_a_telephone(look, site, path):
    page = look(site + path, width=390, height=844)

    assert page.execute_script(WIDER) <= 0


def test_a_hundred_windows_are_drawn(look, site):
    page = look(f"{site}/scopes/live/models/late")

    assert min(page.execute_script(INK)) > 5
    assert len(page.find_elements(By.CSS_SELECTOR, "#windows tbody tr")) == 100


def test_the_single_file_draws_from_disk(look, project, tmp_path):
    workspace = Workspace.open(project)
    file = render_static(workspace, "triggered-all-1a2b3c4d", tmp_path / "page.html")
    workspace.store.close()

    page = look(file.as_uri())

    assert min(page.execute_script(INK)) > 5


def test_a_picture_can_be_taken_in_the_dark(shots, site, tmp_path):
    file = shots.screenshot(site + PAGE, tmp_path / "page.png", 390, None, dark=True)

    assert file.read_bytes().startswith(b"\x89PNG")
