"""Computes a part of a recorded program again, with other values in some places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.gradients.tape import ProgramTape


def replay(
    tape: ProgramTape,
    goal: int,
    within: Collection[int],
    replaced: Mapping[int, Any],
    *,
    operands: Mapping[tuple[int, int], Any] | None = None,
    computes: Mapping[int, Callable[[list[Any]], Any]] | None = None,
) -> np.ndarray | None:
    """The value of an entry if other entries had these values; None if it cannot be computed.

    `within` are the entries that are computed again where something has changed. `operands` are values of single operands, by the
    entry and the position; `computes` other ways to compute an entry.
    """
    if goal < 0:
        return None
    values: dict[int, Any] = dict(replaced)
    changed = set(replaced)
    special = {id for id, _ in operands or {}} | set(computes or {})
    try:
        with np.errstate(all="ignore"):
            for id in sorted(id for id in within if id <= goal and id not in replaced):
                if id not in special and not any(operand in changed for operand in tape.inputs[id]):
                    continue
                given = [
                    each.value if isinstance(each, Literal) else values.get(each, tape.raw(each)) for each in tape.operands(id)
                ]
                given = [(operands or {}).get((id, place), each) for place, each in enumerate(given)]
                values[id] = _computed(tape, id, given, (computes or {}).get(id))
                changed.add(id)
    except Exception:  # an edit may make anything of an operation
        return None
    found = np.asarray(values.get(goal, tape.raw(goal)))
    return found if found.dtype.kind in "fiu" else None


def _computed(tape: ProgramTape, id: int, given: list[Any], compute: Callable[[list[Any]], Any] | None) -> Any:
    if compute is not None:
        return compute(given)
    op = tape.op_class(id)
    assert op is not None
    parameters = tape.record.entries[id][2]
    return op.value(*given, **parameters) if parameters else op.value(*given)
