"""Matches values to the arguments of a scenario's functions, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tracer.errors import UsageError, close_names


@dataclass(frozen=True, slots=True)
class Takes:
    """The arguments that a function takes by name, and whether it takes all parameters that it does not name (`**params`)."""

    names: tuple[str, ...]
    rest: bool

    def arguments(self, available: Mapping[str, Any], parameters: Collection[str]) -> dict[str, Any]:
        """The arguments of a call among the available values, where `parameters` names the parameters."""
        found = {name: available[name] for name in self.names if name in available}
        if self.rest:
            found.update((name, available[name]) for name in parameters if name not in found)
        return found


def taken_by(function: Callable[..., Any]) -> Takes:
    """What a function takes.

    >>> taken_by(lambda x, **params: x)
    Takes(names=('x',), rest=True)
    """
    parameters = inspect.signature(function).parameters.values()
    names = tuple(each.name for each in parameters if each.kind is not each.VAR_KEYWORD)
    return Takes(names, any(each.kind is each.VAR_KEYWORD for each in parameters))


def required_names(function: Callable[..., Any]) -> list[str]:
    """The names of the arguments without a default."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = parameters_of(function).values()
    return [each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty]


def parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by name. They are asked for in every step, and Python takes long to find them."""
    try:
        return _known_parameters(function)
    except TypeError:  # an object that cannot be hashed
        return inspect.signature(function).parameters


@lru_cache(maxsize=128)
def _known_parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def matching_arguments(function: Callable[..., Any], available: Mapping[str, Any]) -> dict[str, Any]:
    """The available values that a function takes as arguments, by name."""
    return {name: available[name] for name in parameters_of(function) if name in available}


def require_arguments(function: Callable[..., Any], available: Collection[str], what: str) -> None:
    """Raise UsageError if a required argument of a function is not available."""
    missing = [name for name in required_names(function) if name not in available]
    if missing:
        raise UsageError(f"{what} asks for {missing[0]!r}{close_names(missing[0], sorted(available))}")


def call_by_name(function: Callable[..., Any], available: Mapping[str, Any], what: str) -> Any:
    """Call a function with the available arguments it takes. Raises UsageError if a required one is not available."""
    require_arguments(function, available, what)
    return function(**matching_arguments(function, available))


def check_signature(function: Callable[..., Any], what: str, *, takes_rest: bool = False) -> None:
    """Raise UsageError unless all arguments of a function can be passed by name; `**rest` only where it is taken."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise UsageError(f"{what} does not tell the names of its arguments: write a function around it") from None
    for each in parameters:
        if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL) or (each.kind is each.VAR_KEYWORD and not takes_rest):
            argument = str(each).partition(":")[0]
            raise UsageError(f"{what} has the argument {argument}, but arguments are matched by name: name each one")


def check_names(values: Mapping[Any, Any], what: str) -> None:
    """Raise UsageError, beginning with `what`, if something has a name that no argument can have."""
    for name in values:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"{what} under {name!r}, which is no name of an argument")
