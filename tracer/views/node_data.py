"""A node as plain data, for JSON."""

from __future__ import annotations

from typing import Any

from tracer.graph.record import Literal, Node, Step
from tracer.i18n.message import Message
from tracer.views.notation import MAX_FULL_SIZE, Labels, node_number


def message_data(message: Message) -> dict[str, Any]:
    """A message as its code, its fields and its English text; a field that is a message likewise."""
    fields = {name: message_data(each) if isinstance(each, Message) else each for name, each in message.fields.items()}
    return {"code": message.code, "fields": fields, "text": str(message)}


def node_data(step: Step, node: Node, labels: Labels, *, in_full: bool = False) -> dict[str, Any]:
    """All fields of a node. `value` is included if it was kept and is small, or with `in_full`."""
    data = {"id": node.id, "number": node_number(step, node.id)} | description(node, labels)
    data["statistics"] = node.summary.as_dict()
    if node.why_missing is not None:
        data |= missing_data(node.why_missing)
    elif in_full or node.size <= MAX_FULL_SIZE:
        data["value"] = node.value.tolist()
    return data


def description(node: Node, labels: Labels) -> dict[str, Any]:
    """The fields of a node that are the same in all steps of the same structure."""
    source = node.source
    return {
        "phase": node.phase.value,
        "op": node.op,
        "name": node.name,
        "label": labels[node.id],
        "formula": labels.formula(node),
        "inputs": [{"literal": x.value} if isinstance(x, Literal) else x for x in node.inputs],
        "parameters": dict(node.parameters),
        "shape": list(node.shape),
        "dtype": node.dtype,
        "scope": node.scope,
        "source": None if source is None else {"file": source.file, "line": source.line, "text": source.text},
        "gradient_of": node.gradient_of,
        "rule_of": node.rule_of,
    }


def missing_data(reason: Message) -> dict[str, Any]:
    """The fields of a node in place of a value that is missing."""
    return {"kept": False, "why_missing": message_data(reason)}
