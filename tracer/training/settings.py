"""The settings of a scenario: those of its optimizer and early stopping, the common ones, and its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from tracer.arguments import folded_names, parse_setting, whole_number
from tracer.errors import UsageError, close_names
from tracer.nn.optimizers import OPTIMIZERS, Optimizer
from tracer.training.scenario import COMMON_SETTINGS, STOPPING_SETTINGS, Scenario, name_in_group, numbers_of


def all_settings(scenario: Scenario) -> dict[str, Any]:
    """All settings of a scenario with their current values."""
    family = {name_in_group(key, "optimizer"): type(each).__name__ for key, each in scenario.optimizers.items()}
    common = {name: getattr(scenario, name) for name in COMMON_SETTINGS}
    return family | scenario.component_settings() | common | dict(scenario.settings)


def settings_at_default(scenario: Scenario) -> tuple[str, ...]:
    """The names of the settings that have their default: of the optimizers, except their learning rates, and `shuffle`.

    >>> from tracer.nn.optimizers import SGD
    >>> line = Scenario(parameters={"w": 0.0}, model=lambda w: w, loss=lambda p: p, optimizer=SGD(0.1, momentum=0.9))
    >>> settings_at_default(line)
    ('weight_decay', 'nesterov', 'shuffle')
    """
    names = []
    for key, optimizer in scenario.optimizers.items():
        own: Any = optimizer
        for each in dataclasses.fields(own) if dataclasses.is_dataclass(own) else ():
            is_plain = isinstance(each.default, (bool, int, float, str))
            if is_plain and each.name != "learning_rate" and getattr(own, each.name) == each.default:
                names.append(name_in_group(key, each.name))
    return (*names, *(() if scenario.shuffle else ("shuffle",)))


def with_settings(scenario: Scenario, given: Mapping[str, Any]) -> Scenario:
    """A copy of the scenario with changed settings; text is converted to the type of the default.

    `optimizer` selects one by its name in OPTIMIZERS, with its default settings. Raises UsageError if a name or value is invalid.

    >>> line = Scenario(parameters={"w": 0.0}, model=lambda w: w, loss=lambda p: p, epochs=5)
    >>> with_settings(line, {"epochs": "2"}).epochs
    2
    """
    if not isinstance(given, Mapping):
        raise UsageError(f"settings are given as values by name, in a dict, not as {type(given).__name__}")
    given = folded_names(given, "settings")
    choices = {key: name for key in scenario.optimizers if (name := name_in_group(key, "optimizer")) in given}
    if choices:
        chosen = {key: _chosen_optimizer(given, key, scenario.optimizers[key]) for key in choices}
        others = {name: value for name, value in given.items() if name not in choices.values()}
        return with_settings(_with_optimizers(scenario, chosen), others)
    known = all_settings(scenario)
    values = {}
    for name, value in given.items():
        if name not in known:
            if isinstance(scenario.parameters, Mapping) and name in scenario.parameters:
                raise UsageError(f"{name} is a parameter of {scenario.name} and no setting: --parameters FILE sets its start")
            raise UsageError(f"{scenario.name} has no setting {name!r}{close_names(str(name), list(known))}")
        is_count = name in COMMON_SETTINGS and name != "shuffle"
        values[name] = whole_number(name, value) if is_count else parse_setting(name, value, known[name])

    def changed(names: Collection[str]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name in names}

    changes = changed(COMMON_SETTINGS)
    if "epochs" in changes:
        changes["steps"] = None
    if scenario.stopping is not None:
        changes["stopping"] = dataclasses.replace(scenario.stopping, **changed(STOPPING_SETTINGS))
    clip: Any = scenario.clip
    if of_clip := changed(numbers_of(clip)):
        changes["clip"] = dataclasses.replace(clip, **of_clip)
    optimizers: dict[str, Any] = dict(scenario.optimizers)
    for key, each in optimizers.items():
        own = {name: values[full] for name in numbers_of(each) if (full := name_in_group(key, name)) in values}
        optimizers[key] = dataclasses.replace(each, **own) if own else each
    scenario = _with_optimizers(scenario, optimizers)
    return dataclasses.replace(scenario, settings={**scenario.settings, **changed(scenario.settings)}, **changes)


def _with_optimizers(scenario: Scenario, changed: Mapping[str, Optimizer]) -> Scenario:
    """The scenario with other optimizers, by the names of their groups."""
    if isinstance(scenario.optimizer, Mapping):
        return dataclasses.replace(scenario, optimizer={**scenario.optimizer, **changed})
    return dataclasses.replace(scenario, optimizer=changed.get("", scenario.optimizer))


def _chosen_optimizer(given: Mapping[str, Any], group: str, present: Optimizer) -> Optimizer:
    """The optimizer of a group named in the settings: the present one unchanged, or a new one with its required settings."""
    by_name = {name.lower(): kind for name, kind in OPTIMIZERS.items()}
    chosen = str(given[name_in_group(group, "optimizer")])
    if chosen.lower() not in by_name:
        raise UsageError(f"there is no optimizer {chosen!r}{close_names(chosen, list(OPTIMIZERS))}")
    kind = by_name[chosen.lower()]
    if type(present) is kind:
        return present
    required: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        if each.default is dataclasses.MISSING:
            name = name_in_group(group, each.name)
            if name not in given:
                raise UsageError(f"{kind.__name__} has no {each.name} of its own: set {name} too")
            required[each.name] = parse_setting(name, given[name], 0.0)
    made: Optimizer = kind(**required)
    return made
