"""Operations that compute in one call what takes several in NumPy: softmax, losses, worked out from the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from tracer.graph.expression import Expression, FunctionCall, Number, Sign, infix
from tracer.graph.formula import parse_template
from tracer.ops.base import Op
from tracer.ops.foreign.given import Given
from tracer.ops.indices import Index, broadcast_index, unraveled
from tracer.ops.terms import Terms


class Writer(Protocol):
    """Writes elements of the inputs, and numbers."""

    def element(self, slot: int, index: Index) -> Expression:
        """An element of an input."""
        ...

    def number(self, value: float) -> Expression:
        """A number that was computed."""
        ...

    def chosen(self, sizes: np.ndarray) -> tuple[np.ndarray, int]:
        """The positions of the terms to write, by their sizes, and how many are 0."""
        ...


class ClosedForm(Op):
    """Base of these operations."""

    names: ClassVar[str] = "self"

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        """The arithmetic of one element of the result; None if there is none."""
        raise NotImplementedError


def total(writer: Writer, sizes: np.ndarray, term: Callable[[int], Expression]) -> Expression:
    """A sum, of which the largest terms are written if there are many."""
    positions, zeros = writer.chosen(sizes)
    found = Terms(tuple(term(int(each)) for each in positions), sizes.size, zeros).joined("+")
    return found if found is not None else Number("0")


def _row(index: Index, shape: tuple[int, ...], dim: int) -> list[Index]:
    """The indices along an axis through an element."""
    axis = dim % len(shape)
    return [(*index[:axis], at, *index[axis + 1 :]) for at in range(shape[axis])]


class AlongAxis(ClosedForm):
    """An operation whose elements depend on the elements along an axis."""

    names = "self dim half_to_float"

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        given = Given(cls.names, inputs, parameters)
        axis = int(given.value("dim")) % inputs[0].ndim
        part = (*index[:axis], slice(None), *index[axis + 1 :])
        return tuple(part if array.ndim else None for array in inputs)


class Softmax(AlongAxis):
    """Powers of e as shares of their sum; with `is_log`, the logarithms of the shares."""

    is_log: ClassVar[bool] = False

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        x = inputs[0]
        row = _row(index, x.shape, int(Given(cls.names, inputs, parameters).value("dim")))
        sizes = np.exp(np.array([x[each] for each in row], dtype=np.float64) - float(x[index]))
        own = writer.element(0, index)
        powers = total(writer, sizes, lambda at: FunctionCall("exp", (writer.element(0, row[at]),)))
        if cls.is_log:
            return infix(("-",), (own, FunctionCall("log", (powers,))))
        return infix(("/",), (FunctionCall("exp", (own,)), powers))


class LogSoftmax(Softmax):
    """The logarithm of softmax."""

    is_log = True


class SoftmaxBackward(AlongAxis):
    """The derivative of softmax, from its output."""

    names = "grad_output output dim"
    is_log: ClassVar[bool] = False

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        g, out = inputs[:2]
        row = _row(index, g.shape, int(Given(cls.names, inputs, parameters).value("dim")))
        own, share = writer.element(0, index), writer.element(1, index)
        if cls.is_log:
            sums = total(writer, np.array([abs(g[each]) for each in row]), lambda at: writer.element(0, row[at]))
            return infix(("-",), (own, infix(("*",), (FunctionCall("exp", (share,)), sums))))
        products = np.array([abs(g[each] * out[each]) for each in row])
        sums = total(writer, products, lambda at: infix(("*",), (writer.element(0, row[at]), writer.element(1, row[at]))))
        return infix(("*",), (share, infix(("-",), (own, sums))))


class LogSoftmaxBackward(SoftmaxBackward):
    """The derivative of log softmax, from its output."""

    is_log = True


class LabelLoss(ClosedForm):
    """The mean of the elements at the labels, negative."""

    names = "self target weight reduction ignore_index"

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        labels = inputs[1]
        if labels.ndim != 1 or parameters.get("output") or index:
            return None
        rows = np.arange(labels.size)
        return ((rows, labels), (rows,), *(None for _ in inputs[2:]))

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        given, labels = Given(cls.names, inputs, parameters), inputs[1]
        is_plain = given.value("weight") is None and given.value("ignore_index") == -100 and given.value("reduction") in (1, 2)
        if not is_plain or labels.ndim != 1 or inputs[0].ndim != 2 or parameters.get("output"):
            return None
        sizes = np.abs(inputs[0][np.arange(labels.size), labels])
        sums = total(writer, sizes, lambda at: writer.element(0, (at, int(labels[at]))))
        negative = Sign("-", sums)
        return negative if given.value("reduction") == 2 else infix(("/",), (negative, Number(str(labels.size))))


class LabelLossBackward(ClosedForm):
    """The derivative of the loss of labels: it is 0 but at the labels."""

    names = "grad_output self target weight reduction ignore_index total_weight"

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        given = Given(cls.names, inputs, parameters)
        found: list[Index | None] = [None] * len(inputs)
        if len(index) != 2 or given.value("weight") is not None:
            return None
        for name, place in (("grad_output", index[:1]), ("target", index[:1]), ("total_weight", ())):
            slot = given.slot(name)
            if slot is not None:
                found[slot] = place if inputs[slot].ndim else ()
        return tuple(found)

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        given = Given(cls.names, inputs, parameters)
        gradient, target, weight = (given.slot(name) for name in ("grad_output", "target", "total_weight"))
        if len(index) != 2 or given.value("weight") is not None or gradient is None or target is None or weight is None:
            return None
        is_label = int(inputs[target][index[0]]) == index[1] and index[1] != given.value("ignore_index")
        scale: Expression = Sign("-", writer.element(gradient, index[:1] if inputs[gradient].ndim else ()))
        if given.value("reduction") == 1:
            scale = infix(("/",), (scale, writer.element(weight, ())))
        return infix(("*",), (scale, Number("1" if is_label else "0")))


class ReducedFormula(ClosedForm):
    """A loss whose formula is the mean or the sum of an elementwise formula."""

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        return tuple(tuple(slice(None) for _ in array.shape) if array.ndim else None for array in inputs)

    @classmethod
    def element(
        cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], template: str, writer: Writer
    ) -> Expression | None:
        tree = parse_template(template)
        sign = isinstance(tree, Sign)
        call = tree.operand if isinstance(tree, Sign) else tree
        shape = np.broadcast_shapes(*(array.shape for array in inputs))
        if not isinstance(call, FunctionCall) or call.function not in ("mean", "sum"):
            return _substituted(tree, index, inputs, writer)
        inner, count = call.arguments[0], int(np.prod(shape, dtype=int))
        difference = inputs[0] - inputs[1] if inputs[1].ndim else inputs[0]
        sizes = np.broadcast_to(np.abs(difference), shape).ravel()
        sums: Expression = total(writer, sizes, lambda at: _substituted(inner, unraveled(at, shape), inputs, writer))
        sums = Sign("-", sums) if sign else sums
        return infix(("/",), (sums, Number(str(count)))) if call.function == "mean" else sums


def _substituted(tree: Expression, index: Index, inputs: Sequence[np.ndarray], writer: Writer) -> Expression:
    return tree.substitute([writer.element(slot, broadcast_index(index, array.shape)) for slot, array in enumerate(inputs)])


CLOSED_FORMS: dict[str, type[ClosedForm]] = {
    "_softmax": Softmax,
    "_log_softmax": LogSoftmax,
    "_softmax_backward_data": SoftmaxBackward,
    "_log_softmax_backward_data": LogSoftmaxBackward,
    "nll_loss_forward": LabelLoss,
    "nll_loss_backward": LabelLossBackward,
    **{f"{name}loss": ReducedFormula for name in ("mse_", "l1_", "smooth_l1_", "huber_", "soft_margin_")},
    "binary_cross_entropy": ReducedFormula,
    "binary_cross_entropy_with_logits": ReducedFormula,
}
