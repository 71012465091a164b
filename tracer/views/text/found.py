"""What was found in a program: its loss, its parameters and its steps, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tracer.i18n.language import ENGLISH, Language
from tracer.programs.record import ProgramRecord
from tracer.programs.steps.training import FoundTraining
from tracer.views.aligned_text import table
from tracer.views.notation import shape_text


def found_lines(
    record: ProgramRecord, training: FoundTraining, tell: Language = ENGLISH, kept: int | None = None
) -> Iterator[str]:
    """A line each for the loss, the parameters and the steps: all, or so many that are kept of them."""
    first = training.steps[0]
    loss = tell("{name}, {lines}", name=training.loss_name or "-", lines=_lines(record, [first.loss], tell))
    shapes = (f"{name} {shape_text(np.shape(record.values[chain[0]]))}" for name, chain in training.parameters.items())
    updated = _lines(record, first.updates.values(), tell)
    parameters = tell("{names}; updated in {lines}", names=", ".join(shapes), lines=updated)
    steps = tell.count(len(training.steps) if kept is None else kept, "step")
    if training.loop_line:
        steps = tell("{steps}, passes of the loop in line {line}", steps=steps, line=training.loop_line)
    yield from table([(tell("loss"), loss), (tell("parameters"), parameters), (tell("steps"), steps)])


def _lines(record: ProgramRecord, ids: Iterable[int], tell: Language) -> str:
    """The lines where values were computed, of a module beside the program with its name."""
    found = dict.fromkeys(place for id in sorted(ids) if (place := record.place(id)) is not None)
    sources = (record.files.source_at(place.code, place.offset) for place in found)
    lines = list(dict.fromkeys(str(each.line) if each.file == record.path.name else str(each) for each in sources if each))
    if len(lines) == 1:
        return tell("line {line}", line=lines[0])
    return tell("lines {lines}", lines=", ".join(lines))
