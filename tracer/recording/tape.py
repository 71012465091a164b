"""The tape: one entry per operation, and marks on some of them; and what others need of the recorder that keeps it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from tracer.graph.record import Literal, Phase
from tracer.ops.base import Op
from tracer.ops.several_results import SeveralResults
from tracer.recording.source import Invocation

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor

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
    its new value. `losses` has the gradients of each loss of a step with several.
    """

    names: dict[int, str] = field(default_factory=dict)
    fallback_names: dict[int, str] = field(default_factory=dict)
    gradients: dict[int, int] = field(default_factory=dict)
    contributions: dict[int, tuple[int, int]] = field(default_factory=dict)
    updates: dict[int, int] = field(default_factory=dict)
    losses: dict[int, dict[int, int]] = field(default_factory=dict)

    def add_pass(self, loss: int, found: dict[int, int], parameters: Collection[int], *, is_one_of_several: bool) -> None:
        """Add the gradients of a loss: those of `parameters`, and of other values those that no other loss has reached."""
        if is_one_of_several:
            self.losses[loss] = dict(sorted(found.items()))
            found = {of: id for of, id in found.items() if of in parameters or of not in self.gradients}
        self.gradients = dict(sorted((self.gradients | found).items()))


class RecorderInterface(Protocol):
    """What Tensors and the backward pass need of a recorder."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The tape; a node's id is its position."""

    @property
    def records_program(self) -> bool:
        """True while the user's code runs: not in derivative rules, and not after the step is finished."""

    def record(self, op: type[Op], inputs: tuple[Any, ...], parameters: dict[str, Any], depth: int = 2) -> Tensor:
        """Compute an operation, append it to the tape and return its value as a Tensor."""

    def record_parts(self, op: type[SeveralResults], inputs: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        """Record every result of an operation with several; returns them as NumPy does."""

    def tensor(self, id: int) -> Tensor:
        """The Tensor of a recorded node."""

    def seed_gradient(self, output: Tensor) -> Tensor:
        """The derivative of the output with respect to itself: 1."""

    def deriving(self, of: int, rule: int | None = None) -> AbstractContextManager[None]:
        """Inside, everything is recorded as part of the derivative with respect to node `of`, by the rule of operation `rule`."""

    def derive(self, of: int, rule: int | None = None) -> None:
        """Inside `deriving`: switch to another derivative."""

    def contributed(self, gradient: Tensor, of: int, rule: int) -> None:
        """Note that this Tensor is the contribution of operation `rule` to the gradient with respect to node `of`."""

    def backward(self, output: Tensor) -> bool:
        """Record the gradients of a scalar with respect to the parameters; returns whether it depends on any."""

    def gradient(self, id: int) -> Tensor | None:
        """The recorded gradient with respect to a node, if any."""
