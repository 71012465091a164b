"""The page with the old values, gradients and new values of the parameters, and how they moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Node, Phase, Step, Trace
from tracer.i18n.language import Language
from tracer.views.booklet.page import Heading, cell, page, paragraph, table
from tracer.views.booklet.typst import literal
from tracer.views.diagrams.theme import Style
from tracer.views.explaining.largest import largest_index
from tracer.views.grids import content_lines, shortened
from tracer.views.noise import Noise
from tracer.views.notation import Labels, number_of, shape_text

MAX_ROWS = 60
"""Maximum number of rows in the table; the rest are counted."""

MAX_COLUMNS = 4
"""Maximum number of results of an update that a table of updates has."""

NAME_LENGTH = 28
"""Maximum length of a name in the table."""


@dataclass(frozen=True, slots=True)
class Movement:
    """How many parameters an update moved against their gradient, along it, and otherwise; the rest stayed."""

    count: int
    against: int
    along: int
    without_gradient: int
    not_finite: int

    @property
    def unchanged(self) -> int:
        return self.count - self.against - self.along - self.without_gradient - self.not_finite


def movement_of(step: Step, parameters: Sequence[Node]) -> Movement:
    """The movement of some updated parameters, whose values were kept."""
    count = against = along = without = not_finite = 0
    for node in parameters:
        old, new = node.value, step.nodes[step.updates[node.id]].value
        gradient = step.nodes[step.gradients[node.id]].value if node.id in step.gradients else np.zeros(node.shape)
        is_finite = np.isfinite(old) & np.isfinite(new) & np.isfinite(gradient)
        # Compared, not subtracted: a difference of two large numbers may overflow.
        direction = np.where(new > old, 1, np.where(new < old, -1, 0)) * is_finite
        slope = np.sign(np.where(is_finite, gradient, 0))
        count += node.size
        against += int(np.sum(direction * slope < 0))
        along += int(np.sum(direction * slope > 0))
        without += int(np.sum((direction != 0) & (slope == 0)))
        not_finite += int(np.sum(~is_finite))
    return Movement(count, against, along, without, not_finite)


def movement_text(movement: Movement, optimizer: str, tell: Language) -> str:
    """A sentence on how an optimizer moved parameters."""
    count = tell.count(movement.count, "parameter")
    if movement.count == movement.against:
        return tell("{optimizer} moves each of {parameters} against its gradient.", optimizer=optimizer, parameters=count)
    texts = {
        tell("{count:,} against their gradient", count=movement.against): movement.against,
        tell("{count:,} along their gradient", count=movement.along): movement.along,
        tell("{count:,} whose gradient is 0", count=movement.without_gradient): movement.without_gradient,
        tell("{count:,} not at all", count=movement.unchanged): movement.unchanged,
        tell("{count:,} from or to a number that is not finite, or by such a gradient", count=movement.not_finite): (
            movement.not_finite
        ),
    }
    which = tell(", ").join(text for text, number in texts.items() if number)
    return tell("{optimizer} moves {parameters}: {which}.", optimizer=optimizer, parameters=count, which=which)


def next_start_text(trace: Trace, step: Step, updated: Sequence[Node], tell: Language) -> str:
    """A sentence on where the new values are used next; empty if the record does not tell."""
    if step.index == len(trace.metrics) - 1:
        return tell("This is the last step on record.")
    following = next((other for other in trace.steps if other.index == step.index + 1), None)
    if following is None or not _starts_from(following, step, updated):
        return ""
    return tell("The new values are those that step {number} starts from.", number=following.index)


def _starts_from(following: Step, step: Step, updated: Sequence[Node]) -> bool:
    """Whether the parameters of a step are the new values of another, number for number."""
    old = {node.name: node for node in following.parameters}
    for node in updated:
        new, start = step.nodes[step.updates[node.id]], old.get(node.name)
        if start is None or not (new.is_kept and start.is_kept) or not np.array_equal(new.value, start.value, equal_nan=True):
            return False
    return True


def starts_text(trace: Trace, step: Step, tell: Language) -> str:
    """A sentence on where the parameters of a step come from; empty if the record does not tell."""
    before = next((other for other in trace.steps if other.index == step.index - 1), None)
    if before is None or not _starts_from(step, before, [node for node in before.parameters if node.id in before.updates]):
        return ""
    return tell("The parameters are as step {number} left them.", number=before.index)


def update_page(trace: Trace, step: Step, style: Style) -> str:
    """The page with the old values, gradients and new values of the parameters."""
    tell = style.tell
    heads = [tell("Parameter"), tell("Old value"), tell("Gradient"), tell("New value")]
    if step.own_gradients:
        heads.insert(3, tell("Own gradient"))
    cells = [f"table.header({', '.join(f'[#{literal(head)}]' for head in heads)})"]
    updated = [node for node in step.parameters if node.id in step.updates]
    noise = Noise(step.nodes)
    for node in updated[:MAX_ROWS]:
        new = step.nodes[step.updates[node.id]]
        name = shortened(node.name, NAME_LENGTH)
        cells.append(cell(f"{name}\n{shape_text(node.shape)}" if node.shape else name, style, 8))
        gradient = step.nodes[step.gradients[node.id]] if node.id in step.gradients else None
        own = step.nodes[step.own_gradients[node.id]] if node.id in step.own_gradients else None
        for each in (node, gradient, *([own] if step.own_gradients else []), new):
            lines = content_lines(each, noise, tell) if each is not None else ()
            cells.append(cell("\n".join(lines), style, 8, is_gradient=each in (gradient, own)))
    sentences = [*update_sentences(trace, step, tell), next_start_text(trace, step, updated, tell)]
    caption = ""
    for sentence in filter(None, sentences):
        caption = tell("{sentence} {next}", sentence=caption, next=sentence) if caption else sentence
    more = f"\n{paragraph(tell('and {count} more', count=len(updated) - MAX_ROWS))}" if len(updated) > MAX_ROWS else ""
    heading = Heading(tell("Step {step}: old values, gradients, new values", step=step.index), 2)
    return page(heading, f"{paragraph(caption)}\n{table(cells, len(heads), 'left', style)}{more}", is_landscape=True)


def same_updates(step: Step, labels: Labels, scopes: Mapping[str, str], count: int, style: Style) -> str:
    """The note on updates of other parameters by the same operations, `count` in all, and a table of one element of each.

    `scopes` are those of the updates, each with the one that is worked out above. The tables have the numbers of that, too.
    """
    tell = style.tell
    names = ", ".join(shortened(scope.partition("/")[2], NAME_LENGTH) for scope in list(scopes)[:MAX_ROWS])
    note = tell("{names}: updated by the same operations as above, {count} in all, which have no pages of their own. One number"
                " of each, in columns with the names that these results have above:", names=names, count=count)  # fmt: skip
    tables = [_same_update_table(step, labels, first, scopes, style) for first in dict.fromkeys(scopes.values())]
    return "\n".join([f"#block(above: 14pt, below: 4pt, {literal(note)})", *tables])


def _same_update_table(step: Step, labels: Labels, first: str, scopes: Mapping[str, str], style: Style) -> str:
    tell, by_name = style.tell, {node.name: node for node in step.parameters}
    members = [first, *(scope for scope, like in scopes.items() if like == first)]
    found: dict[str, list[Node]] = {scope: [] for scope in members}
    for node in step.nodes:
        if node.phase is Phase.UPDATE and node.scope in found and not node.is_leaf and not labels.is_folded(node.id):
            found[node.scope].append(node)
    columns = [at for at, node in enumerate(found[first]) if not labels.is_inlined(node.id)][-MAX_COLUMNS:]
    heads = [tell("Element"), tell("Old value"), tell("Gradient"), *(labels[found[first][at].id] for at in columns)]
    cells = [f"table.header({', '.join(f'[#{literal(shortened(head, NAME_LENGTH))}]' for head in heads)})"]
    for scope in members[:MAX_ROWS]:
        parameter = by_name.get(scope.partition("/")[2])
        gradient = None if parameter is None else step.gradients.get(parameter.id)
        if parameter is None or gradient is None or len(found[scope]) != len(found[first]):
            continue
        index = largest_index(step.nodes[gradient]) or (0,) * len(parameter.shape)
        nodes = [parameter, step.nodes[gradient], *(found[scope][at] for at in columns)]
        texts = [_number(node, parameter, index, labels) for node in nodes]
        cells.append(cell(shortened(labels.element(parameter.id, index), NAME_LENGTH), style, 8))
        cells += [cell(text, style, 8, is_gradient=at == 1) for at, text in enumerate(texts)]
    return table(cells, len(heads), "(left, ..(right,) * " + f"{len(heads) - 1})", style)


def _number(node: Node, parameter: Node, index: tuple[int, ...], labels: Labels) -> str:
    """The number of a value of an update that belongs to an element of its parameter; a dash if there is none."""
    at = index if node.shape == parameter.shape else () if not node.shape else None
    return number_of(node, at, labels.noise) if at is not None and node.is_kept and node.size else "-"


def update_sentences(trace: Trace, step: Step, tell: Language) -> list[str]:
    """A sentence for each optimizer, on how it moved its parameters, and one on parameters that were not kept."""
    updated = [node for node in step.parameters if node.id in step.updates]
    kept = [node for node in updated if _are_kept(step, node)]
    sentences = [
        movement_text(movement_of(step, members), optimizer or _updater(step, tell), tell)
        for optimizer, members in _by_optimizer(trace, step, kept).items()
    ]
    if len(kept) < len(updated):
        arrays = tell.count(len(updated) - len(kept), "parameter array")
        sentences.append(tell("The numbers of {arrays} are not on record.", arrays=arrays))
    return sentences


def _updater(step: Step, tell: Language) -> str:
    return tell("The program") if step.own_gradients else tell("The optimizer")


def _by_optimizer(trace: Trace, step: Step, updated: Sequence[Node]) -> dict[str, list[Node]]:
    """The parameters by the name of their optimizer: in a run with groups it is that of the group too, as in `d.SGD`."""
    found: dict[str, list[Node]] = {}
    for node in updated:
        scope = step.nodes[step.updates[node.id]].scope.partition("/")[0]
        name = str(trace.hyperparameters.get("optimizer", "")) or (scope if "." in scope else "")
        found.setdefault(name, []).append(node)
    return found


def _are_kept(step: Step, node: Node) -> bool:
    gradient = step.gradients.get(node.id)
    others = [step.updates[node.id], *([] if gradient is None else [gradient])]
    return node.is_kept and all(step.nodes[id].is_kept for id in others)
