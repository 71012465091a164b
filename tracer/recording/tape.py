"""The tape: one entry per operation, and marks on some of them; and what others need of the recorder that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from tracer.graph.record import Literal, Phase, Source
from tracer.ops.base import Op
from tracer.ops.several_results import SeveralResults
from tracer.recording.source import Invocation

if TYPE_CHECKING:
    from tracer.recording.memory import ArrayMemory
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
    its new value, `versions` from the node of an array that was written in place to the node before. `losses` has the gradients
    of each loss of a step with several. `unnamed` are the nodes that a call in the user's code is made of, except the last: it
    has the name.
    """

    names: dict[int, str] = field(default_factory=dict)
    fallback_names: dict[int, str] = field(default_factory=dict)
    gradients: dict[int, int] = field(default_factory=dict)
    contributions: dict[int, tuple[int, int]] = field(default_factory=dict)
    updates: dict[int, int] = field(default_factory=dict)
    losses: dict[int, dict[int, int]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    unnamed: set[int] = field(default_factory=set)

    def add_pass(self, loss: int, found: dict[int, int], parameters: Collection[int], *, is_one_of_several: bool) -> None:
        """Add the gradients of a loss: those of `parameters`, and of other values those that no other loss has reached."""
        if is_one_of_several:
            self.losses[loss] = dict(sorted(found.items()))
            found = {of: id for of, id in found.items() if of in parameters or of not in self.gradients}
        self.gradients = dict(sorted((self.gradients | found).items()))


running: ContextVar[RecorderInterface | None] = ContextVar("running", default=None)
"""The recorder of the program that runs; None outside of a recording."""


class RecordedArray:
    """The base of Tensor, by which the modules that Tensor itself imports recognize one."""

    __slots__ = ()


def is_tensor(value: Any) -> bool:
    """Whether a value is a Tensor."""
    return isinstance(value, RecordedArray)


class RecorderInterface(Protocol):
    """What Tensors and the backward pass need of a recorder."""

    has_writes: bool
    """Whether an array was written in place, so that a Tensor may have a newer version."""

    @property
    def memory(self) -> ArrayMemory:
        """The versions of arrays that were written, and views."""

    def current_id(self, tensor: Tensor) -> int:
        """The node of a Tensor, which may have been written in place."""

    def current_value(self, tensor: Tensor) -> Any:
        """The value of a Tensor, which may have been written in place."""

    def write(self, target: Tensor, change: Callable[[Tensor], Tensor], frame: FrameType) -> None:
        """Write into an array: `change` records the array after it. `frame` is the user's."""

    def composing(self, frame: FrameType) -> AbstractContextManager[None]:
        """What is recorded inside is one call in the user's code, in this frame."""

    def place_of(self, id: int) -> Source | None:
        """Where in the user's code a node was computed; None if unknown."""

    def constant(self, value: Any) -> Tensor:
        """Enter an array of the user's code."""

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
