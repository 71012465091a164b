"""Operations that can be computed again with other numbers: those of this package, and those of frameworks that are installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from tracer.analysis.adapters import Computing, adapter_of
from tracer.graph.record import Literal, Node, Step
from tracer.ops import registry
from tracer.ops.foreign.lookup import operation_named
from tracer.ops.indices import Index, Shape


class Computable(Protocol):
    """What an operation is asked when numbers are followed through it."""

    @property
    def value(self) -> Any:
        """The function that computes it."""
        ...

    def parts(self, index: Index, inputs: Sequence[Any], parameters: Mapping[str, Any], /) -> tuple[Index | None, ...] | None:
        """The elements that an output element is computed from."""
        ...

    def accepts_shapes(self, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape, /) -> bool:
        """Whether inputs of these shapes give a result of that shape."""
        ...


class _OfFramework:
    """An operation of a framework, as it was called in one node."""

    def __init__(self, framework: Computing, step: Step, node: Node) -> None:
        self._framework, self._step, self._node = framework, step, node
        self._known = operation_named(node.op)

    def value(self, *inputs: Any, **_: Any) -> np.ndarray:
        """The value with these inputs. Raises LookupError if the inputs do not determine it."""
        given: list[Node] = []
        positions: list[int | Literal] = []
        for recorded, value in zip(self._node.inputs, inputs, strict=True):
            if isinstance(recorded, Literal):
                positions.append(Literal(value))
            else:
                positions.append(len(given))
                given.append(dataclasses.replace(self._step.nodes[recorded], content=value))
        found = self._framework.compute(dataclasses.replace(self._node, id=-1, inputs=tuple(positions)), given)
        if found is None:
            raise LookupError(self._node.op)
        return found

    def parts(self, index: Index, inputs: Sequence[Any], parameters: Mapping[str, Any], /) -> tuple[Index | None, ...] | None:
        """Those that are known without the framework."""
        found = self._known.parts(index, inputs, parameters) if self._known is not None else None
        return found if found is not None and len(found) == len(inputs) else None

    def accepts_shapes(self, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape, /) -> bool:
        """The framework looks at the sizes."""
        return True


def computable(step: Step, node: Node) -> Computable | None:
    """The operation of a node; None if it is not known, or its framework is not installed."""
    adapter = adapter_of(node.op)
    if adapter is not None:
        return _OfFramework(adapter.load(), step, node) if adapter.is_installed else None
    return registry.named(node.op)
