"""Buffers: state that a model keeps from step to step, such as the running mean of a batch norm.

The model writes into them in place, or puts a new value into the dict or object that holds them. In a step of training the values
after the loss are carried into the next step; anywhere else, such as on validation data, functions get copies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracer.arguments import folded_names, numeric_array
from tracer.errors import UsageError
from tracer.graph.paths import new_name
from tracer.recording.recorder import Recorder
from tracer.recording.tensor import Tensor
from tracer.training.checkpoints import StoredCheckpoint
from tracer.training.functions.matching import call_by_name, check_names
from tracer.training.parameters.nested import Structure, structure_of
from tracer.training.scenario import Scenario


def initial_buffers(
    scenario: Scenario, available: Mapping[str, Any], given: Mapping[str, Any] | StoredCheckpoint, dtype: str
) -> tuple[Structure, dict[str, np.ndarray]]:
    """The structure of a scenario's buffers, and their initial values by path: those of a checkpoint if it has them."""
    own = scenario.buffers
    what = f"the buffer of {scenario.name}"
    if callable(own):
        own = call_by_name(own, available, f"buffers() of {scenario.name}")
    if not isinstance(own, Mapping):
        raise UsageError(f"the buffers of {scenario.name} must be initial values by name, in a dict")
    own = folded_names(own, f"buffers of {scenario.name}")
    check_names(own, f"{scenario.name} has a buffer")
    structure = structure_of(own, what, is_state=True)
    initial = {name: numeric_array(value, f"{what} {name!r}", dtype) for name, value in structure.values.items()}
    stored = given.progress if isinstance(given, StoredCheckpoint) else None
    if stored is None or not stored.buffers:
        return structure, initial
    for name, value in initial.items():
        found = stored.buffers.get(name)
        if found is None or found.shape != value.shape:
            shape = "none" if found is None else f"one of shape {found.shape}"
            raise UsageError(f"{given.path}: for the buffer {name!r} of shape {value.shape} it has {shape}")  # type: ignore[union-attr]
    return structure, {name: numeric_array(stored.buffers[name], f"{what} {name!r}", dtype) for name in initial}


def buffers_after(
    structure: Structure, before: Mapping[str, np.ndarray], filled: Mapping[str, Any], recorder: Recorder
) -> dict[str, np.ndarray]:
    """The values of the buffers after a step, in the structures that its functions got. New ones are named.

    Raises UsageError if a buffer changed its shape or its dtype.
    """
    after: dict[str, np.ndarray] = {}
    if not before:
        return after
    for name, value in structure.read(filled).items():
        if isinstance(value, Tensor):
            id = value.id
            if recorder.marks.names.get(id) != name:
                recorder.name(value, new_name(name))
            array = np.asarray(recorder.value(id))
        else:
            array = numeric_array(value, f"the new value of the buffer {name!r}", None)
        old = before[name]
        if array.shape != old.shape or array.dtype != old.dtype:
            raise UsageError(
                f"the buffer {name!r} is {old.dtype} {old.shape}, its new value {array.dtype} {array.shape}: the next step needs"
                " the same"
            )
        after[name] = array
    return after


def copies(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of their own, which functions may write into."""
    return {name: value.copy() for name, value in values.items()}
