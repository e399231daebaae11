"""Headless Chromium for the tests that open a page; skipped without one, unless VAELID_REQUIRE_BROWSER=1."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def _path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module", name="chromium")
def chromium_browser() -> Iterator[Any]:
    """A browser for the tests of a module."""
    path = _path()
    if path is None:
        lack = f"no browser: none of {', '.join(NAMES)} is on the PATH"
        if os.environ.get("VAELID_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{lack}, and VAELID_REQUIRE_BROWSER=1 asks for one")
        pytest.skip(f"{lack} (set VAELID_REQUIRE_BROWSER=1 to fail instead)")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page, with what it printed and what it asked the network for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def picture(self) -> str:
        """What the decoder shows, as a string to compare."""
        return self.page.evaluate("document.getElementById('dec').toDataURL()")

    def pixels(self) -> list[list[int]]:
        """The RGBA values of what the decoder shows, pixel after pixel."""
        flat = self.page.evaluate(
            """() => {
                const canvas = document.getElementById('dec');
                return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
            }"""
        )
        return [flat[i : i + 4] for i in range(0, len(flat), 4)]


@contextmanager
def opened(chromium: Any, html: str, folder: Path, *, width: int = 1280, **context: Any) -> Iterator[Opened]:
    """The page in a window of that width; `context` is Playwright's, `color_scheme` or `has_touch` say."""
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    scene = chromium.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **context)
    found = Opened(scene.new_page())
    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(path.as_uri())
    yield found
    scene.close()
