"""Draws the pictures of a trace into the file, or files, of a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.cli.files import OutputFolder
from tracer.cli.picture_files import PICTURES, PictureWriter, engine_for
from tracer.cli.picture_options import PictureOptions
from tracer.cli.trace_files import step_of
from tracer.errors import UsageError, near_names
from tracer.graph.record import Step, Trace
from tracer.rendering.engine import Engine
from tracer.views.explaining.next_commands import RunNames
from tracer.views.svg import PictureError

if TYPE_CHECKING:
    from tracer.views.booklet.summary.whole_run import WholeRun

KINDS = ("pdf", "html", *PICTURES)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn where: raises UsageError for a name that ends in no format, or options that do not go with it."""

    path: Path
    options: PictureOptions
    kind: str
    engine: Engine | None
    quiet: bool = False

    @staticmethod
    def to(output: str, options: PictureOptions, *, quiet: bool = False) -> Drawing:
        """A drawing into a file of that name."""
        path = Path(output)
        kind = path.suffix.removeprefix(".")
        if kind not in KINDS:
            hint = near_names(kind, list(KINDS)) if kind else ""
            raise UsageError(f"the name of a file to write ends in one of .{', .'.join(KINDS)}, this is {output!r}{hint}")
        if options.extent and kind != "pdf":
            raise UsageError(f"--pages says how much a booklet holds, and {output} is none: leave it out, or write a PDF")
        options.check([kind])
        return Drawing(path, options, kind, engine_for(options, [kind]), quiet)

    @staticmethod
    def default_name(scenario: str, options: PictureOptions) -> str:
        """The name of a file that was not given one: of the booklet, the picture of a step, or a slide."""
        stem = re.sub(r"[^\w.-]+", "-", scenario).strip("-.") or "step"
        if options.slide is not None:
            return f"{stem}-slide.{'png' if options.width or options.dpi else 'svg'}"
        if options.is_booklet and not (options.width or options.dpi):
            return f"{stem}.pdf"
        return f"{stem}.{'png' if options.width or options.dpi else 'svg'}"

    def draw(self, trace: Trace, wanted: Sequence[int], names: RunNames | None = None) -> tuple[list[Path], list[str]]:
        """Draw these steps, by default the first, in a booklet also the last; returns the files, and warnings.

        `names` are what commands call the run.
        """
        options = self.options
        if self.kind == "html":
            writer = PictureWriter(options, OutputFolder(self.path.parent), self.engine, self.quiet)
            for index in wanted:
                step_of(trace, index)
            return [writer.player(trace, self.path.name, wanted)], list(writer.warnings())
        chosen = _steps(trace, wanted, with_last=self.kind == "pdf" and options.is_booklet)
        writer = PictureWriter(options, OutputFolder(self.path.parent), self.engine, self.quiet)
        if self.kind == "pdf":
            whole = _whole_run(trace, options, names)
            document = writer.booklet(replace(trace, steps=chosen), self.path.name, whole)
            written = [document] if document is not None else []
        else:
            written = list(writer.pictures(chosen, self.path.stem, self.kind, trace.scenario))
        if not written and writer.replaced:
            raise PictureError(writer.replaced[0].reason)
        if not written:
            raise UsageError(f"there is nothing of {', '.join(options.spec.phases)} in these steps")
        return written, list(writer.warnings())


def _whole_run(trace: Trace, options: PictureOptions, names: RunNames | None) -> WholeRun:
    """What a booklet says of the run as a whole."""
    # Imported here: no other format needs them.
    from tracer.analysis.blame import first_culprit
    from tracer.analysis.doctor.examining import examine
    from tracer.views.booklet.summary.whole_run import WholeRun
    from tracer.views.parameter_history import histories_of
    from tracer.views.text.finiteness import notice

    if not options.is_booklet:
        return WholeRun()
    found = examine(trace) if options.is_summary else None
    return WholeRun(histories_of(trace), notice(first_culprit(trace), options.style.tell), found, names or RunNames())


def _steps(trace: Trace, wanted: Sequence[int], *, with_last: bool) -> tuple[Step, ...]:
    """The requested steps, by default the first, with `with_last` also the last."""
    if wanted:
        return tuple(step_of(trace, index) for index in dict.fromkeys(wanted))
    first = step_of(trace, None)
    last = trace.steps[-1]
    return (first,) if last.index == first.index or not with_last else (first, last)
