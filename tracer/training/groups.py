"""Which parameters are trained, and by which optimizer: frozen ones, and groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tracer.errors import UsageError, close_names
from tracer.graph.paths import is_part
from tracer.nn.optimizers import Optimizer
from tracer.training.scenario import Scenario, name_in_group


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that one optimizer updates; `name` is empty where a scenario has no groups. Without an optimizer none is."""

    name: str
    optimizer: Optimizer | None
    parameters: tuple[str, ...]

    def own(self, name: str) -> str:
        """The name of something that belongs to the group and not to one parameter: `d.learning_rate`.

        >>> Group("d", None, ()).own("learning_rate"), Group("", None, ()).own("learning_rate")
        ('d.learning_rate', 'learning_rate')
        """
        return name_in_group(self.name, name)


def optimizers_text(groups: Sequence[Group]) -> str:
    """The kinds of the optimizers, as in `Adam` or `SGD (d), Adam (g)`; empty if there are none."""
    kinds = [(type(group.optimizer).__name__, group.name) for group in groups if group.optimizer is not None]
    return ", ".join(f"{kind} ({name})" if name else kind for kind, name in kinds)


def frozen_names(scenario: Scenario, parameters: Collection[str]) -> frozenset[str]:
    """The names of the parameters that are not trained. Raises UsageError if `frozen` names others, or all."""
    found = {name for pattern in scenario.frozen for name in _selected(pattern, parameters, f"frozen of {scenario.name}")}
    if len(found) == len(parameters):
        raise UsageError(f"all parameters of {scenario.name} are frozen: leave at least one out of frozen")
    return frozenset(found)


def groups_of(scenario: Scenario, parameters: Collection[str]) -> tuple[Group, ...]:
    """The groups of the trained parameters, in the order of the scenario; one without a name if it has no groups.

    Raises UsageError unless every trained parameter is in exactly one group.
    """
    frozen = frozen_names(scenario, parameters)
    trained = tuple(name for name in parameters if name not in frozen)
    optimizers = scenario.optimizers
    if not scenario.groups:
        if isinstance(scenario.optimizer, Mapping):
            raise UsageError(
                f"{scenario.name} has optimizers for {' and '.join(optimizers)}: which parameters does each update? Add"
                f" groups={_suggested(optimizers, trained)} to the Scenario"
            )
        return (Group("", scenario.optimizer, trained),)
    homes: dict[str, str] = {}
    for key, patterns in scenario.groups.items():
        for pattern in patterns:
            for name in _selected(pattern, parameters, f"the group {key!r} of {scenario.name}"):
                if name in homes:
                    where = f"twice in the group {key!r}" if homes[name] == key else f"in the groups {homes[name]!r} and {key!r}"
                    raise UsageError(f"the parameter {name!r} of {scenario.name} is {where}: leave it in one place")
                homes[name] = key
    missing = [name for name in trained if name not in homes]
    if missing:
        keys = " or ".join(map(repr, scenario.groups))
        raise UsageError(f"the parameter {missing[0]!r} of {scenario.name} is in no group: add it to {keys}, or to frozen")
    return tuple(
        Group(key, optimizers.get(key), tuple(name for name in trained if homes[name] == key)) for key in scenario.groups
    )


def _selected(pattern: str, parameters: Collection[str], what: str) -> list[str]:
    found = [name for name in parameters if is_part(name, pattern)]
    if not found:
        raise UsageError(f"{what} names {pattern!r}, which is no parameter{close_names(pattern, list(parameters))}")
    return found


def _suggested(keys: Collection[str], names: Collection[str]) -> str:
    """Groups as a line of code: by the first letters of the parameters if these tell, otherwise with places to fill in."""
    by_key = {key: [name for name in names if name.startswith(key)] for key in keys}
    is_clear = all(by_key.values()) and sum(map(len, by_key.values())) == len(names)
    listed = {key: repr(tuple(found)) if is_clear else "(...)" for key, found in by_key.items()}
    return f"{{{', '.join(f'{key!r}: {found}' for key, found in listed.items())}}}"
