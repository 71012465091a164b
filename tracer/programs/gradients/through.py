"""Updates that go through the whole gradient in a way of their own: momentum, Adam, weight decay, clipping."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tracer.programs.gradients.increments import made_of_itself
from tracer.programs.gradients.matching import Gradients, Label, Looked, parameter_label
from tracer.programs.gradients.tape import ProgramTape

_LINEAR = frozenset({"multiply", "divide", "negative", "sign", "copy", "reshape", "astype", "positive", "add", "subtract"})
_TURNING = frozenset({"transpose", "swapaxes", "matrix_transpose"})
_PARTS = frozenset({"take", "reshape", "squeeze", "ravel"})
_MOVING = frozenset({"flip", "fliplr", "flipud", "roll", "rot90", "take", "sort"})

_MIXING = frozenset({"matmul", "dot", "einsum", "tensordot", "solve", "inv"})

CLEAR = 1e-3
"""Part of the largest element from which the sign of one counts."""


def passes_through(gradients: Gradients, looked: Looked, root: int) -> bool:
    """Whether all that the forward pass gives to an update goes through the whole gradient: momentum, Adam, weight decay."""
    tape = gradients.tape
    before, after = looked.before[root], looked.after[root]
    decays = _decays(tape, looked, root)
    whole = _whole_gradients(gradients, looked, root, decays)
    chain = made_of_itself(tape, after, before, looked.behind[root])
    seen: set[tuple[int, bool, bool]] = set()
    waiting = [(after, False, False)]
    has_hit = False
    while waiting:
        id, is_turned, is_moved = state = waiting.pop()
        if state in seen or id in decays or id < looked.start:
            continue
        seen.add(state)
        if id not in looked.labels or id in looked.forward or (id in looked.after.values() and id != after):
            return False  # the forward pass, or another value of a parameter
        if id in whole and id not in chain:
            if is_moved or is_turned not in whole[id]:
                return False
            has_hit = True
            continue
        op = tape.op(id)
        is_moved = is_moved or (op in _MOVING and tape.value(id).size == tape.value(before).size)
        is_turned = is_turned is not (op in _TURNING)
        for operand in tape.varying(id):
            if operand != before:
                waiting.append((operand, is_turned, is_moved))
            elif id not in chain:
                return False
    return has_hit


def turns_signs(gradients: Gradients, root: int) -> bool:
    """Whether the first update of a parameter goes uphill in some elements and downhill in others.

    Momentum, Adam and clipping keep the signs there, as nothing is remembered yet. False with weight decay or products of
    matrices, which may turn them.
    """
    tape, looked = gradients.tape, gradients.looked[0]
    before, after = looked.before[root], looked.after[root]
    gradient = looked.truth.totals.get(before)
    decays = _decays(tape, looked, root)
    whole = _whole_gradients(gradients, looked, root, decays)
    if before != root or gradient is None or decays or not whole:
        return False
    if any(tape.op(id) in _MIXING for id in looked.behind[root] if id > min(whole)):
        return False
    change = tape.value(after).astype(np.float64) - tape.value(before).astype(np.float64)
    if change.shape != gradient.shape or not np.all(np.isfinite(change)) or not np.all(np.isfinite(gradient)):
        return False
    is_clear = np.abs(gradient) > CLEAR * np.max(np.abs(gradient), initial=0.0)
    signs = np.sign(change * gradient)[is_clear & (np.abs(change) > CLEAR * np.max(np.abs(change), initial=0.0))]
    return bool(np.any(signs > 0) and np.any(signs < 0))


def _decays(tape: ProgramTape, looked: Looked, root: int) -> set[int]:
    """What is a number times the parameter itself, or times its sign: weight decay."""
    found = {looked.before[root]}
    for id in sorted(looked.behind[root]):
        operands = tape.inputs[id]
        if tape.op(id) in (*_LINEAR, "take") and set(operands) & found:
            others = [each for each in operands if each not in found]
            if not any(tape.value(each).shape or tape.inputs[each] or each in looked.forward for each in others):
                found.add(id)
    return found - {looked.before[root]}


def _whole_gradients(gradients: Gradients, looked: Looked, root: int, decays: Collection[int]) -> dict[int, set[bool]]:
    """The values that are the whole gradient of a parameter times a factor, with weight decay or without; whether transposed."""
    tape = gradients.tape
    targets = {(label, None) for label in _parts_with_all(gradients, looked, root)}
    found: dict[int, set[bool]] = {}
    for id in sorted(looked.behind[root]):
        if id == looked.after[root] or id not in looked.labels:
            continue
        turned = {match.is_transposed and tape.value(id).ndim == 2 for match in gradients.matches_of(looked.labels[id], targets)}
        operands = tape.inputs[id]
        if turned:
            found[id] = turned | ({False, True} if tape.value(id).ndim < 2 else set())
        elif tape.op(id) in ("add", "subtract") and len(operands) == 2 and set(operands) & set(found):
            one, other = operands if operands[0] in found else operands[::-1]
            if other in found or other in decays:
                found[id] = found[one]
    return found


def _parts_with_all(gradients: Gradients, looked: Looked, root: int) -> set[Label]:
    """A parameter, and the element or row of it that the loss depends on, if it depends on no other."""
    tape, before = gradients.tape, looked.before[root]
    total = looked.truth.totals.get(before)
    found = {parameter_label(root)}
    for user in tape.users[before]:
        part = looked.truth.totals.get(user)
        if part is None or total is None or user not in looked.labels or tape.op(user) not in _PARTS:
            continue
        if abs(np.linalg.norm(part) - np.linalg.norm(total)) <= 1e-9 * np.linalg.norm(total):
            found.add(looked.labels[user])
    return found
