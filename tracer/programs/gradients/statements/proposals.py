"""Statements that may repair a fault: the edit that makes its values right, as text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.gradients.attempts import Attempt
from tracer.programs.gradients.places.derivatives import Edit
from tracer.programs.gradients.places.locating import Spot, trusted_inputs
from tracer.programs.gradients.places.repairs import replaced_text
from tracer.programs.gradients.report import Replacement
from tracer.programs.gradients.statements.activations import derivative_texts
from tracer.programs.gradients.statements.guesses import over_other_axes, transposed_operands
from tracer.programs.gradients.statements.scaling import other_direction, reversed_sign, scaled
from tracer.programs.gradients.statements.source_text import SourceText, each_once, factors, source_text, value_of
from tracer.programs.gradients.tape import ProgramTape

MAX_PROPOSALS = 12
"""Statements that are proposed for one fault."""


Make = Callable[[SourceText, ast.stmt, ast.expr], Iterable[Replacement | None]]
"""Makes statements of one, by the text of the program, the statement, and the part of it that is wrong."""


def proposed(tape: ProgramTape, id: int, make: Make) -> tuple[Replacement, ...]:
    """Statements in place of that of an entry, if that is in the program's own file."""
    source, place = source_text(tape.source(str(tape.record.path))), tape.record.place(id)
    if source is None or place is None or place.code.co_filename != str(tape.record.path):
        return ()
    statement = source.statement(place.line)
    value = None if statement is None else source.expression(place.position, statement) or value_of(statement)
    if statement is None or value is None:
        return ()
    old = source.statement_text(statement)
    return tuple(each for each in each_once(make(source, statement, value)) if each.text != old)[:MAX_PROPOSALS]


def proposals_over_axes(tape: ProgramTape, id: int) -> tuple[Replacement, ...]:
    """The statement of an entry with a reduction over another axis."""
    return proposed(tape, id, over_other_axes)


