"""The tape: one entry per operation, and marks on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from tracer.graph.record import Literal, Phase
from tracer.ops.base import Op
from tracer.recording.source import Invocation

NO_PARAMETERS: dict[str, Any] = {}
"""The parameters of every entry without parameters: one object, so that an entry does not hold a dict of its own."""


class Context(NamedTuple):
    """What entries that follow each other share: the phase, the place in the calls, and for gradients what they derive."""

    phase: Phase
    scope: str = ""
    subject: str = ""
    invocation: Invocation | None = None
    gradient_of: int | None = None
    rule_of: int | None = None


Entry: TypeAlias = tuple[type[Op] | str, tuple[int | Literal, ...], Mapping[str, Any], Any, Context, int]
"""An operation (or the kind of a leaf), its operands, parameters, value, context, and instruction offset (-1: none)."""


@dataclass(slots=True)
class Marks:
    """What is known of single entries beyond what they computed, by their ids.

    `names` were given, `fallback_names` hold where the code gives none. `gradients` leads from a value to its gradient,
    `contributions` from a gradient to the value and the operation through which it came, `updates` from a parameter to
    its new value.
    """

    names: dict[int, str] = field(default_factory=dict)
    fallback_names: dict[int, str] = field(default_factory=dict)
    gradients: dict[int, int] = field(default_factory=dict)
    contributions: dict[int, tuple[int, int]] = field(default_factory=dict)
    updates: dict[int, int] = field(default_factory=dict)
