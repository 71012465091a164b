"""Commands to go on with, with the names of a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracer.graph.expression import ATOM
from tracer.graph.formula import parse
from tracer.graph.record import Node, Step, Trace
from tracer.graph.record_methods import is_wrong
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.foreign.names import needs_no_row
from tracer.ops.foreign.summed import sums_behind_views
from tracer.views.explaining.largest import largest_index
from tracer.views.notation import Labels, index_text

OTHER = "OTHER"
"""What stands for another run in a command."""


@dataclass(frozen=True, slots=True)
class NextCommand:
    """A verb of the command line with its arguments, quoted for a shell, and what it shows."""

    verb: str
    arguments: str
    what: str

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return f"tracer {self.verb} {self.arguments}"


@dataclass(frozen=True, slots=True)
class RunNames:
    """What commands call a run; empty if not known.

    `file` finds its trace file. `program` is the scenario, or the program with its arguments, quoted for a shell.
    """

    file: str = ""
    program: str = ""


def commands(trace: Trace, names: RunNames, tell: Language = ENGLISH) -> Iterator[NextCommand]:
    """The commands that go on from a trace, the most fitting first."""
    step = trace.steps[0]
    file = shlex.quote(names.file or "trace.sqlite")
    name = interesting_element(step)
    if name:
        element = shlex.quote(name)
        yield NextCommand("show", f"{file} {element}", tell("one number, with all the terms that it is made of"))
    parameter = next((node.name for node in step.parameters if node.name), "")
    if parameter:
        what = tell("a parameter: its values, its gradient, its course over the steps")
        yield NextCommand("show", f"{file} {shlex.quote(parameter)}", what)
    yield NextCommand("log", f"{file} --step {step.index}", tell("every operation of a step, a line each"))
    yield NextCommand("render", f"{file} -o all.pdf --pages all", tell("the booklet with all operations"))
    yield NextCommand("render", f"{file} -o step.svg", tell("a picture of a step: values with their gradients and rules"))
    if name:
        what = tell("what this one number depends on, through all phases")
        yield NextCommand("render", f"{file} -o one.svg --focus {element}", what)
    if names.program:
        yield NextCommand("check", names.program, tell("whether the gradients are right"))
    yield NextCommand("blame", file, tell("what made a result NaN or infinite"))
    yield NextCommand("verify", file, tell("every recorded operation computed again, compared with the record"))
    yield NextCommand(
        "diff", f"{file} {OTHER}", tell("the first difference from another run: {other} stands for its file", other=OTHER)
    )
    yield NextCommand("export", f"{file} -o run.json", tell("the record as data for other programs"))


def next_two(trace: Trace, names: RunNames, *, is_finite: bool, tell: Language = ENGLISH) -> list[NextCommand]:
    """Two commands to try first: blame where a result is not finite, check for gradients of the program's own and wrong ones."""
    found = {each.verb: each for each in reversed(list(commands(trace, names, tell)))}
    wanted = [] if is_finite else ["blame"]
    wanted += ["check"] if is_wrong(trace.verdict) or trace.steps[0].own_gradients else []
    return [found[verb] for verb in dict.fromkeys([*wanted, "show", "log"]) if verb in found][:2]


def interesting_element(step: Step) -> str:
    """The name of the largest element of the gradient of the first parameter that has any but 0; empty if there is none."""
    for node in step.parameters:
        gradient = step.nodes[step.gradients[node.id]] if node.id in step.gradients else None
        place = largest_index(gradient) if gradient is not None and node.name else None
        if gradient is not None and place is not None:
            return _element(step, gradient, place)
    return ""


def _element(step: Step, node: Node, place: Sequence[int]) -> str:
    """The name of an element. The labels of all nodes are made only for a node that has no name of its own in formulas."""
    is_view = needs_no_row(node.op, node.parameters.get("output", 0))
    if not node.name or is_view or node.id in sums_behind_views(step.nodes).values():
        return Labels(step.nodes).element(node.id, place)
    return f"{parse(node.name).operand_text(ATOM)}{index_text(place)}"
