"""A browser, and pages opened in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser import Page

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra `browser` is not installed")
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium, which .ci/run installs")
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens pages; at the end of the test none may have asked for anything or written to its console."""
    pages: list[Page] = []

    def open_page(html: str, state: str = "", **options: Any) -> Page:
        path = tmp_path / f"page-{len(pages)}.html"
        path.write_text(html, encoding="utf-8")
        pages.append(Page(browser, path, **options))
        return pages[-1].open(state)

    yield open_page
    for page in pages:
        assert not page.problems
        page.context.close()
