"""The dispatch mode: it sees every operation that PyTorch executes, and appends it to the tape of the running step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tracer.graph.record import Literal
from tracer.torch.schemas import Schema, schema_of
from tracer.torch.tape import StepTape

_LEFT_OUT = frozenset({"device", "pin_memory", "layout", "memory_format", "non_blocking"})
"""Options that do not change values."""


class RecordingMode(TorchDispatchMode):
    """Records operations on the tape that `current_tape` gives; None while nothing is recorded."""

    supports_higher_order_operators = True

    def __init__(self, current_tape: Callable[[], StepTape | None]) -> None:
        super().__init__()
        self._current_tape = current_tape

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tape, schema = self._current_tape(), schema_of(func)
        if tape is None or schema is None or schema.is_ignored or _has_no_values(args, kwargs):
            return func(*args, **kwargs)
        inputs: list[int | Literal] = []
        arguments = [_as_data(each, inputs, tape) for each in args]
        options = {name: _as_data(each, inputs, tape) for name, each in kwargs.items() if name not in _LEFT_OUT}
        written = list(_written(schema, args, kwargs))
        for tensor in written:
            tape.snapshots.before_write(tensor)
        generator = torch.get_rng_state() if schema.is_random and tape.snapshots.keep else None
        result = func(*args, **kwargs)
        if schema.keeps_value and inputs and isinstance(inputs[0], int):
            tape.same(result, inputs[0])
            return result
        already = {id(tensor) for tensor in written}
        others = [each for each in _tensors(result) if id(each) not in already]
        results = [*written, *others] if not schema.undeclared else [*others, *written]
        if schema.undeclared and written:
            for tensor in written:
                tape.memories.written(tensor)
        tape.add(schema, results, 0 if schema.undeclared else len(written), arguments, options, inputs, generator)
        return result


def _written(schema: Schema, args: Any, kwargs: Any) -> Iterable[torch.Tensor]:
    """The tensors that a call writes into."""
    for position in schema.written:
        yield from _tensors(_argument(schema, position, args, kwargs))
    if schema.undeclared and _argument(schema, schema.condition, args, kwargs):
        for position in schema.undeclared:
            yield from _tensors(_argument(schema, position, args, kwargs))


def _argument(schema: Schema, position: int, args: Any, kwargs: Any) -> Any:
    return args[position] if position < len(args) else kwargs.get(schema.argument_names[position])


def _tensors(value: Any) -> Iterable[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _tensors(each)


def _has_no_values(args: Any, kwargs: Any) -> bool:
    """Whether a call is about shapes only: on meta tensors."""
    return any(each.is_meta for each in _tensors([args, list(kwargs.values())])) or "meta" in str(kwargs.get("device", ""))


def _as_data(argument: Any, inputs: list[int | Literal], tape: StepTape) -> Any:
    """An argument as plain data; tensors and numbers are appended to the inputs."""
    if isinstance(argument, torch.Tensor):
        id = tape.id_of(argument)
        tape.learn_output(argument, id)
        inputs.append(id)
        return {"input": len(inputs) - 1}
    if isinstance(argument, (list, tuple)):
        if any(isinstance(each, torch.Tensor) for each in argument):
            return [_as_data(each, inputs, tape) for each in argument]
        return [str(each) if isinstance(each, (torch.dtype, torch.device)) else each for each in argument]
    if type(argument) in (bool, int, float):
        inputs.append(Literal(argument))
        return {"input": len(inputs) - 1}
    if argument is None or isinstance(argument, (bool, int, float, str)):
        return argument
    return {"text": str(argument)}
