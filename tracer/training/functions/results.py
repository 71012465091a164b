"""The results of a model, and the names under which loss and metrics take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tracer.arguments import folded_names
from tracer.errors import UsageError
from tracer.recording.source import returned_variables
from tracer.recording.tensor import Tensor
from tracer.training.scenario import Scenario


def named_results(returned: Any, scenario: Scenario, wanted: tuple[str, ...], taken: Collection[str]) -> dict[str, Any]:
    """The results of the model by the names under which loss and metrics take them.

    A dict has names of its own. Of a tuple or a list, the loss takes the results by the names of the variables in the model's
    return statement if these have all names that it asks for, otherwise in their order; where it asks for one result and the
    return statement does not have it by name, it takes the whole. `wanted` are the names of results that the loss asks for,
    `taken` those of data, parameters and settings. Raises UsageError if the model returned None, or if a name is invalid or
    already used.
    """
    if isinstance(returned, Tensor):  # asked first: whether something is a Mapping takes Python ten times as long to find out
        return {wanted[0] if wanted else "prediction": returned}
    if returned is None:
        raise UsageError(f"the model of {scenario.name} returned nothing: does it end without a return?")
    if isinstance(returned, Mapping):
        return _checked(folded_names(returned, f"what the model of {scenario.name} returns"), scenario, taken)
    if isinstance(returned, (tuple, list)):
        variables = returned_variables(_code_of(scenario.model))
        if len(variables) != len(returned):
            variables = ()
        if variables and {*wanted} <= {*variables}:
            usable = {name: result for name, result in zip(variables, returned, strict=True) if name not in taken}
            return usable or {"prediction": returned}
        if len(wanted) > 1:
            if len(wanted) > len(returned):
                asks = f"the loss of {scenario.name} asks for {', '.join(wanted)}"
                count = f"{len(returned)} result{'s' * (len(returned) != 1)}"
                raise UsageError(f"{asks}: the model returned {count}, and none is data, a parameter or a setting of that name")
            return dict(zip(wanted, returned, strict=False))
    return {wanted[0] if wanted else "prediction": returned}


def _code_of(function: Callable[..., Any]) -> Any:
    function = inspect.unwrap(function)
    return getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)


def _checked(returned: dict[Any, Any], scenario: Scenario, taken: Collection[str]) -> dict[str, Any]:
    for name in returned:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"the model of {scenario.name} returns a result under {name!r}, which is no name of an argument")
        if name in taken:
            raise UsageError(f"the model of {scenario.name} returns {name!r}, which is data, a parameter or a setting too")
    return returned
