"""Exports a step as a networkx graph."""

from __future__ import annotations

from typing import Any

import networkx

from tracer.graph.record import Literal, Node, Step, Trace


def networkx_graph(trace: Trace, step: Step) -> Any:
    """A networkx.MultiDiGraph of a step. Every networkx format can write its attributes.

    >>> import numpy as np
    >>> from tracer.graph.record import Phase
    >>> empty = np.zeros(())
    >>> x = Node(0, "parameter", (), {}, empty, (), "float64", Phase.INIT, "x", "")
    >>> y = Node(1, "multiply", (0, 0), {}, empty, (), "float64", Phase.FORWARD, "y", "{0} * {1}")
    >>> graph = Trace("t", "", 0, "float64", {}, {}, (Step(0, (x, y), 1),)).to_networkx()
    >>> list(graph.edges(data="position")), graph.nodes[1]["op"]
    ([(0, 1, 0), (0, 1, 1)], 'multiply')
    """
    graph = networkx.MultiDiGraph(scenario=trace.scenario, step=step.index)
    if trace.seed is not None:  # GraphML has no null
        graph.graph["seed"] = trace.seed
    for node in step.nodes:
        graph.add_node(node.id, **_attributes(node, step))
        for position, operand in enumerate(node.inputs):
            if not isinstance(operand, Literal):
                graph.add_edge(operand, node.id, position=position)
    return graph


def _attributes(node: Node, step: Step) -> dict[str, str | int | float | bool]:
    """The attributes of a node as plain numbers and strings; empty ones are omitted, as GraphML has no null."""
    attributes: dict[str, Any] = {
        "op": node.op,
        "name": node.name,
        "phase": node.phase.value,
        "shape": ",".join(map(str, node.shape)),
        "dtype": node.dtype,
        "formula": node.formula,
        "scope": node.scope,
        "source": str(node.source) if node.source else "",
        "expression": node.source.text if node.source else "",
        "gradient_of": node.gradient_of,
        "rule_of": node.rule_of,
        "gradient": step.gradients.get(node.id),
        "updated": step.updates.get(node.id),
        **node.summary.as_dict(),
    }
    return {name: value for name, value in attributes.items() if value is not None and value != ""}
