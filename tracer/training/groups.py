"""Which parameters are trained, and by which optimizer: frozen ones, and groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tracer.errors import UsageError, close_names
from tracer.graph.paths import is_part
from tracer.nn.optimizers import Optimizer
from tracer.training.scenario import Scenario, loss_name, name_in_group


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that one optimizer updates, by the gradients of one loss; `loss` is its name in the record.

    `name` is empty where a scenario has no groups. Without an optimizer the parameters stay as they are.
    """

    name: str
    optimizer: Optimizer | None
    parameters: tuple[str, ...]
    loss: str = "loss"

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
        has_several = isinstance(scenario.loss, Mapping)
        keys = list(scenario.loss) if isinstance(scenario.loss, Mapping) else list(optimizers)
        if has_several or isinstance(scenario.optimizer, Mapping):
            what = "losses" if has_several else "optimizers"
            raise UsageError(
                f"{scenario.name} has {what} for {' and '.join(keys)}: which parameters belong to each? Add"
                f" groups={_suggested(keys, trained)} to the Scenario"
            )
        return (Group("", scenario.optimizer, trained),)
    for known in scenario.loss if isinstance(scenario.loss, Mapping) else ():
        if known not in scenario.groups:
            hint = close_names(known, list(scenario.groups))
            raise UsageError(f"the loss {known!r} of {scenario.name} has no group of parameters{hint}")
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
        places = " or ".join(map(repr, scenario.groups))
        raise UsageError(f"the parameter {missing[0]!r} of {scenario.name} is in no group: add it to {places}, or to frozen")
    return tuple(
        Group(key, optimizers.get(key), tuple(name for name in trained if homes[name] == key), _loss_of(scenario, key))
        for key in scenario.groups
    )


def _loss_of(scenario: Scenario, group: str) -> str:
    """The name of the loss whose gradients a group gets. Raises UsageError if there are several, and none for it."""
    if not isinstance(scenario.loss, Mapping):
        return "loss"
    if group not in scenario.loss:
        raise UsageError(f"the group {group!r} of {scenario.name} has no loss{close_names(group, list(scenario.loss))}")
    return loss_name(group)


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
