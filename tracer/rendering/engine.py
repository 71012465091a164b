"""The one module that knows how DOT is laid out: which program does it, where it is, how long it may take.

The default is `graphviz-pure`, a build of Graphviz that is installed with the project and gives the same bytes on every
machine. Where it is missing, or asked for with the name `system`, the system's `dot` serves.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tracer.errors import UsageError
from tracer.rendering.svg import embeddable
from tracer.views.svg import Drawing

ENGINES = ("auto", "pure", "system")
TIME_OUT = 30.0
"""Seconds that one layout may take."""

SHOWN_FONTS = {"Verdana": "Noto Sans SC,Verdana,sans-serif", "Courier,monospace": "DejaVu Sans Mono,Courier,monospace"}
"""The fonts of a picture, by those in which its layout was measured."""

_INSTALL = "install one with: pip install graphviz-pure==0.2.2 (or the system's graphviz package)"
_SIZE = re.compile(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"')


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that lays DOT out."""

    command: str

    def layout(self, dot: str, hint: str = "draw fewer nodes") -> Drawing:
        """The picture of a graph. Raises UsageError where the program fails, or takes too long: then `hint` says what works."""
        try:
            done = subprocess.run([self.command, "-Tsvg"], input=dot.encode(), capture_output=True, timeout=TIME_OUT, check=False)
        except subprocess.TimeoutExpired:
            raise UsageError(f"the layout took over {TIME_OUT:.0f} s: {hint}") from None
        except OSError as error:
            raise UsageError(f"{self.command} cannot be started ({error.strerror}): {_INSTALL}") from None
        if done.returncode or b"<svg" not in done.stdout:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            said = next((line for line in lines if not line.startswith("Warning")), "")
            raise UsageError(f"{Path(self.command).name} failed: {said or f'exit code {done.returncode}'}")
        svg = embeddable(done.stdout.decode(errors="replace"), dot)
        # The text was measured in fonts whose widths the layout knows; it is shown in those that are shipped.
        for measured, shown in SHOWN_FONTS.items():
            svg = svg.replace(f'font-family="{measured}"', f'font-family="{shown}"')
        size = _SIZE.search(svg)
        if size is None:
            raise UsageError(f"{Path(self.command).name} gave a picture without a size")
        return Drawing(svg, float(size[1]), float(size[2]))


def find_engine(name: str = "auto") -> Engine:
    """The engine of that name: `pure`, `system`, or `auto` for the first that is there. Raises UsageError if there is none."""
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}: it is one of {', '.join(ENGINES)}")
    found = None
    if name in ("auto", "pure"):
        beside = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
        found = shutil.which(str(beside)) or shutil.which("graphviz-pure")
    if found is None and name in ("auto", "system"):
        found = shutil.which("dot")
    if found is None:
        wanted = {"auto": "graphviz-pure or dot", "pure": "graphviz-pure", "system": "dot"}[name]
        raise UsageError(f"there is no {wanted} to lay out diagrams: {_INSTALL}")
    return Engine(found)
