"""Finds the losses of a program: by the names of variables and functions."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tracer.programs.gradients.tape import Key, ProgramTape
from tracer.programs.gradients.updates import Updates
from tracer.recording.program_text.facts import Position

_WORDS = frozenset(
    {
        "loss", "losses", "cost", "costs", "err", "error", "errors", "mse", "rmse", "mae",
        "sse", "rss", "nll", "obj", "objective", "xent", "entropy", "ce", "bce", "crossentropy",
        "energy", "likelihood", "loglikelihood", "loglik", "ll", "criterion", "risk", "lossfn",
    }
)  # fmt: skip
_TOTALS = frozenset({"total", "sum", "running", "accumulated", "acc"})
_LETTERS = frozenset("JELCjelc")
_MAXIMISED = frozenset({"likelihood", "loglikelihood", "loglik", "ll", "reward", "elbo"})


@dataclass(frozen=True, slots=True)
class NamedLoss:
    """A scalar that has the name of a loss, and each time it was computed. `is_certain` if the user named it."""

    name: str
    line: int
    ids: tuple[int, ...]
    is_certain: bool = False

    @property
    def is_maximised(self) -> bool:
        """Whether it is better when it is larger."""
        words = set(_words(self.name))
        return bool(words & _MAXIMISED) and not words & {"neg", "negative", "loss", "nll"}


def find_losses(tape: ProgramTape, depends: Sequence[int], wanted: str | None = None) -> list[NamedLoss]:
    """The losses by name, those that most is computed for first; `wanted` is the name of the only one."""
    found: dict[tuple[Key, str], list[int]] = defaultdict(list)
    named: dict[Key, str] = {}
    for id in range(len(tape)):
        if not tape.inputs[id] or not depends[id] or tape.value(id).size != 1 or not tape.is_float(id):
            continue
        key = tape.key(id)
        if key not in named:
            named[key] = _loss_name(tape, id, wanted)
        if named[key]:
            found[key, named[key]].append(id)
    groups = list(found.items())
    together: dict[tuple[Position | None, str], list[int]] = defaultdict(list)
    for (_, name), ids in groups:
        place = tape.record.place(ids[0])
        together[None if place is None else place.position, name] += ids
    known = {tuple(ids) for _, ids in groups}
    losses = []
    for name, ids in [*((name, ids) for (_, name), ids in groups), *((name, sorted(ids)) for (_, name), ids in together.items())]:
        is_new = tuple(ids) in known or len(ids) > 1
        known.discard(tuple(ids))
        if is_new and not _is_residual(tape, ids, depends):
            losses.append(NamedLoss(name, tape.line(ids[0]), tuple(ids), wanted is not None))
    return list(dict.fromkeys(losses))


_MEASURING = frozenset({"mean", "sum", "sqrt", "divide", "multiply", "negative", "norm", "dot", "vdot", "average"})


def printed_losses(tape: ProgramTape, depends: Sequence[int]) -> list[NamedLoss]:
    """Scalars without a name that nothing is computed of, as in `print(np.mean(np.abs(error)))`."""
    found: dict[Key, list[int]] = defaultdict(list)
    used: set[Key] = set()
    for id in range(len(tape)):
        is_measure = depends[id] and tape.op(id) in _MEASURING and tape.value(id).size == 1
        if is_measure and tape.is_float(id) and not tape.name(id):
            if tape.users[id]:
                used.add(tape.key(id))
            else:
                found[tape.key(id)].append(id)
    unused = [ids for key, ids in found.items() if key not in used]
    return [NamedLoss(tape.text(ids[0]), tape.line(ids[0]), tuple(ids)) for ids in unused]


def _loss_name(tape: ProgramTape, id: int, wanted: str | None) -> str:
    name = tape.name(id)
    last = last_name(name)
    if wanted is not None:
        return name if wanted in (name, last) or wanted == returned_by(tape, id) else ""
    if name and is_loss_name(last):
        return last
    function = returned_by(tape, id)
    return function if function and is_loss_name(function) else ""


def returned_by(tape: ProgramTape, id: int) -> str:
    """The function whose result an entry is; empty if it is not returned."""
    place = tape.record.place(id)
    if place is None or place.position is None or tape.name(id):
        return ""
    returned = returned_positions(tape.source(place.code.co_filename))
    return place.code.co_name if place.position in returned else ""


@lru_cache(maxsize=8)
def returned_positions(text: str) -> frozenset[Position]:
    """The positions of expressions that functions return, alone or in a tuple or list."""
    found = set()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Return) else node.body if isinstance(node, ast.Lambda) else None
        for each in value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]:
            if each is not None:
                found.add((each.lineno, each.col_offset, each.end_lineno or 0, each.end_col_offset or 0))
    return frozenset(found)


def is_loss_name(name: str) -> bool:
    """Whether a variable or function is called like a loss.

    >>> [is_loss_name(name) for name in ("total_loss", "calculate_MSE", "J", "crossEntropy", "e", "weights", "lossless")]
    [True, True, True, True, True, False, False]
    """
    return name in _LETTERS or bool(set(_words(name)) & _WORDS)


def is_total_name(name: str) -> bool:
    """Whether a variable is called like a loss, or like a sum of several."""
    return is_loss_name(name) or bool(set(_words(name)) & _TOTALS)


def _words(name: str) -> list[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [part.lower() for part in parts] + [name.lower().replace("_", "")]


def last_name(name: str) -> str:
    """The last identifier of a target: `loss` of `self.loss`, of `cache['loss']` and of `loss[i]`."""
    quoted = re.search(r"""\[f?(['"])([^'"]*)\1\]$""", name)
    if quoted:
        return quoted.group(2)
    return name.partition("[")[0].rpartition(".")[2]


def dependents(tape: ProgramTape, updates: Updates) -> bytearray:
    """A flag per entry: whether it depends on a value that is updated."""
    flags = bytearray(len(tape))
    for id in range(len(tape)):
        flags[id] = id in updates.roots or any(flags[operand] for operand in tape.inputs[id])
    return flags


def _is_residual(tape: ProgramTape, ids: Collection[int], depends: Sequence[int]) -> bool:
    """Whether it is a prediction minus a target: called an error, and no loss."""
    first = next(iter(ids))
    while tape.op(first) in ("negative", "take", "squeeze", "item", "reshape") and tape.inputs[first]:
        first = tape.inputs[first][0]
    if tape.op(first) != "subtract":
        return False
    operands = tape.inputs[first]
    return len(operands) < 2 or sum(depends[operand] for operand in operands) == 1
