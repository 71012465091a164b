"""The site of the documentation: `nox -s docs` builds it into build/site, and fails on any warning."""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

import click
from docutils import nodes
from docutils.parsers.rst import Directive
from pygments.lexers.shell import BashSessionLexer
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from _gallery import PAGES as PLAYERS  # noqa: E402
from _gallery import Gallery, make_gallery  # noqa: E402
from _links import check_links  # noqa: E402
from _members import Differing, Members  # noqa: E402
from _site import finish_pages, make_page  # noqa: E402

from tracer.cli import command  # noqa: E402
from tracer.version import VERSION  # noqa: E402

PLAYERS.mkdir(parents=True, exist_ok=True)  # Sphinx looks for it before anything is built

project = "tracer"
author = "The authors of tracer"
version = release = VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_*"]
smartquotes = False  # `--option` stays as it is typed

html_theme = "furo"
html_title = "tracer"
html_show_copyright = False
html_show_sourcelink = html_copy_source = False  # the text of a page without the directives of the build tells readers nothing
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_extra_path = [str(PLAYERS)]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4  # the anchors that code hosts give to headings

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
default_role = "code"  # docstrings write names in single backticks

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

_SETTINGS = configparser.ConfigParser()
_SETTINGS.read(ROOT / "setup.cfg")
REPOSITORY = f"{_SETTINGS['metadata']['url']}/blob/main/"
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Files beside docs/ that are pages of the site."""


def link_files(app: Sphinx, page: str, text: list[str]) -> None:
    """Links that leave docs/ lead to the page of the site, or else to the repository: code hosts read the same pages."""
    here = (ROOT / "docs" / page).parent

    def replace(found: re.Match[str]) -> str:
        link, _, anchor = found[2].partition("#")
        target = (here / link).resolve() if link and "://" not in link else here
        if target.is_relative_to(ROOT / "docs") or not target.is_file():
            return found[0]
        name = str(target.relative_to(ROOT))
        depth = len(here.relative_to(ROOT / "docs").parts)
        place = "../" * depth + PAGES[name] if name in PAGES else REPOSITORY + name
        return f"{found[1]}({place}{'#' + anchor if anchor else ''})"

    text[0] = re.sub(r"((?<!!)\[[^\]]*\])\(([^)\s]+)\)", replace, text[0])


def mark_code(app: Sphinx, what: str, name: str, of: object, options: object, lines: list[str]) -> None:
    """Make indented lines of a docstring a code block, and neither `name_` nor `|x|` a reference."""
    written: list[str] = []
    for line in lines:
        opens = line.startswith("    ") and not line.lstrip().startswith((">>>", "- ", "* "))
        if opens and (not written or not written[-1].strip()) and not any(x.startswith("    ") for x in written[-2:-1]):
            written += ["::", ""]
        written.append(line if line.startswith("    ") else re.sub(r"(?<=\w)_(?=\W|$)|\|", r"\\\g<0>", line))
    lines[:] = written


class Terminal(BashSessionLexer):
    """Commands after `$ ` and their output, in which a line that begins with `#` is no command of root."""

    _venv = re.compile(r"(?!)")
    _ps1rgx = re.compile(r"^(\$)( .*\n?)")


class CommandHelp(Directive):
    """The help of every command, each under its name as a heading, as a terminal of 100 columns shows it."""

    def run(self) -> list[nodes.Node]:
        top = click.Context(command, info_name="tracer", terminal_width=100)
        sections: list[nodes.Node] = [nodes.literal_block("", command.get_help(top), language="text")]
        for name in command.list_commands(top):
            verb = command.get_command(top, name)
            assert verb is not None
            context = click.Context(verb, parent=top, info_name=name, terminal_width=100)
            title = f"tracer {name}"
            section = nodes.section(ids=[nodes.make_id(title)], names=[title])
            section += [nodes.title(title, title), nodes.literal_block("", verb.get_help(context), language="text")]
            sections.append(section)
        return sections


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", make_gallery)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("gallery", Gallery)
    app.add_directive("module-members", Members)
    app.add_directive("differs-from-numpy", Differing)
    app.connect("autodoc-process-docstring", mark_code)
    app.connect("source-read", link_files)
    app.connect("html-page-context", make_page, priority=600)
    app.connect("build-finished", finish_pages)
    app.connect("build-finished", check_links)
    for language in ("console", "check", "session"):  # the languages of tests/test_docs.py
        app.add_lexer(language, Terminal)
    for language in ("log", "mermaid"):
        app.add_lexer(language, TextLexer)
