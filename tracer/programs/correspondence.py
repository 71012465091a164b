"""Which Tensor of the record stands for which value of the running program."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.graph.record import Literal
from tracer.programs.program_recorder import ProgramRecorder
from tracer.programs.values import Recording, recording_value, same_arrays, same_bits, tensors_in
from tracer.recording.source import Files
from tracer.recording.tape import is_tensor
from tracer.recording.tensor import Tensor

MAX_COMPARED_BYTES = 1 << 20
"""Arrays up to this size are compared with their Tensor whenever they are used: a library may have written into them."""

CLOSE = 1e-12
"""Relative difference of results that two implementations of one function may have: `math.exp` and `np.exp`."""


class Correspondence:
    """The Tensors of the values of a program.

    `unknown` are the nodes whose value was computed in a way that is not recorded, each with the nodes that it was computed from;
    `changed_outside` are those that something else wrote into. Nodes before `first_id` are of an earlier stretch of the record,
    after which the program went on unrecorded.
    """

    def __init__(self, files: Files) -> None:
        self.recorder = ProgramRecorder(files)
        self.unknown: dict[int, tuple[int, ...]] = {}
        self.changed_outside: set[int] = set()
        self.first_id = 0

    def tensors(self, value: Any) -> Any:
        """The Tensors that stand for values that record, also inside lists, tuples and dicts; other values unchanged."""
        if isinstance(value, Recording):
            return self.tensor_of(value)
        kind = type(value)
        if kind is list or kind is tuple:
            return kind([self.tensors(each) for each in value])
        if kind is dict:
            return {name: self.tensors(each) for name, each in value.items()}
        return value

    def tensor_of(self, value: Recording) -> Tensor:
        """The Tensor that stands for a value now; a value that was not recorded so far enters as a leaf."""
        tensor: Tensor | None = getattr(value, "tensor", None)
        content = value.plain()
        if tensor is None or tensor.recorder is not self.recorder or tensor._id < self.first_id:
            value.tensor = tensor = self.leaf(content)
        elif type(content) is np.ndarray and content.nbytes <= MAX_COMPARED_BYTES:
            recorded = tensor._value if self._is_newest(value) else tensor.value
            if not same_arrays(recorded, content):
                value.tensor = tensor = self.leaf(content)
                self.changed_outside.add(tensor._id)
        return tensor

    def _is_newest(self, value: Recording) -> bool:
        """Whether nothing was written since the Tensor of a value was last found to be the newest node of its array."""
        return not self.recorder.has_writes or getattr(value, "writes", -1) == self.recorder.memory.writes

    def operands(self, inputs: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """What an operation records of its arguments, None for one that holds no real numbers; and the plain arguments."""
        operands: list[Literal | int | None] = []
        given = []
        for each in inputs:
            kind = type(each)
            if kind is float or kind is int or kind is bool:
                operands.append(Literal(each))
                given.append(each)
            elif isinstance(each, Recording):
                tensor, content = self.tensor_of(each), each.plain()
                if type(content) is np.ndarray and not self._is_newest(each):
                    self.recorder.refresh(tensor)
                    each.writes = self.recorder.memory.writes
                operands.append(tensor._id)
                given.append(content)
            else:
                operands.append(self.leaf(each)._id if each.dtype.kind in "biuf" else None)
                given.append(each)
        return tuple(operands), tuple(given)

    def leaf(self, content: Any) -> Tensor:
        """Enter a value that nothing recorded has computed."""
        if isinstance(content, np.ndarray | np.generic):
            return self.recorder.constant(content)
        return self.recorder.number(content)

    def recording(self, result: Any, recorded: Any, operands: Any) -> Any:
        """The result of an operation, made to record: with the Tensor that was recorded for it, if that has its value."""
        made = recording_value(result)
        if not isinstance(made, Recording):
            if type(result) in (list, tuple):
                parts = recorded if isinstance(recorded, (list, tuple)) and len(recorded) == len(result) else [None] * len(result)
                return type(result)([self.recording(each, part, operands) for each, part in zip(result, parts, strict=True)])
            return result
        if type(recorded) in (int, float) and same_bits(recorded, result):
            return result  # a number of dimensions, a size
        if made is result:  # an argument, which the function returned or wrote into
            return result
        if is_tensor(recorded) and self._agrees(recorded, made.plain()):
            made.tensor = recorded
        else:
            made.tensor = self.leaf(made.plain())
            self.note_unknown(made.tensor, operands)
        return made

    def note_unknown(self, tensor: Tensor, operands: Any) -> None:
        """Note that a value was computed from others in a way that is not recorded."""
        self.unknown[tensor._id] = tuple(sorted({each._id for each in tensors_in(operands) if each.recorder is self.recorder}))

    def _agrees(self, recorded: Tensor, content: Any) -> bool:
        """Whether a Tensor has a value. One that differs in the last bits is given it, if the node is new."""
        value = recorded.value
        if same_bits(value, content):
            return True
        ours, theirs = np.asarray(value), np.asarray(content)
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype or ours.dtype.kind not in "fc":
            return False
        if not np.allclose(ours, theirs, rtol=CLOSE, atol=0, equal_nan=True):
            return False
        self.recorder.replace_value(recorded, content)
        return True
