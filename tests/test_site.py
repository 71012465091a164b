"""The site of the documentation: its links, its Chinese pages, its tables. The programs of the gallery are not run here."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tracer.training.bundled.examples import examples

DOCS = Path(__file__).parent.parent / "docs"

WORDS = re.compile(
    r"\b(?:Back to top|Home|Link to this heading|Made with|Next|On this page|Previous|Search|Skip to content|Toggle)\b"
)
"""Words of the theme."""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The modules of the build, which write into a temporary folder an empty slide and page for each program of the gallery."""
    for name in ("furo", "myst_parser", "sphinx_copybutton"):
        pytest.importorskip(name)
    made = tmp_path_factory.mktemp("made")
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        patch.setattr(sys, "path", list(sys.path))  # conf.py adds to it
        import _gallery
        import _links

        for each, path in {"MADE": made, "SLIDES": made / "slides", "PAGES": made / "site"}.items():
            patch.setattr(_gallery, each, path)
        patch.setattr(_gallery, "run_example", lambda example: _gallery.player_of(example).write_text(""))
        empty = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
        patch.setattr(_gallery, "draw_slide", lambda example: _gallery.slide_of(example).write_text(empty))
        yield _links
    for name in set(sys.modules) - before:
        if name.startswith("_") and Path(getattr(sys.modules[name], "__file__", None) or "/").parent == DOCS:
            del sys.modules[name]


@pytest.fixture(scope="module")
def site(modules: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site; a warning of its build is an error."""
    from sphinx.application import Sphinx

    folder = tmp_path_factory.mktemp("site")
    Sphinx(DOCS, DOCS, folder / "html", folder / "doctrees", "html", status=None, warningiserror=True).build()
    return folder / "html"


@pytest.mark.slow
def test_no_link_of_the_site_is_dead(site: Path, modules: Any) -> None:
    assert len(list(site.rglob("*.html"))) > 50
    assert list(modules.dead_links(site)) == []


def test_dead_links_are_found(modules: Any, tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "index.html").write_text('<h1 id="here"></h1><a href="#here"></a><a href="#there"></a><a href="zh/a.html#x"></a>')
    (tmp_path / "zh/a.html").write_text('<a href="../index.html#here"></a><img src="b.svg"><a href="https://example.org/c"></a>')
    assert list(modules.dead_links(tmp_path)) == [("index.html", "#there"), ("index.html", "zh/a.html#x"), ("zh/a.html", "b.svg")]


@pytest.mark.slow
def test_chinese_pages_have_chinese_words_around_them(site: Path) -> None:
    for page in (site / "zh").rglob("*.html"):
        text = page.read_text("utf-8")
        assert 'lang="zh-CN"' in text, page
        theme = re.sub(
            r"(?s)<pre.*?</pre>|<code.*?</code>|<script.*?</script>|<style.*?</style>|<svg.*?</svg>|<!--.*?-->", "", text
        )
        assert WORDS.findall(theme) == [], page
        assert re.search('<p class="other-language"><a href="[^"]*" hreflang="en"', text), page
        tree = text.partition('class="sidebar-tree"')[2].partition("</aside>")[0]
        assert "教程" in tree, page
        assert "Tutorials" not in tree, page


@pytest.mark.slow
def test_each_language_leads_to_the_other(site: Path) -> None:
    assert 'href="zh/faq.html" hreflang="zh-CN"' in (site / "faq.html").read_text("utf-8")
    assert 'href="../faq.html" hreflang="en"' in (site / "zh/faq.html").read_text("utf-8")
    assert 'href="zh/index.html" hreflang="zh-CN"' in (site / "benchmarks.html").read_text("utf-8")
    assert "教程" not in (site / "index.html").read_text("utf-8").partition('class="sidebar-tree"')[2].partition("</aside>")[0]


@pytest.mark.slow
def test_cells_of_a_wide_table_know_their_column(site: Path) -> None:
    page = (site / "benchmarks.html").read_text("utf-8")
    rows = re.findall(r"(?s)<tr\b.*?</tr>", page.partition("<tbody>")[2].partition("</tbody>")[0])
    labels = ["what", "seconds", "baseline", "its seconds", "ratio", "spread", "goal", "measured"]
    assert len(rows) > 10
    assert all(re.findall('data-label="([^"]*)"', row) == labels for row in rows)


@pytest.mark.slow
def test_gallery_has_a_section_for_every_example(site: Path) -> None:
    page = (site / "gallery.html").read_text("utf-8")
    for example in examples():
        if example.kind != "PyTorch" or (site / f"players/{example.name}.html").exists():
            assert f'<section id="{example.name}">' in page
            assert f'<img src="_images/{example.name}.svg"' in page
            assert f'href="players/{example.name}.html"' in page


@pytest.mark.slow
def test_python_page_lists_what_the_modules_offer(site: Path) -> None:
    import tracer.numpy
    import tracer.ops

    page = (site / "reference/python.html").read_text("utf-8")
    for name in tracer.ops.__all__:
        assert re.search(rf'<dt><code[^>]*><span class="pre">{name}</span></code></dt>', page), name
    differing = re.findall('<span class="pre">(.*?)</span>', page.partition("names differ from NumPy")[2].partition("</p>")[0])
    assert {"zeros", "array", "sum", "r_"} <= set(differing)
    assert "exp" not in differing
