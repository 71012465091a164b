"""The form of a step as plain data: its operations with formulas, inputs and source lines, without their values.

Steps of a run mostly have the same form; the page stores it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tracer.graph.expression import ATOM
from tracer.graph.missing import mark_message
from tracer.graph.plain_values import plain
from tracer.graph.record import Literal, Node, Source, Step
from tracer.ops.foreign.names import UNINITIALIZED, VIEWS, base_name
from tracer.views.notation import Labels
from tracer.views.player.homes import homes
from tracer.views.player.inspector.mathml import to_mathml
from tracer.views.player.inspector.running_lines import running_lines
from tracer.views.player.kinds import kind_of_arithmetic, parameters_of
from tracer.views.player.translations import in_languages

_SLOT = re.compile(r"\{(\d+)\}")


def form_of(step: Step, labels: Labels) -> dict[str, Any]:
    """The operations of a step, and what they mean for each other."""
    return {"nodes": nodes_of(step, labels), **relations_of(step, labels)}


def nodes_of(step: Step, labels: Labels) -> list[dict[str, Any]]:
    """The operations of a step; the same for all steps of a structure."""
    lines = running_lines(step)
    return [_node(node, labels, lines.get(node.id)) for node in step.nodes]


def relations_of(step: Step, labels: Labels) -> dict[str, Any]:
    """What the operations of a step mean for each other."""
    return {
        "undefined": _undefined(step),
        "marks": {str(id): in_languages(mark_message(mark)) for id, mark in step.marks.items()},
        "homes": homes(step, labels),
        "loss": step.loss_id,
        "gradients": _by_text(step.gradients),
        "own": _by_text(step.own_gradients),
        "updates": _by_text(step.updates),
    }


def _undefined(step: Step) -> list[int]:
    """The values of `torch.empty` and its like, and views of them: what was in that memory means nothing."""
    found: dict[int, None] = {}
    for node in step.nodes:
        name = base_name(node.op)
        if name in UNINITIALIZED or (name in VIEWS and node.operands and node.operands[0] in found):
            found[node.id] = None
    return list(found)


def _node(node: Node, labels: Labels, runs: Source | None) -> dict[str, Any]:
    """A node without its value. Fields that are empty are left out: most are."""
    fields = {
        "op": node.op,
        "kind": kind_of_arithmetic(node),
        "phase": node.phase.value,
        "label": labels[node.id],
        "isBracketed": labels.tree(node.id).precedence < ATOM or None,  # in front of an index
        "name": node.name,
        "shape": list(node.shape),
        "dtype": node.dtype,
        "formula": labels.formula(node),
        "math": to_mathml(labels.equation_tree(node)),
        "pieces": pieces_of(node.formula) if node.formula else None,
        "inputs": [{"literal": plain(each.value)} if isinstance(each, Literal) else each for each in node.inputs],
        "parameters": plain(dict(parameters_of(node))),
        "scope": node.scope,
        "source": _place(node.source),
        "runs": _place(runs),
        "gradientOf": node.gradient_of,
        "ruleOf": node.rule_of,
    }
    return {name: field for name, field in fields.items() if (field is not None and field not in ("", [], {})) or name == "shape"}


def _place(source: Source | None) -> list[Any] | None:
    return None if source is None else [source.file, source.line, source.text]


def pieces_of(template: str) -> list[str | int]:
    """The formula of an operation as texts and, between them, the positions of the inputs.

    >>> pieces_of("{0} @ {1}.T"), pieces_of("sum({0}, axis=0)")
    ([0, ' @ ', 1, '.T'], ['sum(', 0, ', axis=0)'])
    """
    pieces = [int(piece) if at % 2 else piece for at, piece in enumerate(_SLOT.split(template))]
    return [piece for piece in pieces if piece != ""]


def _by_text(pairs: Mapping[int, int]) -> dict[str, int]:
    """Pairs of ids with keys as JSON has them."""
    return {str(of): by for of, by in pairs.items()}
