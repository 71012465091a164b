"""Makes the player of a run: which steps it has values of, and the data of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.errors import UsageError
from tracer.graph.plain_values import json_text
from tracer.graph.record import Node, Step, Trace
from tracer.graph.single_step import UNNAMED
from tracer.graph.structures.shared import PerStructure
from tracer.i18n.language import CHINESE
from tracer.views.diagrams.theme import DARK, LIGHT, Flow, Style, Theme
from tracer.views.notation import Labels, node_number
from tracer.views.player.form import nodes_of, relations_of
from tracer.views.player.options import PlayerOptions
from tracer.views.player.packed_step import compressed, packed_step
from tracer.views.player.page import page, script
from tracer.views.player.pictures.layouts import layouts_of
from tracer.views.player.pictures.positions import Placing
from tracer.views.player.translations import chinese, in_languages
from tracer.views.selection import node_or_element


def player(trace: Trace, place: Placing, style: Style, options: PlayerOptions) -> str:
    """The page of a run as HTML.

    Of steps without values it has the statistics, and it says which steps have values. Raises UsageError if a node that is
    asked of is not in a step, or is an input of it.
    """
    forms: list[dict[str, Any]] = []
    numbers: dict[tuple[str, str], int] = {}
    operations = PerStructure(_Operations.of)
    steps: list[dict[str, Any]] = []
    chosen = set(options.steps) or _default_steps(trace.steps)
    left = options.budget
    for step in trace.steps:
        known = operations.of(step)
        labels = known.labels.of_step(step.nodes)
        relations = relations_of(step, labels)
        key = known.text, json_text(relations)
        if key not in numbers:
            numbers[key] = len(forms)
            asked = [_asked(step, name, labels) for name in options.asked]
            forms.append({"nodes": known.nodes, **relations, "layouts": layouts_of(step, labels, place), "asked": asked})
        has_values = step.index in chosen
        chunk = packed_step(trace, step, labels, has_values=has_values)
        if has_values and len(chunk) > left:
            has_values, chunk = False, packed_step(trace, step, labels, has_values=False)
        left -= len(chunk)
        steps.append(
            {
                "index": step.index, "loss": None if options.is_exercise else step.loss, "form": numbers[key],
                "chunk": chunk, "hasValues": has_values, "width": len(node_number(step, 0).partition(":")[2]),
            }
        )  # fmt: skip
    name = "" if trace.scenario == UNNAMED else trace.scenario
    data = {
        "title": name,
        "subtitle": trace.title,
        "language": style.tell.code,
        "theme": "dark" if style.theme is DARK else "light",
        "texts": {CHINESE.code: chinese(script())},
        "steps": steps,
        "forms": compressed(json_text(forms).encode()),
        "sources": _sources(trace),
        "notes": [in_languages(each) for each in (trace.unfinished, trace.verdict) if each is not None],
        "isExercise": options.is_exercise,
        "followsTheme": options.follows_theme,
        "start": _start(trace, options),
    }
    return page(name or "tracer", style.tell.code, {each.name: _colours(each) for each in (LIGHT, DARK)}, data)


@dataclass(frozen=True, slots=True)
class _Operations:
    """The operations of all steps of a structure: as data, and as the text of that."""

    labels: Labels
    nodes: list[dict[str, Any]]
    text: str

    @staticmethod
    def of(step: Step) -> _Operations:
        labels = Labels(step.nodes)
        nodes = nodes_of(step, labels)
        return _Operations(labels, nodes, json_text(nodes))


def _start(trace: Trace, options: PlayerOptions) -> dict[str, int]:
    """Where the page opens: the position of the step, the number of the operation, and the position of an element."""
    if options.start is None:
        return {}
    index, id, element = options.start
    start = {"step": next(at for at, step in enumerate(trace.steps) if step.index == index), "op": id, "seen": id}
    return start if element < 0 else start | {"at": element}


def _asked(step: Step, name: str, labels: Labels) -> tuple[int, int]:
    """The node that is asked of, and the position of its element; -1 for any."""
    node, index = node_or_element(step, name, labels)
    if node.is_leaf:
        raise UsageError(f"{name} is an input of the step: there is nothing to predict; --ask takes what is computed from it")
    return node.id, element_position(node, index)


def element_position(node: Node, index: tuple[int, ...] | None) -> int:
    """The position of an element in its array; -1 for none."""
    if index is None:
        return -1
    return int(np.ravel_multi_index(index, node.shape)) if node.shape else 0


def _default_steps(steps: Sequence[Step]) -> set[int]:
    """The first, the middle and the last step; of up to six, all."""
    indices = [step.index for step in steps]
    return set(indices) if len(indices) <= 6 else {indices[0], indices[len(indices) // 2], indices[-1]}


def _sources(trace: Trace) -> dict[str, list[str]]:
    """The lines of the program, by the name of its file; empty if the record does not have them."""
    files = Counter(node.source.file for step in trace.steps[:1] for node in step.nodes if node.source is not None)
    lines = trace.source.splitlines()
    for file, _ in files.most_common():
        places = {node.source for step in trace.steps[:1] for node in step.nodes if node.source and node.source.file == file}
        if all(place.line <= len(lines) and _first_word(place.text) in lines[place.line - 1] for place in places):
            return {file: lines}
    return {}


def _first_word(text: str) -> str:
    return text.split(maxsplit=1)[0].split("(")[0] if text else ""


def _colours(theme: Theme) -> dict[str, str]:
    """The values of the CSS variables of a theme."""
    boxes = {f"{kind.value}-{part}": getattr(box, part) for kind, box in theme.boxes.items() for part in ("fill", "border")}
    return {
        "background": theme.background, "text": theme.text, "muted": theme.muted, "gradient": theme.gradient,
        "update": theme.update,
        "highlight": theme.highlight, "frame": theme.frame, "negative": theme.negative, "positive": theme.positive,
        "not-finite": theme.not_finite, "wire": theme.arrows[Flow.VALUE].colour, "curve": theme.curves[1], **boxes,
    }  # fmt: skip
