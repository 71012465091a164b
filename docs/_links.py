"""Links of the finished site: those that lead to no file of it or to no anchor are warnings, which fail the build."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging

PLACES = {"a": "href", "link": "href", "img": "src", "script": "src", "iframe": "src", "source": "src"}


class _Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: dict[str, None] = {}
        self.anchors: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.update(value for name in ("id", "name") if (value := given.get(name)))
        if link := given.get(PLACES.get(tag, "")):
            self.links[link] = None


def check_links(app: Sphinx, exception: Exception | None) -> None:
    """A warning for every dead link of the site."""
    if exception is None and app.builder.format == "html":
        for page, link in dead_links(Path(app.outdir)):
            logging.getLogger(__name__).warning("%s: dead link %s", page, link)


def dead_links(site: Path) -> Iterator[tuple[str, str]]:
    """The links inside a site that lead nowhere, each with its page. Links of the player's pages are not looked at."""

    @functools.cache
    def page(path: Path) -> _Page:
        return _Page(path.read_text("utf-8"))

    for path in sorted(site.rglob("*.html")):
        if path.is_relative_to(site / "players"):
            continue
        for link in page(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            is_there = target.is_relative_to(site.resolve()) and target.is_file()
            anchor = unquote(parts.fragment) if target.suffix == ".html" else ""
            if not is_there or (anchor and anchor not in page(target).anchors):
                yield str(path.relative_to(site)), link
