"""Calls an operation of PyTorch with the arguments that a node has on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from tracer.torch.computing.arrays import ALIKE
from tracer.torch.schemas import Schema

Numbers = Sequence[Any]
"""The inputs of a node: tensors and Python numbers."""


def call(
    schema: Schema, parameters: Mapping[str, Any], inputs: Numbers, *, wide: bool = False, **further: Any
) -> list[torch.Tensor]:
    """The results of a call in the order of the record: what it writes into, then what it returns. The inputs may be changed.

    With `wide`, a floating-point dtype among the arguments is replaced by float64, a complex one by complex128.
    """
    arguments = [_argument(each, inputs) for each in parameters.get("arguments", ())]
    options = {name: _argument(each, inputs) for name, each in parameters.get("options", {}).items()}
    if wide:
        arguments = [_widened(each) for each in arguments]
        options = {name: _widened(each) for name, each in options.items()}
    if "generator" in options:
        options["generator"] = None  # that of the process has the recorded state
    options |= {name: each for name, each in further.items() if name in schema.argument_names[len(arguments) :]}
    result = schema.operation(*arguments, **options)
    written = [
        tensor
        for position in _written(schema, arguments, options)
        for tensor in _tensors(arguments[position] if position < len(arguments) else options.get(schema.argument_names[position]))
    ]
    already = {id(tensor) for tensor in written}
    others = [each for each in _tensors(result) if id(each) not in already]
    return [*others, *written] if schema.undeclared else [*written, *others]


def _written(schema: Schema, arguments: Sequence[Any], options: Mapping[str, Any]) -> tuple[int, ...]:
    if not schema.undeclared:
        return schema.written
    condition = schema.condition
    given = arguments[condition] if condition < len(arguments) else options.get(schema.argument_names[condition])
    return schema.undeclared if given else ()


def _argument(given: Any, inputs: Numbers) -> Any:
    """An argument from plain data. Raises LookupError for a text that stands for nothing known."""
    if isinstance(given, Mapping):
        if "input" in given:
            return inputs[given["input"]]
        text = str(given.get("text"))
        if text.startswith("<torch._C.Generator"):
            return None
        return ALIKE[text] if text in ALIKE else _complex(text)
    if isinstance(given, (list, tuple)):
        return [ALIKE.get(each, each) if isinstance(each, str) else _argument(each, inputs) for each in given]
    return given


def _widened(argument: Any) -> Any:
    if not isinstance(argument, torch.dtype):
        return argument
    return torch.float64 if argument.is_floating_point else torch.complex128 if argument.is_complex else argument


def _complex(text: str) -> complex:
    try:
        return complex(text)
    except ValueError:
        raise LookupError(text) from None


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _tensors(each)


def is_of_another_device(parameters: Mapping[str, Any], inputs: Numbers) -> bool:
    """Whether the state of a generator on record is none of this processor: those of other devices have another size."""
    state = parameters.get("generator")
    return isinstance(state, Mapping) and inputs[state["input"]].shape[-1] != torch.get_rng_state().numel()


@contextmanager
def generator_state(parameters: Mapping[str, Any], inputs: Numbers) -> Iterator[None]:
    """Give the generator of the process the state on record, and its own one back afterwards.

    The state is a row of an input; files of before have it as text.
    """
    before, state = torch.get_rng_state(), parameters.get("generator")
    if isinstance(state, Mapping):
        torch.set_rng_state(inputs[state["input"]][state["row"]].clone())
    elif state is not None:
        torch.set_rng_state(torch.frombuffer(bytearray.fromhex(state), dtype=torch.uint8).clone())
    try:
        yield
    finally:
        if state is not None:
            torch.set_rng_state(before)
