"""Headless Chromium: pages as pictures, and a driver that the tests of pages share."""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

NO_CHROMIUM = (
    "needs Chromium and its driver: `apt-get install chromium chromium-driver` (Debian), "
    "or any chromium and chromedriver on PATH"
)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--no-default-browser-check",
)  # fmt: skip


def chromium() -> tuple[str, str] | None:
    """Return the paths of Chromium and its driver, or None if one is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def browser(*, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Any]:
    """Open a headless Chromium with a profile of its own, and close it.

    Raises
    ------
    RuntimeError
        If there is no Chromium.
    """
    found = chromium()
    if found is None:
        raise RuntimeError(NO_CHROMIUM)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = found[0]
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(
            executable_path=found[1], log_output=os.devnull, env={**os.environ, "HOME": profile}
        )
        driver = webdriver.Chrome(options=options, service=service)
        try:
            resize(driver, width, height)
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
            yield driver
        finally:
            driver.quit()


def resize(driver: Any, width: int, height: int) -> None:
    """Set the size of the page; a headless window alone cannot be as narrow as a telephone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def charts_drawn(driver: Any, seconds: float = 20) -> int:
    """Wait until the page has drawn its charts and return how many there are."""
    script = "return document.documentElement.dataset.charts"
    drawn = WebDriverWait(driver, seconds).until(lambda page: page.execute_script(script))
    return int(drawn)


def screenshot(
    url: str, path: Path | str, width: int = 1280, height: int | None = 900, dark: bool = False
) -> Path:
    """Save a page as a PNG; `height` None takes the whole page.

    Parameters
    ----------
    url : str
        Address of the page; `file://` works too.
    path : path-like
        File to write.
    width, height : int
        Size in CSS pixels.
    dark : bool
        Ask for the dark colours.
    """
    with browser(width=width, height=height or 900, dark=dark) as driver:
        driver.get(url)
        if driver.execute_script("return document.getElementById('chart-data') !== null"):
            charts_drawn(driver)
        if height is None:
            full = driver.execute_script("return document.documentElement.scrollHeight")
            resize(driver, width, full)
            driver.implicitly_wait(0.3)
        picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    out = Path(path)
    out.write_bytes(base64.b64decode(picture["data"]))
    return out
