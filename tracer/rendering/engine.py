"""Finds and runs the Graphviz program that lays out DOT.

The default is `graphviz-pure`, a build of Graphviz that is installed with the project and gives the same bytes on every
machine. The system's `dot` is the fallback, and the engine named `system`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tracer.errors import UsageError
from tracer.i18n.message import Message
from tracer.rendering.svg import embeddable
from tracer.views.svg import Drawing, PictureError

ENGINES = ("auto", "pure", "system")
TIME_LIMIT = 20.0
"""Time limit of one layout, in seconds."""

DISPLAY_FONTS = {"Verdana": "Noto Sans SC,Verdana,sans-serif", "Courier,monospace": "DejaVu Sans Mono,Courier,monospace"}
"""The fonts a picture is displayed in, by the fonts whose metrics its layout used."""

_INSTALL = "install one with: pip install graphviz-pure==0.2.2 (or the system's graphviz package)"
_SIZE = re.compile(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"')


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that lays out DOT."""

    command: str

    def layout(self, dot: str, seconds: float = TIME_LIMIT) -> Drawing:
        """Draw a graph. Raises PictureError if the program cannot be started, fails, or takes longer than `seconds`."""
        drawn = self.run(dot, "svg", seconds)
        if "<svg" not in drawn:
            raise self._failure("it drew nothing")
        svg = embeddable(drawn, dot)
        # Graphviz lays out text in fonts whose metrics it has built in; the picture is displayed in the bundled ones.
        for measured, shown in DISPLAY_FONTS.items():
            svg = svg.replace(f'font-family="{measured}"', f'font-family="{shown}"')
        size = _SIZE.search(svg)
        if size is None:
            raise self._failure("its picture has no size")
        return Drawing(svg, float(size[1]), float(size[2]))

    def run(self, dot: str, output: str, seconds: float = TIME_LIMIT) -> str:
        """What the program writes about a graph in the format `output`. Raises PictureError like `layout`."""
        command = [self.command, f"-T{output}"]
        try:
            done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise PictureError(Message("layout_too_slow", {"seconds": seconds})) from None
        except OSError as error:
            raise self._failure(f"it cannot be started ({error.strerror}); {_INSTALL}") from None
        if done.returncode or not done.stdout:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            reason = next((line for line in lines if not line.startswith("Warning")), "")
            raise self._failure(reason or f"exit code {done.returncode}")
        return done.stdout.decode(errors="replace")

    def _failure(self, problem: str) -> PictureError:
        return PictureError(Message("layout_failed", {"program": Path(self.command).name, "problem": problem}))


def find_engine(name: str = "auto") -> Engine:
    """Find an engine: `pure`, `system`, or `auto` for the first one installed. Raises UsageError if there is none."""
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}: it is one of {', '.join(ENGINES)}")
    command = None
    if name in ("auto", "pure"):
        in_environment = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
        command = shutil.which(str(in_environment)) or shutil.which("graphviz-pure")
    if command is None and name in ("auto", "system"):
        command = shutil.which("dot")
    if command is None:
        program = {"auto": "graphviz-pure or dot", "pure": "graphviz-pure", "system": "dot"}[name]
        raise UsageError(f"there is no {program} to lay out diagrams: {_INSTALL}")
    return Engine(command)
