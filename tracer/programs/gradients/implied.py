"""Losses that a program does not compute: those whose gradient is the residual of its backward pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.gradients.report import LossKind
from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.gradients.updates import Updates

MAX_RESIDUALS = 6
"""Code positions of residuals that are tried."""

MAX_BEHIND = 10
"""Operations between the input of the last activation and the output, of those that all of the output goes through."""


@dataclass(frozen=True, slots=True)
class Residual:
    """The difference of an output and a target, each time it was computed: with the output, and `output - target`."""

    ids: tuple[int, ...]
    outputs: tuple[int, ...]
    values: tuple[np.ndarray, ...]
    targets: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class Implied:
    """A hypothesis: the residuals, times `sign`, are the gradient of a loss with respect to these entries."""

    residual: Residual
    at: tuple[int, ...]
    kind: LossKind
    sign: int = 1


def residuals_of(tape: ProgramTape, updates: Updates, depends: Sequence[int]) -> list[Residual]:
    """The residuals that updates are made of, by code position."""
    behind = tape.ancestors(sorted(updates.following.values())[: 40 * MAX_RESIDUALS])
    found: dict[Key, list[tuple[int, int, np.ndarray, np.ndarray]]] = defaultdict(list)
    first = {tape.key(id) for id in sorted(behind) if _parts(tape, id, updates, depends)}
    for id in range(len(tape)):
        key = tape.key(id)
        if key in first and (parts := _parts(tape, id, updates, depends)):
            found[key].append((id, *parts))
    chosen = sorted(found.values(), key=lambda each: each[0][0])[:MAX_RESIDUALS]
    return [Residual(*(tuple(part) for part in zip(*each, strict=True))) for each in chosen]


def _parts(tape: ProgramTape, id: int, updates: Updates, depends: Sequence[int]) -> tuple[int, np.ndarray, np.ndarray] | None:
    """The output, the output minus the target, and the target."""
    op, operands = tape.op(id), tape.operands(id)
    if id in updates.roots or not depends[id]:
        return None
    if op == "subtract" and len(operands) == 2:
        one, other = operands
        if isinstance(one, int) and depends[one] and not (isinstance(other, int) and depends[other]):
            output, target, value = one, other, tape.value(id)
        elif isinstance(other, int) and depends[other] and not (isinstance(one, int) and depends[one]):
            output, target, value = other, one, -tape.value(id).astype(float)
        else:
            return None
        if output in updates.roots or not tape.is_float(output):
            return None
        if isinstance(target, Literal) and (tape.value(output).size > 1 or target.value in (0, 1)):
            return None  # 1 - h is no residual
        if value.shape != tape.value(output).shape:
            return None
        known = np.asarray(target.value) if isinstance(target, Literal) else tape.value(target)
        return output, value, np.broadcast_to(known, value.shape)
    if op == "write":
        base, new = tape.inputs[id][:2] if len(tape.inputs[id]) > 1 else (-1, -1)
        if base >= 0 and tape.op(new) == "subtract" and depends[base]:
            last = tape.operands(new)[1:]
            if last and isinstance(last[0], Literal) and last[0].value == 1:
                output = tape.inputs[base][0] if tape.op(base) in ("copy", "array") and tape.inputs[base] else base
                if tape.value(output).shape == tape.value(id).shape and tape.is_float(output):
                    return output, tape.value(id), tape.value(output) - tape.value(id)
    return None


def implied_losses(tape: ProgramTape, residual: Residual, sources: Collection[int], depends: Sequence[int]) -> Iterator[Implied]:
    """The losses whose gradient a residual may be: squared error, and what goes with the last activation."""
    yield Implied(residual, residual.outputs, LossKind.SQUARED_ERROR)
    ways = [inputs_of_activation(tape, output, sources, depends) for output in residual.outputs]
    for rank in range(min(map(len, ways), default=0)):
        at = tuple(way[rank] for way in ways)
        if all(tape.value(id).shape == value.shape for id, value in zip(at, residual.values, strict=True)):
            with np.errstate(all="ignore"):
                is_negative = _close(tape.value(residual.outputs[0]), 1 / (1 + np.exp(tape.value(at[0]).astype(float))))
            yield Implied(residual, at, LossKind.CROSS_ENTROPY, -1 if is_negative else 1)


def inputs_of_activation(tape: ProgramTape, output: int, sources: Collection[int], depends: Sequence[int]) -> list[int]:
    """The entries that all of an output goes through, nearest first."""
    found: list[int] = []
    waiting = {output}
    while waiting and len(found) < MAX_BEHIND:
        id = max(waiting)
        waiting.remove(id)
        if not waiting and id != output:
            found.append(id)
        if id in sources:
            break
        waiting |= {operand for operand in tape.inputs[id] if depends[operand]}
    return found


def activation_of(output: np.ndarray, before: np.ndarray, target: np.ndarray) -> tuple[str, int | None, int | None]:
    """What an output is of the input of its activation: "sigmoid", "softmax", "softmax over another axis", "identity" or "".

    With the axis of a softmax, and the axis that the target has.
    """
    output, before, target = (np.asarray(each, np.float64) for each in (output, before, target))
    with np.errstate(all="ignore"):
        if _close(output, before):
            return "identity", None, None
        if _close(output, 1 / (1 + np.exp(-before))) or _close(output, 1 / (1 + np.exp(before))):
            return "sigmoid", None, None
        axes = [axis for axis in range(output.ndim) if output.shape[axis] > 1 and _close(output.sum(axis), 1)]
        wanted = [axis for axis in range(output.ndim) if output.shape[axis] > 1 and _close(target.sum(axis), 1)]
        for axis in axes:
            powers = np.exp(before - before.max(axis, keepdims=True))
            if _close(output, powers / powers.sum(axis, keepdims=True)):
                if not wanted or axis in wanted:
                    return "softmax", axis, axis
                return "softmax over another axis", axis, wanted[0]
    return "", None, None


def _close(one: np.ndarray, other: np.ndarray | float) -> bool:
    return bool(np.allclose(one, other, rtol=1e-6, atol=1e-9))
