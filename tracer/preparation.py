"""What a run starts from: the scenario's data and initial parameters, checked, and who takes which by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import UsageError, close_names
from tracer.scenario import DTYPES, Scenario


@dataclass(frozen=True, slots=True)
class Prepared:
    """Read-only arrays by name, and how model and loss use them.

    `used` are the data that model and loss take, `batched` those of them that are split into batches, `prediction` is
    the name under which the loss takes the model's result (empty where it takes none).
    """

    data: Mapping[str, np.ndarray]
    parameters: Mapping[str, np.ndarray]
    used: tuple[str, ...]
    batched: tuple[str, ...]
    prediction: str

    @property
    def examples(self) -> int:
        """How many examples there are to make batches of; 1 where the data is not split."""
        return len(self.data[self.batched[0]]) if self.batched else 1


def prepare(
    scenario: Scenario, given: Mapping[str, Any], parameters: Mapping[str, Any], dtype: str, path: str | Path | None
) -> Prepared:
    """Load the data, make the initial parameters, and check all of it. `given` is what the functions may ask for."""
    for function, what in ((scenario.data, "data"), (scenario.model, "model"), (scenario.loss, "loss")):
        _check_signature(function, f"{what} of {scenario.name}")
    data = _load_data(scenario, given, dtype, path)
    initial = _initial_parameters(scenario, {**data, **given}, parameters, dtype)
    for name in initial:
        if name in data or name in scenario.settings:
            other = "data" if name in data else "a setting"
            raise UsageError(f"{scenario.name} has a parameter and {other} named {name!r}: rename one")
    known = {*data, *initial, *scenario.settings}
    require(scenario.model, known, f"the model of {scenario.name}")
    prediction = [name for name in required_names(scenario.loss) if name not in known]
    if len(prediction) > 1:
        second = prediction[1]
        raise UsageError(f"the loss of {scenario.name} asks for {second!r}{close_names(second, sorted(known))}")
    for name, metric in scenario.metrics.items():
        _check_signature(metric, f"the metric {name} of {scenario.name}")
        require(metric, {*known, *given}, f"the metric {name} of {scenario.name}")
    taken = {*inspect.signature(scenario.model).parameters, *inspect.signature(scenario.loss).parameters}
    used = tuple(name for name in data if name in taken)
    for name in used:
        if not data[name].size:
            raise UsageError(f"the data {name!r} of {scenario.name} is empty: its shape is {data[name].shape}")
    batched = _arrays_to_batch(scenario, {name: data[name] for name in used})
    return Prepared(data, initial, used, batched, next(iter(prediction), ""))


def _load_data(scenario: Scenario, given: Mapping[str, Any], dtype: str, path: str | Path | None) -> dict[str, np.ndarray]:
    takes_path = "path" in inspect.signature(scenario.data).parameters
    if path is not None and not takes_path:
        raise UsageError(f"{scenario.name} makes its own data: it takes none from {path}")
    found = call_by_name(scenario.data, {**given, "path": path}, f"data() of {scenario.name}")
    if not isinstance(found, Mapping):
        raise UsageError(f"data() of {scenario.name} must return named arrays in a dict, not {type(found).__name__}")
    for name in found:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"data() of {scenario.name} returns something under {name!r}, which is no name of an argument")
    return {name: numeric_array(value, f"the data {name!r} of {scenario.name}", dtype) for name, value in found.items()}


def _initial_parameters(
    scenario: Scenario, available: Mapping[str, Any], given: Mapping[str, Any], dtype: str
) -> dict[str, np.ndarray]:
    found = scenario.parameters
    if callable(found):
        found = call_by_name(found, available, f"parameters() of {scenario.name}")
    if not isinstance(found, Mapping) or not found:
        raise UsageError(f"the parameters of {scenario.name} must be initial values by name, in a dict")

    def checked(name: str, value: Any) -> np.ndarray:
        return numeric_array(value, f"the parameter {name!r} of {scenario.name}", dtype, floating=True)

    initial = {name: checked(name, value) for name, value in found.items()}
    if not isinstance(given, Mapping):
        raise UsageError(f"parameters are given as values by name, in a dict, not as {type(given).__name__}")
    for name, value in given.items():
        if name not in initial:
            raise UsageError(f"{scenario.name} has no parameter {name!r}{close_names(str(name), list(initial))}")
        new = checked(name, value)
        if new.shape != initial[name].shape:
            raise UsageError(f"the parameter {name!r} has shape {initial[name].shape}, the given value {new.shape}")
        initial[name] = new
    return initial


def _arrays_to_batch(scenario: Scenario, used: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    if scenario.batch_size is None:
        return ()
    lengths = {name: len(array) for name, array in used.items() if array.ndim}
    if len(set(lengths.values())) != 1:
        raise UsageError(f"batches need arrays of one length, {scenario.name} has {lengths or 'none'}")
    return tuple(lengths)


def numeric_array(value: Any, what: str, dtype: str | None, *, floating: bool = False) -> np.ndarray:
    """The value as a read-only array of its own: floats in `dtype` (None for their own), integers and booleans as they are.

    With `floating`, integers and booleans become floats too.

    Raises UsageError, which names `what`, where the value is not numeric.

    >>> numeric_array([1, 2], "x", "float32").dtype, numeric_array([1, 2], "x", "float32", floating=True).dtype
    (dtype('int64'), dtype('float32'))
    """
    if isinstance(value, (np.ma.MaskedArray, np.matrix)):
        raise UsageError(f"{what} is a {type(value).__name__}, which would lose its own rules: give it as a plain array")
    try:
        given = np.asarray(value)
    except ValueError:
        raise UsageError(f"{what} is no array: its rows differ in length") from None
    if given.dtype.kind not in "biuf":
        raise UsageError(f"{what} is not numeric: its dtype is {given.dtype}")
    wanted = dtype if dtype is not None and (floating or given.dtype.kind == "f") else given.dtype
    try:
        array = given.astype(wanted)
    except MemoryError:
        raise UsageError(f"{what} does not fit into memory: its shape is {given.shape}") from None
    array.flags.writeable = False
    return array


def checked_dtype(dtype: Any) -> str:
    """The name of a dtype that a run can have; raises UsageError for another.

    >>> checked_dtype(np.float32)
    'float32'
    """
    try:
        name = str(np.dtype(dtype))
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise UsageError(f"dtype must be float32 or float64, this is {name!r}")
    return name


def required_names(function: Callable[..., Any]) -> list[str]:
    """The arguments that a function must be given: those without a default."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty]


def matching(function: Callable[..., Any], available: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is available, the arguments that a function names."""
    return {name: available[name] for name in inspect.signature(function).parameters if name in available}


def require(function: Callable[..., Any], available: Collection[str], what: str) -> None:
    """Raise UsageError where a function asks for an argument that is not available."""
    missing = [name for name in required_names(function) if name not in available]
    if missing:
        raise UsageError(f"{what} asks for {missing[0]!r}{close_names(missing[0], sorted(available))}")


def call_by_name(function: Callable[..., Any], available: Mapping[str, Any], what: str) -> Any:
    """Call a function with the arguments it names; raises UsageError where one of them is not available."""
    require(function, available, what)
    return function(**matching(function, available))


def _check_signature(function: Callable[..., Any], what: str) -> None:
    """Raise UsageError unless arguments can be matched by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise UsageError(f"{what} does not tell the names of its arguments: write a function around it") from None
    for each in parameters:
        if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL, each.VAR_KEYWORD):
            argument = str(each).partition(":")[0]
            raise UsageError(f"{what} has the argument {argument}, but arguments are matched by name: name each one")
