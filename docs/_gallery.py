"""The gallery of the site: runs every example and makes its slide, its page and its program part of the build."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import escape
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import tracer
from tracer.training.bundled.examples import Example, examples

MADE = Path(__file__).parent / "_made"
"""Not in the repository."""

SLIDES = MADE / "slides"
PAGES = MADE / "site"
"""Copied to the root of the site."""


def make_gallery(app: Sphinx) -> None:
    """Run the examples. Those that need PyTorch are left out where it is not installed."""
    (PAGES / "players").mkdir(parents=True, exist_ok=True)
    SLIDES.mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(run_example, shown()))
    for example in shown():
        draw_slide(example)


def run_example(example: Example) -> None:
    """Record an example, and make the page to step through it."""
    _tracer("trace", "--example", example.name, "-q", "--format", "log")
    _tracer("render", str(_run(example)), "-o", str(player_of(example)))


def draw_slide(example: Example) -> None:
    """Make the slide of an example, with the name that people use for it as its title."""
    trace = tracer.open(MADE / _run(example) / "trace.sqlite")
    replace(trace, scenario=title_of(example)).render(slide_of(example), step=0, slide=True)


def slide_of(example: Example) -> Path:
    """The file of its slide."""
    return SLIDES / f"{example.name}.svg"


def player_of(example: Example) -> Path:
    """The file of its page."""
    return PAGES / "players" / f"{example.name}.html"


def shown() -> list[Example]:
    """The examples that can be run here."""
    return [each for each in examples() if each.kind != "PyTorch" or find_spec("torch") is not None]


def title_of(example: Example) -> str:
    """What people call it: its title up to the colon, without the article and the library."""
    name = re.sub(r"^An? | in PyTorch$", "", example.title.partition(":")[0])
    return name[0].upper() + name[1:]


def words_of(example: Example) -> str:
    """What it shows: its title after the colon."""
    words = example.title.partition(":")[2].strip()
    return words[0].upper() + words[1:]


def _run(example: Example) -> Path:
    return Path("output") / example.path.stem


def _tracer(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "tracer", *arguments], cwd=MADE, check=True, stdout=subprocess.DEVNULL)


class Gallery(SphinxDirective):
    """The slides in small, then a section for every example: what it shows, its slide, the page to step through, the program."""

    def run(self) -> list[nodes.Node]:
        cards = "".join(
            f'<li><a href="#{each.name}"><img src="_images/{slide_of(each).name}" alt="" loading="lazy">'
            f"<b>{escape(title_of(each))}</b></a> · {each.kind}</li>"
            for each in shown()
        )
        return [nodes.raw("", f'<ul class="gallery">{cards}</ul>', format="html"), *map(self._section, shown())]

    def _section(self, example: Example) -> nodes.section:
        section = nodes.section(ids=[example.name], names=[example.name])
        slide = "/" + os.path.relpath(slide_of(example), self.env.srcdir)  # absolute for Sphinx: from its folder on
        title, program = title_of(example), example.path.read_text("utf-8")
        lines = len(program.splitlines())
        player = f'<p><a class="button" href="players/{example.name}.html">Step through it</a></p>'
        commands = (f"$ tracer trace --example {example.name}", f"$ tracer check --example {example.name}")
        section += [
            nodes.title("", title),
            nodes.paragraph("", f"{words_of(example)} ({lines} lines, {example.kind})"),
            nodes.image(uri=slide, alt=f"The first step of {title} as a slide"),
            nodes.raw("", player, format="html"),
            nodes.raw("", "<details><summary>The program, and commands for it</summary>", format="html"),
            nodes.literal_block(program, program, language="python"),
            nodes.literal_block("", "\n".join(commands), language="console"),
            nodes.raw("", "</details>", format="html"),
        ]
        return section
