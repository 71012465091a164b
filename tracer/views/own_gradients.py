"""The gradients that a program computes itself, beside the true ones, as text."""

from __future__ import annotations

from tracer.graph.own_gradients import agreement_in
from tracer.graph.record import Node, Step
from tracer.i18n.language import ENGLISH, Language
from tracer.views.notation import Labels, node_number, number_text


def own_text(step: Step, node: Node, labels: Labels, tell: Language = ENGLISH) -> str:
    """What the program computed a node for: `= dL/dW1`, `4 * dL/dW1`, `not dL/dW1`; empty if it is no gradient."""
    return tell(", ").join(_compared(step, value, labels, tell) for value, own in step.own_gradients.items() if own == node.id)


def true_text(step: Step, node: Node, labels: Labels, tell: Language = ENGLISH) -> str:
    """What the program has for a gradient: `the program's dW1 agrees`; empty if there is nothing."""
    texts = []
    for value, own in step.own_gradients.items():
        if step.gradients.get(value) != node.id:
            continue
        agreement = agreement_in(step, value)
        name = step.nodes[own].name or node_number(step, own)
        if agreement is None:
            texts.append(tell("the program's {name}", name=name))
        elif agreement.is_same:
            texts.append(tell("the program's {name} agrees", name=name))
        elif agreement.factor is not None:
            times = number_text(agreement.factor)
            match change_of(step, value):
                case "subtract":
                    texts.append(
                        tell("{name}, subtracted from {of}, is {times} times this", name=name, of=labels[value], times=times)
                    )
                case "add":
                    texts.append(tell("{name}, added to {of}, is {times} times this", name=name, of=labels[value], times=times))
                case _:
                    texts.append(tell("the program's {name} is {factor} times this", name=name, factor=times))
        else:
            texts.append(tell("the program's {name} differs", name=name))
    return tell(", ").join(texts)


def own_title(step: Step, value: int, tell: Language = ENGLISH) -> str:
    """The title of what the program computed as the gradient of a value."""
    agreement = agreement_in(step, value)
    if agreement is None or agreement.is_same:
        return tell("own gradient")
    if agreement.factor is not None:
        title = tell("own gradient, {factor} times", factor=number_text(agreement.factor))
        return tell("change, {factor} times", factor=number_text(agreement.factor)) if change_of(step, value) else title
    return tell("own gradient, differs")


def _compared(step: Step, value: int, labels: Labels, tell: Language) -> str:
    true = step.gradients.get(value)
    if true is None:
        return tell("the gradient of {value}", value=labels[value])
    agreement = agreement_in(step, value)
    gradient = f"{labels[true]} ({node_number(step, true)})"
    if agreement is None:
        return tell("for {gradient}", gradient=gradient)
    if agreement.is_same:
        return f"= {gradient}"
    if agreement.factor is not None:
        comparison = f"= {number_text(agreement.factor)} * {gradient}"
        match change_of(step, value):
            case "subtract":
                return tell("subtracted from {of}, {comparison}", of=labels[value], comparison=comparison)
            case "add":
                return tell("added to {of}, {comparison}", of=labels[value], comparison=comparison)
        return comparison
    return tell("not {gradient}", gradient=gradient)


def change_of(step: Step, value: int) -> str:
    """How what the program computed is applied to a parameter as it is, with the learning rate in it: "add", "subtract" or ""."""
    new = step.nodes[step.updates[value]] if value in step.updates else None
    if new is None or new.op not in ("add", "subtract") or len(new.operands) != 2:
        return ""
    is_change = step.own_gradients[value] in (new.operands if new.op == "add" else new.operands[1:])
    return new.op if is_change and value in new.operands else ""
