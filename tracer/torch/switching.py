"""What a recording changes in PyTorch while it runs: a dispatch mode, which may be below modes of the program, and functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _pop_mode, _push_mode


class Switch:
    """A mode that is on or off, and with it what `register` sets and returns. It is always at the same height of the stack."""

    def __init__(self, mode: TorchDispatchMode, register: Callable[[], Iterable[Any]]) -> None:
        self._mode = mode
        self._register = register
        self._handles: list[Any] = []
        self._height = torch._C._len_torch_dispatch_stack()
        self.is_on = False

    def set(self, is_on: bool) -> None:
        """Switch the mode on or off. Not while it handles an operation."""
        if is_on and not self.is_on:
            with self._without_modes_above(self._height):
                self._mode.__enter__()
            self._handles = list(self._register())
        elif self.is_on and not is_on:
            with self._without_modes_above(self._height + 1):
                self._mode.__exit__(None, None, None)
            while self._handles:
                self._handles.pop().remove()
        self.is_on = is_on

    @staticmethod
    @contextmanager
    def _without_modes_above(height: int) -> Iterator[None]:
        above = []
        while torch._C._len_torch_dispatch_stack() > height:
            above.append(_pop_mode())
        try:
            yield
        finally:
            for mode in reversed(above):
                _push_mode(mode)


def patch(undo: ExitStack, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Replace an attribute by a wrapped one until `undo` is closed."""
    is_own = name in vars(owner)
    original = getattr(owner, name)
    setattr(owner, name, wrap(original))
    undo.callback(functools.partial(setattr, owner, name, original) if is_own else functools.partial(delattr, owner, name))
