"""The loss of a step that has no `backward()`: it is found by its name."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tracer.programs.gradients.losses import is_loss_name, last_name
from tracer.programs.loops.loop_shadow import LoopShadow
from tracer.recording.source import assigned_at


def find_loss(shadow: LoopShadow, start: int, old: Collection[int], new: Collection[int], name: str | None) -> int | None:
    """The last value that is named as a loss, or as `name`, and was computed from parameters; None if there is none.

    `old` are the parameters at the start of the step, `new` their new values: a loss that was computed from those counts only if
    there is no other.
    """
    entries = shadow.recorder.entries
    from_old, from_new = set(old), set(new)
    before = after = None
    for id in range(start, len(entries)):
        op, operands, _, value, context, offset = entries[id]
        if isinstance(op, str):
            continue
        is_new = any(operand in from_new for operand in operands)
        if is_new:
            from_new.add(id)
        elif any(operand in from_old for operand in operands):
            from_old.add(id)
        else:
            continue
        if np.size(value) != 1 or np.asarray(value).dtype.kind != "f" or id in shadow.recorder.marks.unnamed or id in new:
            continue
        known = last_name(assigned_at(shadow.files, context.invocation, offset).name)
        if known and (known == name if name is not None else is_loss_name(known)):
            before, after = (before, id) if is_new else (id, after)
    return before if before is not None else after
