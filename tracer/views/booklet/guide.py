"""The page that explains how to read a booklet, for readers who know derivatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.graph.losses import loss_curves
from tracer.graph.record import Trace
from tracer.i18n.language import Language
from tracer.views.booklet.page import Heading, page, paragraph
from tracer.views.booklet.typst import literal
from tracer.views.diagrams.theme import Style


def guide(trace: Trace, style: Style) -> str:
    """The guide page."""
    body = []
    names = [name for name, _ in loss_curves(trace) if name]
    for title, texts in _sections(names, style.tell):
        body.append(f"#block(above: 16pt, below: 6pt, text(size: 12pt, {literal(title)}))")
        body += [paragraph(text) for text in texts]
    return page(Heading(style.tell("How to read this booklet"), 1), "\n".join(body))


def _sections(losses: Sequence[str], tell: Language) -> Iterator[tuple[str, list[str]]]:
    """The sections, each a title and paragraphs; `losses` are the names of several."""
    yield (
        tell("One training step"),
        [
            tell(
                "A step has five phases. It starts from data and parameters (init), computes a prediction (forward) and one"
                " number that says how bad it is (loss). Then it asks of the parameters, and of what is computed from them, how"
                " much the loss would change with each number (backward), and computes new parameters from that (update)."
            ),
            tell(
                "Operations have pages, in the order in which the program computes them; the picture of a step says if its pages"
                " are left out. Each page gives the formula, the line of the program, the values that go in with the pages they"
                " come from, and a few elements worked out."
            ),
        ],
    )
    yield (
        tell("What a gradient is"),
        [
            tell(
                "dL/dW is an array of the shape of W. Each of its elements is a derivative: by how much the loss L grows, per"
                " unit, when this one element of W grows a little and all others stay."
            ),
            *_on_several(losses, tell),
        ],
    )
    yield (
        tell("The chain rule, one operation at a time"),
        [
            tell(
                "The backward pass begins at the loss, whose derivative with respect to itself is 1, and goes through the"
                " operations in reverse. At each operation arrives g, the gradient with respect to its result. The operation only"
                " has to know its own derivative: g times that is the gradient with respect to its input."
            ),
            tell(
                "For y = x * w, the gradient with respect to x is g * w. For y = x + b both get g as it is. For Y = X @ W the"
                " sums of products give g @ W.T for X and X.T @ g for W."
            ),
            tell(
                "Where a value was used several times, it moves the loss in several ways: the gradients are added up. Where a"
                " value was stretched to fit a larger one, as a bias to every row, it was used once for every row: its gradient"
                " is summed along that axis."
            ),
        ],
    )
    yield (
        tell("The update"),
        [
            tell(
                "Gradient descent subtracts the gradient times the learning rate from each parameter:"
                " new W = W - learning_rate * dL/dW. Other optimizers, such as Adam, first average gradients over steps, so that"
                " a parameter may also move along its gradient. What an optimizer computes is recorded like the rest."
            ),
        ],
    )
    yield (
        tell("How numbers are written"),
        [
            tell(
                "Numbers are shown with four significant digits and computed with all of them, so the last digit of a result that"
                " is worked out by hand may differ by a little."
            ),
        ],
    )


def _on_several(losses: Sequence[str], tell: Language) -> list[str]:
    """The paragraph on the losses of a program that has several."""
    if not losses:
        return []
    return [
        tell(
            "This program has several losses: {names}. Its gradients are named after them: d{last}/dW is by how much {last}"
            " grows. A parameter is updated by the gradient of its own loss.",
            names=", ".join(losses),
            last=losses[-1],
        )
    ]
