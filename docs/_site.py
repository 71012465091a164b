"""What the theme does not do: Chinese words on Chinese pages, a link to the other language, tables on narrow screens."""

from __future__ import annotations

import posixpath
import re
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CHINESE = "zh/"
"""The folder of the Chinese pages."""

WORDS = {
    "Back to top": "回到页首",
    "Home": "首页",
    "Index": "索引",
    "Made with": "主题：",
    "Next": "下一篇",
    "On this page": "本页内容",
    "Previous": "上一篇",
    "Search": "搜索",
    "Skip to content": "跳到正文",
}
"""The words of the theme."""

LABELS = {
    "Toggle Light / Dark / Auto color theme": "切换浅色、深色或自动配色",
    "Toggle site navigation sidebar": "打开或关闭站点目录",
    "Toggle table of contents sidebar": "打开或关闭本页目录",
}
"""Labels that the theme does not let one translate."""

WIDE = 7
"""Number of columns from which on a table takes more than the width of the text."""


def make_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Change what is put into the template of a page. It runs after the theme has added to it."""
    is_chinese = page.startswith(CHINESE)
    context["furo_navigation_tree"] = _of_language(context["furo_navigation_tree"], is_chinese=is_chinese)
    for beside in ("prev", "next"):
        link = context.get(beside)
        if link is not None and _target(page, link["link"]).startswith(CHINESE) != is_chinese:
            context[beside] = None
    if is_chinese:
        context |= {
            "gettext": _chinese,
            "language": "zh-CN",
            "master_doc": f"{CHINESE}index",
            "body": _joined(context["body"].replace('title="Link to this heading"', 'title="链接到这一节"')),
        }
    if doctree is None:
        return
    there, text, code = _other(app, page, is_chinese=is_chinese)
    body = context["body"]
    home = " landing" if page.endswith("index") else ""
    link = f'<p class="other-language"><a href="{context["pathto"](there)}" hreflang="{code}" lang="{code}">{text}</a></p>'
    context["body"] = f'<div class="page-body{home}">{link}{_pictures(_tables(body))}</div>'


def finish_pages(app: Sphinx, exception: Exception | None) -> None:
    """Translate the labels of buttons, which stand in the text of the theme's template."""
    if exception is None and app.builder.format == "html":
        for path in sorted((app.outdir / CHINESE).rglob("*.html")):
            text = path.read_text("utf-8")
            for english, chinese in LABELS.items():
                text = text.replace(f'aria-label="{english}"', f'aria-label="{chinese}"')
            path.write_text(text, "utf-8")


def _chinese(message: str) -> str:
    return WORDS.get(message.strip(), "" if "Sphinx" in message else message)


def _target(page: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def _other(app: Sphinx, page: str, *, is_chinese: bool) -> tuple[str, str, str]:
    """The same page in the other language, or the first one there; the text of the link, and the language."""
    if is_chinese:
        same = page.removeprefix(CHINESE)
        return (same if same in app.env.found_docs else "index"), "English", "en"
    same = f"{CHINESE}{page}"
    return (same if same in app.env.found_docs else f"{CHINESE}index"), "中文", "zh-CN"


def _of_language(tree: str, *, is_chinese: bool) -> str:
    """The parts of the contents whose headings are in this language."""
    parts = re.split(r'(?=<p class="caption")', tree)
    return "".join(part for part in parts if (re.search("[\u4e00-\u9fff]", part.partition("</p>")[0]) is not None) == is_chinese)


def _tables(body: str) -> str:
    """Cells are told the heading of their column: on a narrow screen they stand below each other."""

    def labelled(found: re.Match[str]) -> str:
        table = found[0]
        heads = [_text(cell) for cell in re.findall(r"<th\b[^>]*>(.*?)</th>", table, re.DOTALL)]
        if len(heads) < 3:
            return table
        if len(heads) >= WIDE:
            table = table.replace('class="docutils', 'class="wide docutils', 1)

        def row(cells: re.Match[str]) -> str:
            names = iter(heads)
            return re.sub(r"<td\b", lambda cell: f'{cell[0]} data-label="{escape(next(names))}"', cells[0])

        return re.sub(r"<tr\b.*?</tr>", row, table, flags=re.DOTALL)

    return re.sub(r'<table class="docutils.*?</table>', labelled, body, flags=re.DOTALL)


def _pictures(body: str) -> str:
    """Pictures are links to themselves: on a narrow screen they are looked at in parts."""
    return re.sub(r'<img [^>]*src="([^"]*_images/[^"]*)"[^>]*>', r'<a class="picture" href="\1">\g<0></a>', body)


def _joined(body: str) -> str:
    """Chinese lines are joined without the space that a browser makes of the end of a line."""
    parts = re.split(r"(<pre\b.*?</pre>)", body, flags=re.DOTALL)
    ends = "\u3001-\u3011\u4e00-\u9fff\uff01-\uff5e\u201c\u201d"
    parts[::2] = [re.sub(rf"(?<=[{ends}])\n(?=[{ends}])", "", part) for part in parts[::2]]
    return "".join(parts)


def _text(cell: str) -> str:
    return unescape(re.sub("<[^>]*>", "", cell)).strip()
