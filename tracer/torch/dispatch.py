"""The dispatch mode: it sees every operation that PyTorch executes, and appends it to the tape of the running step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

from tracer.errors import RecordingError
from tracer.graph.record import Literal
from tracer.torch.identity import PLAIN
from tracer.torch.schemas import Schema, schema_of
from tracer.torch.steps.calls import number
from tracer.torch.tape import StepTape

_LEFT_OUT = frozenset({"device", "pin_memory", "layout", "memory_format", "non_blocking"})
"""Options that do not change values."""

NUMBERS = (bool, int, float)
"""The types of numbers that are inputs of an operation."""

_OWN_DISPATCH = torch.Tensor.__torch_dispatch__


class RecordingMode(TorchDispatchMode):  # type: ignore[misc]
    """Records operations on the tape that `current_tape` gives; None while nothing is recorded.

    `use_parameter` is told of a tensor that gradients are computed for before the forward pass uses it, and gives the tape of the
    step that this is in. `is_hidden` tells that what runs now is no part of the step.
    """

    supports_higher_order_operators = True

    def __init__(
        self,
        current_tape: Callable[[], StepTape | None],
        use_parameter: Callable[[torch.Tensor], StepTape | None] | None = None,
        is_hidden: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__()
        self._current_tape = current_tape
        self._use_parameter = use_parameter
        self._is_hidden = is_hidden

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """PyTorch would wrap each call, which takes time: while a program is recorded, nothing is compiled."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tape = self._current_tape()
        if tape is None:
            return func(*args, **kwargs)
        if types and any(map(_dispatches_itself, types)):
            if any(map(_has_no_values, types)):
                return func(*args, **kwargs)
            return NotImplemented  # a class that dispatches by itself: the operations that it calls are recorded
        schema = schema_of(func)
        if schema is None:
            raise RecordingError(f"{func} is not recorded: a higher-order operation; call the functions that it takes directly")
        if schema.is_ignored or ("device" in kwargs and "meta" in str(kwargs["device"])):
            return func(*args, **kwargs)
        tensors = tensors_in([*args, *kwargs.values()] if kwargs else args)
        for tensor in tensors:
            if tensor.is_meta or (type(tensor) not in PLAIN and is_lazy(tensor)):
                return func(*args, **kwargs)
        written = _written(schema, args, kwargs) if schema.written or schema.undeclared else []
        if self._is_hidden():
            for tensor in written:
                tape.lose(tensor)
            return func(*args, **kwargs)
        if self._use_parameter is not None and torch.is_grad_enabled() and torch._C._current_graph_task_id() == -1:
            for tensor in tensors:
                if tensor.requires_grad and tensor.is_leaf and id(tensor) not in map(id, written):
                    tape = self._use_parameter(tensor)
            if tape is None:
                return func(*args, **kwargs)
        return _recorded(tape, schema, func, args, kwargs, written)


@cache
def _dispatches_itself(kind: type) -> bool:
    """Whether tensors of a class run operations by themselves."""
    return getattr(kind, "__torch_dispatch__", _OWN_DISPATCH) is not _OWN_DISPATCH


@cache
def _has_no_values(kind: type) -> bool:
    """Whether tensors of a class only have shapes: PyTorch finds out with them what an operation would give."""
    return any(each.__module__ == "torch._subclasses.fake_tensor" for each in kind.__mro__)


def _recorded(tape: StepTape, schema: Schema, func: Any, args: Any, kwargs: Any, written: list[torch.Tensor]) -> Any:
    """Run an operation and append it to the tape."""
    inputs: list[int | Literal] = []
    tape.stopped = []
    arguments = [_as_data(each, inputs, tape) for each in args]
    options = {name: _as_data(each, inputs, tape) for name, each in kwargs.items() if name not in _LEFT_OUT} if kwargs else {}
    for tensor in written:
        tape.snapshots.before_write(tensor)
    generator = _generator_state(schema, args, kwargs) if schema.is_random else None
    result = func(*args, **kwargs)
    returned = tensors_in([result])
    if any(map(_dispatches_itself, map(type, returned))):
        return result  # a tensor around another one, which is on the tape, or one of which there is only the shape
    if schema.keeps_value and inputs and isinstance(inputs[0], int):
        tape.same(result, inputs[0])
        if schema.is_literal:
            tape.learn_literal(inputs[0])
        return result
    others = [each for each in returned if id(each) not in map(id, written)] if written else returned
    results = [*written, *others] if not schema.undeclared else [*others, *written]
    if schema.undeclared and written:
        for tensor in written:
            tape.memories.written(tensor)
    tape.add(schema, results, 0 if schema.undeclared else len(written), arguments, options, inputs, generator)
    return result


def _generator_state(schema: Schema, args: Any, kwargs: Any) -> torch.Tensor:
    """The state of the generator that an operation draws from."""
    generator = kwargs.get("generator")
    if generator is None:
        generator = next((each for each in args if isinstance(each, torch.Generator)), None)
    if generator is None:
        device = next((each.device for each in tensors_in(args)), torch.device("cpu"))
        device = torch.device(kwargs.get("device") or device)
        return torch.get_rng_state() if device.type == "cpu" else torch.get_device_module(device).get_rng_state(device)
    state: torch.Tensor = generator.get_state()
    return state


def _written(schema: Schema, args: Any, kwargs: Any) -> list[torch.Tensor]:
    """The tensors that a call writes into."""
    if schema.written == (0,) and not schema.undeclared and args and type(args[0]) in PLAIN:
        return [args[0]]
    has_others = schema.undeclared and _argument(schema, schema.condition, args, kwargs)
    positions = (*schema.written, *schema.undeclared) if has_others else schema.written
    return tensors_in([_argument(schema, position, args, kwargs) for position in positions])


def _argument(schema: Schema, position: int, args: Any, kwargs: Any) -> Any:
    return args[position] if position < len(args) else kwargs.get(schema.argument_names[position])


def tensors_in(values: Iterable[Any]) -> list[torch.Tensor]:
    """The tensors among values, and in lists among them."""
    found: list[torch.Tensor] = []
    for each in values:
        kind = type(each)
        if kind in PLAIN or (kind not in NUMBERS and isinstance(each, torch.Tensor)):
            found.append(each)
        elif isinstance(each, (list, tuple)):
            found += tensors_in(each)
    return found


def _as_data(argument: Any, inputs: list[int | Literal], tape: StepTape) -> Any:
    """An argument as plain data; tensors and numbers are appended to the inputs."""
    kind = type(argument)
    if kind in PLAIN or isinstance(argument, torch.Tensor):
        id = tape.id_of(argument)
        has_gradient = argument.requires_grad
        if has_gradient:
            tape.learn_output(argument, id)
        if not (has_gradient and torch.is_grad_enabled()):
            tape.stopped.append(len(inputs))
        inputs.append(id)
        return _input(len(inputs) - 1)
    if kind in NUMBERS:
        inputs.append(number(argument))
        return _input(len(inputs) - 1)
    if isinstance(argument, (list, tuple)):
        if any(isinstance(each, torch.Tensor) for each in argument):
            return [_as_data(each, inputs, tape) for each in argument]
        return [str(each) if isinstance(each, (torch.dtype, torch.device)) else each for each in argument]
    if isinstance(argument, (torch.ScriptObject, torch.Generator)):
        return None  # a group of processes, where random numbers are from: no part of the computation, and no text of their own
    if argument is None or isinstance(argument, (bool, int, float, str)):
        return argument
    return {"text": str(argument)}


@cache
def _input(position: int) -> dict[str, int]:
    """Plain data in place of an input; nobody changes it."""
    return {"input": position}
