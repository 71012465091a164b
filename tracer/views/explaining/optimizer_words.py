"""What the operations of an optimizer do, in words, where the record shows it: running means, and steps of the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.graph.record import Literal, Node, Step, Trace
from tracer.i18n.language import ENGLISH, Language
from tracer.ops.foreign.names import base_name
from tracer.views.notation import Labels, number_text

CLOSE = 1e-3
"""The part of the learning rate by which a change may differ from it."""


@dataclass(frozen=True, slots=True)
class _RunningMean:
    """(1 - share) * before + share * gradient, or its square."""

    share: float
    before: Node
    gradient: Node
    is_square: bool

    def what(self, tell: Language) -> str:
        return tell("the square of the gradient") if self.is_square else tell("the gradient")


def operation_words(step: Step, node: Node, labels: Labels, tell: Language = ENGLISH, rate: float | None = None) -> str:
    """What an operation of an update does; empty if it is neither a running mean nor what corrects one.

    `rate` is the learning rate, None if it is not known.
    """
    mean = _running_mean(step, node)
    if mean is not None:
        return tell("a running mean of {what}: {share} of it is new", what=mean.what(tell), share=number_text(mean.share))
    power = _power_of_t(step, node)
    if power is not None and node.source is not None and node.source.file.endswith("nn/optimizers/adam.py"):
        base, t = power
        return tell("the running means begin at 0, and 1 - {base} ** t corrects this; t = {t} counts the updates",
                    base=labels[base.id], t=number_text(t.value))  # fmt: skip
    return _corrections(step, node, rate, tell) if rate is not None else ""


def learning_rate(trace: Trace, step: Step) -> float | None:
    """The learning rate of a step; None if it has none or several, or if it is not on record."""
    nodes = [node for node in step.nodes if node.op == "hyperparameter" and node.name == "learning_rate"]
    if nodes:
        return float(nodes[0].value) if len(nodes) == 1 and nodes[0].is_kept and not nodes[0].shape else None
    given = trace.hyperparameters.get("lr")
    return given if isinstance(given, float) else None


def same_change_text(step: Step, updated: Sequence[Node], rate: float | None, tell: Language = ENGLISH) -> str:
    """The sentence that all numbers change by the learning rate, if they do, and why, if the running means are of one step."""
    if rate is None or not rate > 0 or not updated or not all(_changes_by(step, node, rate) for node in updated):
        return ""
    text = tell("Every number changes by the learning rate, {rate} (to within 0.1%), against the sign of its gradient.",
                rate=number_text(rate))  # fmt: skip
    means = [mean for node in step.nodes if (mean := _running_mean(step, node)) is not None]
    if len({mean.is_square for mean in means}) == 2 and all(_is_zero(mean.before) for mean in means):
        why = tell("The running means were 0 before: the mean of the gradient is divided by the root of the mean of its square,"
                   " and both are of this gradient alone.")  # fmt: skip
        return tell("{sentence} {next}", sentence=text, next=why)
    return text


def _changes_by(step: Step, node: Node, rate: float) -> bool:
    new = step.nodes[step.updates[node.id]]
    gradient = step.nodes[step.gradients[node.id]] if node.id in step.gradients else None
    if gradient is None or not (node.is_kept and new.is_kept and gradient.is_kept) or new.value.dtype.kind != "f":
        return False
    if not node.size or gradient.shape != node.shape or not np.all(gradient.value):
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(new.value - node.value + rate * np.sign(gradient.value)) <= CLOSE * rate))


def _running_mean(step: Step, node: Node) -> _RunningMean | None:
    found = _mean_of_products(step, node) or _mean_of_pytorch(step, node)
    gradients = {step.gradients[each.id] for each in step.parameters if each.id in step.gradients}
    return found if found is not None and found.gradient.id in gradients else None


def _mean_of_products(step: Step, node: Node) -> _RunningMean | None:
    """kept * before + share * new, where kept + share is 1."""
    if node.op != "add" or len(node.operands) != 2:
        return None
    old, new = (step.nodes[id] for id in node.operands)
    if any(each.op != "multiply" or len(each.operands) != 2 for each in (old, new)):
        return None
    (kept, before), (share, of) = ([step.nodes[id] for id in each.operands] for each in (old, new))
    if before.op != "state" or kept.shape or share.shape or not (kept.is_kept and share.is_kept):
        return None
    if not _add_to_one(float(kept.value), float(share.value)):
        return None
    is_square = of.op == "square"
    return _RunningMean(float(share.value), before, step.nodes[of.operands[0]] if is_square else of, is_square)


def _mean_of_pytorch(step: Step, node: Node) -> _RunningMean | None:
    """before + share * (new - before), as lerp; or before * kept + share * new * new, as addcmul."""
    name = base_name(node.op)
    if name == "lerp" and len(node.inputs) == 3:
        before, new, share = node.inputs
        if isinstance(before, int) and isinstance(new, int) and isinstance(share, Literal) and isinstance(share.value, float):
            return _RunningMean(share.value, step.nodes[before], step.nodes[new], is_square=False)
    if name == "addcmul" and len(node.inputs) == 4:
        old, new, again, share = node.inputs
        if not (isinstance(old, int) and isinstance(new, int) and new == again and isinstance(share, Literal)):
            return None
        product = step.nodes[old]
        if base_name(product.op) != "mul" or len(product.inputs) != 2:
            return None
        before, kept = product.inputs
        numbers = [each.value for each in (kept, share) if isinstance(each, Literal) and isinstance(each.value, float)]
        if isinstance(before, int) and len(numbers) == 2 and _add_to_one(*numbers):
            return _RunningMean(numbers[1], step.nodes[before], step.nodes[new], is_square=True)
    return None


def _corrections(step: Step, node: Node, rate: float, tell: Language) -> str:
    """What the numbers of PyTorch's last operation of Adam are; empty where they are anything else."""
    if base_name(node.op) != "addcdiv" or len(node.inputs) != 4:
        return ""
    _, mean_id, _, factor = node.inputs
    mean = _running_mean(step, step.nodes[mean_id]) if isinstance(mean_id, int) else None
    name = next((each.name for each in step.parameters if step.updates.get(each.id) == node.id), "")
    counts = [each for each in step.nodes if name and each.name.partition("#")[0] == f"step({name})" and each.size == 1]
    if (
        mean is None
        or not counts
        or not counts[-1].is_kept
        or not isinstance(factor, Literal)
        or not isinstance(factor.value, float)
    ):
        return ""
    kept, t = 1 - mean.share, float(counts[-1].value.ravel()[0])
    if not np.isclose(-factor.value, rate / (1 - kept**t), rtol=1e-6):
        return ""
    return tell(
        "{factor} is {rate} / (1 - {kept} ** {t}), which corrects that the running means begin at 0; {t} counts the updates",
        factor=number_text(-factor.value),
        rate=number_text(rate),
        kept=number_text(kept),
        t=number_text(t),
    )


def _add_to_one(one: float, other: float) -> bool:
    return bool(np.isclose(one + other, 1.0, rtol=1e-6))


def _is_zero(node: Node) -> bool:
    return node.is_kept and not np.any(node.value)


def _power_of_t(step: Step, node: Node) -> tuple[Node, Node] | None:
    """The setting that is raised to the number of the update in a formula, and this number."""
    waiting = list(node.operands)
    while waiting:
        each = step.nodes[waiting.pop()]
        if each.op == "power" and len(each.operands) == 2:
            base, t = (step.nodes[id] for id in each.operands)
            if base.op == t.op == "hyperparameter" and t.name == "t" and t.is_kept:
                return base, t
        elif not each.is_leaf and not each.name:
            waiting += each.operands
    return None