class Proposer:
    """Proposes statements for the faults of an attempt."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.tape = attempt.gradients.tape
        self.looked = attempt.gradients.looked[0]

    # By what is wrong.

    def by_edit(self, edit: Edit, result: int) -> tuple[Replacement, ...]:
        """Statements with an edit that was verified by its values; `result` is the entry that the wrong statement computes."""
        return self._proposed(result, lambda *where: self._edited(edit, result, *where))

    def by_factor(self, id: int, factor: float) -> tuple[Replacement, ...]:
        """Statements without a factor that the result of one has too much."""
        if id in self.looked.after.values():
            if factor < 0:
                return self.by_direction(id)
            return self._proposed(id, lambda *where: self._scaled_update(factor, *where))
        return self._proposed(id, lambda source, statement, value: scaled(source, statement, value, 1 / factor, self.numbers))

    def by_guess(self, spot: Spot) -> tuple[Replacement, ...]:
        """Statements of which nothing says yet that they are right."""
        return self._proposed(spot.result, lambda *where: self._guessed(spot, *where))

    def by_direction(self, id: int) -> tuple[Replacement, ...]:
        """Updates that go the other way."""
        return self._proposed(id, lambda source, statement, _: other_direction(source, statement))

    def by_sign(self, id: int) -> tuple[Replacement, ...]:
        """Statements with the other sign."""
        return self._proposed(id, reversed_sign)

    def by_name(self, id: int, old: str, new: str) -> tuple[Replacement, ...]:
        """The statement with another variable."""
        return self._proposed(id, lambda source, statement, _: [_renamed(source, statement, (old, new))])

    def by_term(self, id: int, terms: Iterator[str]) -> tuple[Replacement, ...]:
        """Statements with one more term."""

        def extended(source: SourceText, statement: ast.stmt, value: ast.expr) -> Iterator[Replacement | None]:
            for term in terms:
                yield source.replaced(statement, value, f"{source.segment(value)} + {term}")

        return self._proposed(id, extended)

    # How.

    def _proposed(self, id: int, make: Make) -> tuple[Replacement, ...]:
        return proposed(self.tape, id, make)

    @property
    def _source(self) -> SourceText | None:
        return source_text(self.tape.source(str(self.tape.record.path)))

    def _edited(
        self, edit: Edit, result: int, source: SourceText, statement: ast.stmt, value: ast.expr
    ) -> Iterator[Replacement | None]:
        match edit.what.code:
            case "backprop_other_value":
                yield _renamed(source, statement, edit.replaces)
            case "backprop_axis":
                yield self._reduced(edit, source, statement)
            case "backprop_without":
                node = source.expression(self._position(edit.at), statement)
                if isinstance(node, ast.BinOp):
                    yield source.replaced(statement, node, source.segment(node.right if edit.place else node.left))
            case "backprop_transposed":
                yield source.replaced(statement, value, _toggled(source, value, ".T"))
            case "backprop_reversed":
                axes = {int(axis) for axis in str(edit.what.fields["axis"]).split(", ")}
                slices = ", ".join("::-1" if axis in axes else ":" for axis in range(max(axes) + 1))
                yield source.replaced(statement, value, _toggled(source, value, f"[{slices}]"))
            case "backprop_derivative_missing":
                name = str(edit.what.fields["name"])
                for text in derivative_texts(self.attempt, edit.at, name):
                    yield source.replaced(statement, value, f"{source.bracketed(value)} * {text}")
                    yield source.replaced(statement, value, f"{source.segment(value)} * {text}")
            case "backprop_derivative_twice":
                for node, divides, product in factors(value):
                    if product is not None and not divides:
                        other = product.right if product.left is node else product.left
                        yield source.replaced(statement, product, source.segment(other))

    def _guessed(self, spot: Spot, source: SourceText, statement: ast.stmt, value: ast.expr) -> Iterator[Replacement | None]:
        yield from over_other_axes(source, statement, value)
        yield from transposed_operands(source, statement, value)
        names = self._gradient_names(spot)
        for id, match in trusted_inputs(self.attempt.gradients, self.looked, spot):
            mine = self.tape.operand_text(spot.id, id) or self.tape.name(id)
            of = self.looked.ids[match.target[0]]
            for text in derivative_texts(self.attempt, of, self.tape.name(of)) if self.tape.name(of) else ():
                is_argument = any(f"({mine}{end}" in source.statement_text(statement) for end in (")", ","))
                yield _renamed(source, statement, (mine, f"{mine} * {text}" if is_argument else f"({mine} * {text})"))
            for name, other in names.items():
                if name != mine and self.tape.value(other).shape == self.tape.value(id).shape:
                    yield _renamed(source, statement, (mine, name))
        for name, other in names.items():
            if self.tape.value(other).shape == self.tape.value(spot.result).shape:
                yield source.replaced(statement, value, f"{source.segment(value)} + {name}")

    def _gradient_names(self, spot: Spot) -> dict[str, int]:
        """The variables with gradients that were computed before a statement, the nearest first."""
        gradients = self.attempt.gradients
        found: dict[str, int] = {}
        for id in sorted(self.looked.backward, reverse=True):
            name = self.tape.name(id)
            if id < spot.id and name.isidentifier() and name not in found and gradients.matches(self.looked.labels[id]):
                found[name] = id
        return found

    def target(self, id: int) -> str:
        """What the statement of an entry assigns to, as it is written; empty if to nothing."""
        source, place = self._source, self.tape.record.place(id)
        statement = None if source is None or place is None else source.statement(place.line)
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        return source.segment(targets[0]) if source is not None and isinstance(targets[0], ast.expr) else ""

    def _reduced(self, edit: Edit, source: SourceText, statement: ast.stmt) -> Replacement | None:
        """A sum or mean over another axis."""
        call = source.expression(self._position(edit.at), statement)
        if not isinstance(call, ast.Call):
            return None
        is_method = isinstance(call.func, ast.Attribute) and call.func.attr in ("sum", "mean") and not _is_module(call.func.value)
        kept = [f"{each.arg}={source.segment(each.value)}" for each in call.keywords if each.arg not in ("axis", "keepdims")]
        given = [] if is_method else [source.segment(call.args[0])]
        axis = str(edit.what.fields["axis"])
        new = [*given, *([] if axis == "None" else [f"axis={axis}"]), *(["keepdims=True"] if edit.keepdims else []), *kept]
        return source.replaced(statement, call, f"{source.segment(call.func)}({', '.join(new)})")

    def _scaled_update(
        self, factor: float, source: SourceText, statement: ast.stmt, value: ast.expr
    ) -> Iterator[Replacement | None]:
        """An update by its change times a number."""
        change = value
        if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub)):
            change = value.right
        yield from scaled(source, statement, change, 1 / factor, self.numbers)

    def _position(self, id: int) -> tuple[int, int, int, int] | None:
        place = self.tape.record.place(id)
        return None if place is None else place.position

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The single numbers that the program multiplies or divides by, by their text."""
        found: dict[str, float] = {}
        source = self._source
        if source is None:
            return found
        for id in sorted(self.looked.forward | self.looked.backward):
            place = self.tape.record.place(id)
            if self.tape.op(id) not in ("multiply", "divide") or place is None:
                continue
            statement = source.statement(place.line)
            node = None if statement is None else source.expression(place.position, statement)
            if not isinstance(node, ast.BinOp):
                continue
            for operand, part in zip(self.tape.operands(id), (node.left, node.right), strict=True):
                value = np.asarray(operand.value) if isinstance(operand, Literal) else self.tape.value(operand)
                is_number = value.size == 1 and value.dtype.kind in "fiu" and not isinstance(part, ast.Constant)
                if is_number and (isinstance(operand, Literal) or not self._varies(operand)):
                    found.setdefault(source.bracketed(part), float(value.ravel()[0]))
        return found

    def _varies(self, id: int) -> bool:
        return id in self.looked.forward or (id in self.looked.backward and bool(self.tape.inputs[id]))


def _toggled(source: SourceText, value: ast.expr, ending: str) -> str:
    """An expression with an ending such as `.T`, or without it if it has it."""
    text = source.segment(value)
    return text.removesuffix(ending) if text.endswith(ending) else f"{_atom(source, value)}{ending}"


def _atom(source: SourceText, value: ast.expr) -> str:
    is_atom = isinstance(value, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
    return source.segment(value) if is_atom else f"({source.segment(value)})"


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy")


def _renamed(source: SourceText, statement: ast.stmt, replaces: tuple[str, str] | None) -> Replacement | None:
    text = replaced_text(source.statement_text(statement), replaces)
    return Replacement(statement.lineno, statement.end_lineno or statement.lineno, text) if text else None
