"""What Tensors and the backward pass need of a recorder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from tracer.ops.base import Op
from tracer.recording.tape import Entry

if TYPE_CHECKING:
    from tracer.recording.tensor import Tensor


class RecorderInterface(Protocol):
    """What Tensors and the backward pass need of a recorder."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The tape; a node's id is its position."""

    def record(self, op: type[Op], inputs: tuple[Any, ...], parameters: dict[str, Any]) -> Tensor:
        """Compute an operation, append it to the tape and return its value as a Tensor."""

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
