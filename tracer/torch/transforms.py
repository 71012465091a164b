"""Follows torch.func.grad: the arguments that a function is differentiated by are the parameters of a step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
import torch._functorch.eager_transforms

from tracer.torch.identity import has_memory
from tracer.torch.names import TensorNames
from tracer.torch.steps.progress import Progress
from tracer.torch.switching import patch


class Transforms:
    """What a recording learns of gradients of functions. `is_outermost` tells that one is computed that is no part of another."""

    def __init__(self, names: TensorNames, progress: Progress, is_seen: Callable[[], bool], is_next: Callable[[], None]) -> None:
        self.is_outermost = False
        self._names = names
        self._progress = progress
        self._is_seen = is_seen
        self._is_next = is_next

    def follow(self, undo: ExitStack) -> None:
        """Follow gradients of functions until `undo` is closed."""
        patch(undo, torch._functorch.eager_transforms, "grad_and_value_impl", self._wrapped)

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def grad_and_value(function: Any, argnums: Any, has_aux: bool, args: tuple[Any, ...], kwargs: Any) -> Any:
            level = torch._C._functorch.maybe_current_level()
            if level is not None or not self._is_seen():
                return original(function, argnums, has_aux, args, kwargs)
            positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
            for name, tensor in _named([args[position] for position in positions]):
                if has_memory(tensor):
                    self._names.learn_parameter(tensor, name)
                    self._progress.use_parameter(tensor)
            self.is_outermost, tape = True, self._progress.tape
            if tape is not None:
                tape.is_of_function = True
            try:
                return original(function, argnums, has_aux, args, kwargs)
            finally:
                self.is_outermost = False
                if tape is not None:
                    tape.is_of_function = False
                if self._progress.tape is None:
                    self._progress.count_backward()
                    self._is_next()

        return grad_and_value


def _named(given: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in nested arguments, with their keys as names; one that has none is named by the program's variable."""
    if isinstance(given, torch.Tensor):
        yield path, given
    elif isinstance(given, Mapping):
        for key, each in given.items():
            yield from _named(each, f"{path}.{key}" if path else str(key))
    elif isinstance(given, (list, tuple)):
        for each in given:
            yield from _named(each, path)
