"""The gallery of the site: runs every example and makes its slide, its page and its program part of the build."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

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
        list(workers.map(_make, shown()))


def _make(example: Example) -> None:
    run = str(Path("output") / example.path.stem)
    _tracer("trace", "--example", example.name, "-q", "--format", "log")
    _tracer("render", run, "--slide", "-o", str(SLIDES / f"{example.name}.svg"))
    _tracer("render", run, "-o", str(PAGES / "players" / f"{example.name}.html"))


def shown() -> list[Example]:
    """The examples that can be run here."""
    return [each for each in examples() if each.kind != "PyTorch" or find_spec("torch") is not None]


def _tracer(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "tracer", *arguments], cwd=MADE, check=True, stdout=subprocess.DEVNULL)


class Gallery(SphinxDirective):
    """A section for every example: what it shows, its slide, the page to step through it, and the program."""

    def run(self) -> list[nodes.Node]:
        return [self._section(each) for each in shown()]

    def _section(self, example: Example) -> nodes.section:
        section = nodes.section(ids=[example.name], names=[example.name])
        command = f"tracer trace --example {example.name}"
        page = f"players/{example.name}.html"
        step_through = nodes.paragraph("", "", nodes.literal("", command), nodes.Text(" · "))
        step_through += nodes.raw("", f'<a href="{page}">step through it</a>', format="html")
        section += [
            nodes.title("", example.name.replace("-", " ")),
            nodes.paragraph("", example.title),
            nodes.image(uri=f"/_made/slides/{example.name}.svg", alt=f"The first step of {example.name} as a slide"),
            step_through,
        ]
        program = nodes.literal_block(example.path.read_text(), example.path.read_text(), language="python")
        section += [
            nodes.raw("", "<details><summary>The program</summary>", format="html"),
            program,
            nodes.raw("", "</details>", format="html"),
        ]
        return section
