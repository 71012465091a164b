"""Checkpoints: the parameters of a run, and what it needs to continue as if it had not ended.

A checkpoint is an .npz file with the parameters under their names. Under `training/...` it has the optimizer and its state, the
numbers of steps and epochs, the seed, the state of the random generator, and the buffers of the model. A file of parameters alone
is a checkpoint too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tracer.arguments import folded_names, numeric_array, whole_number
from tracer.errors import UsageError
from tracer.store.plain_json import from_json, to_json

State = dict[str, dict[str, np.ndarray]]
"""The state of an optimizer: arrays by name, for each parameter."""

ACCUMULATED = "accumulated"
"""The name of the sum of gradients since the last update, in the state of a parameter."""

_PREFIX = "training/"
"""No parameter has such a name: it is an identifier."""

_STATE = f"{_PREFIX}state/"

_BUFFERS = f"{_PREFIX}buffers/"

_COUNTS = ("steps", "epochs", "seed")

_COUNTS_OF_UPDATES = ("updates", "pending")
"""Counts that a checkpoint of an earlier version lacks: there, every step was an update."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run was: steps and epochs done, the optimizer with its state, the seed, and the state of the generator.

    `updates` counts the steps that updated the parameters, `pending` those since then whose gradients were accumulated. `buffers`
    is the state of the model.
    """

    optimizer: str = ""
    steps: int = 0
    epochs: int = 0
    updates: int = 0
    pending: int = 0
    seed: int = 0
    generator: Mapping[str, Any] = field(default_factory=dict)
    state: State = field(default_factory=dict)
    buffers: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint that was read: parameters, and the progress of their run, None if the file has only parameters."""

    path: Path
    parameters: Mapping[str, np.ndarray]
    progress: Progress | None


def checkpoint_arrays(parameters: Mapping[str, np.ndarray], progress: Progress) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint by their names in the file."""
    numbers = {name: getattr(progress, name) for name in (*_COUNTS, *_COUNTS_OF_UPDATES)}
    texts = {"optimizer": progress.optimizer, "generator": to_json(dict(progress.generator))}
    state = {f"{_STATE}{name}/{key}": np.asarray(value) for name, kept in progress.state.items() for key, value in kept.items()}
    own = {f"{_PREFIX}{name}": np.array(value) for name, value in {**numbers, **texts}.items()}
    buffers = {f"{_BUFFERS}{name}": np.asarray(value) for name, value in progress.buffers.items()}
    return {**parameters, **own, **state, **buffers}


def read_checkpoint(path: str | Path) -> StoredCheckpoint:
    """Read a checkpoint. Raises UsageError if the file is missing, damaged or no .npz file."""
    from tracer.data.archives import read_arrays  # few runs continue one

    arrays = read_arrays(path)
    own = {name: array for name, array in arrays.items() if not name.startswith(_PREFIX)}
    parameters = folded_names(own, str(path))
    if len(own) == len(arrays):
        return StoredCheckpoint(Path(path), parameters, None)
    try:
        texts = {name: str(arrays[_PREFIX + name][()]) for name in ("optimizer", "generator")}
        numbers = {name: whole_number(name, arrays[_PREFIX + name], 0) for name in _COUNTS}
        known = {"updates": numbers["steps"], "pending": 0}
        numbers |= {name: whole_number(name, arrays.get(_PREFIX + name, known[name]), 0) for name in _COUNTS_OF_UPDATES}
        generator = from_json(texts["generator"])
        if not isinstance(generator, dict):
            raise ValueError("the state of its generator is no mapping")
    except KeyError as error:
        raise UsageError(f"{path} is damaged: it has no {error.args[0]}") from None
    except ValueError as error:
        raise UsageError(f"{path} is damaged: {error}") from None
    state: State = {}
    for name, array in arrays.items():
        if name.startswith(_STATE):
            parameter, _, key = name.removeprefix(_STATE).partition("/")
            state.setdefault(parameter, {})[key] = array
    buffers = {name.removeprefix(_BUFFERS): array for name, array in arrays.items() if name.startswith(_BUFFERS)}
    progress = Progress(texts["optimizer"], generator=generator, state=state, buffers=buffers, **numbers)
    return StoredCheckpoint(Path(path), parameters, progress)


def continue_run(
    checkpoint: StoredCheckpoint | None, fresh: Progress, rng: np.random.Generator, dtype: str
) -> tuple[Progress, State]:
    """The progress and the optimizer's state that a run starts with.

    They are those of the checkpoint if it is of the same optimizer, otherwise `fresh`. The generator is restored too if the seed
    is the same. Raises UsageError if the state is that of another model.
    """
    stored = checkpoint.progress if checkpoint is not None else None
    if checkpoint is None or stored is None or stored.optimizer != fresh.optimizer:
        return replace(fresh, state={}), fresh.state
    accumulated = stored.state if stored.pending else _accumulating_anew(stored.state, fresh.state)
    state = _continued_state(checkpoint.path, accumulated, fresh.state, dtype)
    if stored.seed == fresh.seed:
        try:
            rng.bit_generator.state = stored.generator
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise UsageError(f"{checkpoint.path} is damaged: the state of its random generator: {error!r}") from None
    counts = {name: getattr(stored, name) for name in ("steps", "epochs", *_COUNTS_OF_UPDATES)}
    return replace(fresh, state={}, **counts), state


def _accumulating_anew(stored: State, fresh: State) -> State:
    """The stored state, in which no gradients wait for an update: with `accumulate` as in this run."""
    known: State = {name: {key: value for key, value in kept.items() if key != ACCUMULATED} for name, kept in stored.items()}
    for name, kept in fresh.items():
        if ACCUMULATED in kept:
            known.setdefault(name, {})[ACCUMULATED] = kept[ACCUMULATED]
    return known


def _continued_state(path: Path, stored: State, initial: State, dtype: str) -> State:
    """The stored state, with the names and shapes of the initial one; floats as `dtype`."""
    continued: State = {}
    for name, kept in initial.items():
        found = stored.get(name, {})
        if found.keys() != kept.keys():
            listed = ", ".join(found) or "none"
            raise UsageError(f"{path}: the optimizer's state for {name!r} is {listed}, this run has {', '.join(kept) or 'none'}")
        continued[name] = {}
        for key, fresh in kept.items():
            what = f"{path}: the state {key!r} of {name!r}"
            array = numeric_array(found[key], what, dtype)
            if array.shape != np.shape(fresh):
                raise UsageError(f"{what} has shape {array.shape}, {np.shape(fresh)} is needed")
            continued[name][key] = array
    return continued
