"""The values of the parameters that a run starts with: the scenario's own, those of a checkpoint, given ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.arguments import folded, folded_names, numeric_array
from tracer.errors import UsageError, close_names
from tracer.training.checkpoints import StoredCheckpoint
from tracer.training.functions.matching import call_by_name, check_names
from tracer.training.parameters.nested import Structure, structure_of
from tracer.training.scenario import Scenario


def initial_parameters(
    scenario: Scenario, available: Mapping[str, Any], given: Mapping[str, Any] | StoredCheckpoint, dtype: str
) -> tuple[Structure, dict[str, np.ndarray]]:
    """The structure of a scenario's parameters, and their initial values by path.

    `given` replaces initial values: by path, or in structures like the scenario's.
    """
    own = scenario.parameters
    if callable(own):
        own = call_by_name(own, available, f"parameters() of {scenario.name}")
    if not isinstance(own, Mapping) or not own:
        raise UsageError(f"the parameters of {scenario.name} must be initial values by name, in a dict")
    own = folded_names(own, f"parameters of {scenario.name}")
    check_names(own, f"{scenario.name} has a parameter")

    def checked(name: str, value: Any, where: str = "") -> np.ndarray:
        return numeric_array(value, f"{where}the parameter {name!r} of {scenario.name}", dtype, floating=True)

    structure = structure_of(own, f"the parameter of {scenario.name}")
    initial = {name: checked(name, value) for name, value in structure.values.items()}
    where = ""
    if isinstance(given, StoredCheckpoint):
        where = f"{given.path}: "
        _check_complete(given, initial, scenario.name)
        given = given.parameters
    if not isinstance(given, Mapping):
        raise UsageError(f"parameters are given as values by name, in a dict, not as {type(given).__name__}")
    for name, value in _by_path(given, initial, f"{where}the given parameters").items():
        if name not in initial:
            raise UsageError(f"{where}{scenario.name} has no parameter {name!r}{close_names(str(name), list(initial))}")
        new = checked(name, value, where)
        if new.shape != initial[name].shape:
            raise UsageError(f"{where}the parameter {name!r} has shape {initial[name].shape}, the given value {new.shape}")
        initial[name] = new
    return structure, initial


def _by_path(given: Mapping[str, Any], initial: Mapping[str, np.ndarray], what: str) -> dict[str, Any]:
    """The given values by path, also of those that are given in structures."""
    given = folded_names(given, what)
    direct = {name: value for name, value in given.items() if name in initial or not isinstance(name, str)}
    structured = {name: value for name, value in given.items() if name not in direct}
    return direct | {folded(name): value for name, value in structure_of(structured, what).values.items()}


def _check_complete(checkpoint: StoredCheckpoint, initial: Mapping[str, np.ndarray], scenario: str) -> None:
    """Raise UsageError if a checkpoint lacks a parameter: it is that of another model."""
    arrays = checkpoint.parameters
    missing = [name for name in initial if name not in arrays]
    if missing:
        holds = f"it holds {', '.join(arrays)}" if arrays else "it is empty"
        raise UsageError(f"{checkpoint.path} is no checkpoint of {scenario}: it has no parameter {missing[0]!r}; {holds}")
