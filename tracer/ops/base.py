"""The base class of operations.

An operation is a class with a value, a formula, and a derivative rule for each input. Rules are NumPy code on Tensors, so the
operations they perform are recorded too.

    class Multiply(Elementwise):
        implements = np.multiply
        formula = "{x} * {y}"
        domain = REAL, REAL

        @staticmethod
        def gradient_x(g, out, x, y): return g * y

        @staticmethod
        def gradient_y(g, out, x, y): return g * x
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

from tracer.arguments import folded
from tracer.graph.expression import Expression
from tracer.graph.formula import parse_template
from tracer.ops.domain import Domain
from tracer.ops.families.contents import CONTENTS
from tracer.ops.indices import Index, Shape, flat_indices, unraveled
from tracer.ops.registration import Implemented, NumbersOnly, Registry, check_declaration, functions_of
from tracer.ops.terms import Terms

Array: TypeAlias = Any
"""An argument of a rule: a Tensor, an array, or a number from the user's code. All support NumPy functions."""

Rule: TypeAlias = Callable[..., Array]

Call: TypeAlias = tuple[tuple[Array, ...], dict[str, Any]]
"""The arguments of a NumPy function, split into inputs and parameters."""

registry: Registry[type[Op]] = Registry(CONTENTS)
"""The operations that can be recorded."""


def _inputs_only(*inputs: Array) -> Call:
    return inputs, {}


class Op:
    """Base of all operations. A subclass with a `formula` is registered; one without is the base of a family.

    An author defines three things:

    - `formula`: the expression shown to users, with the names of inputs and parameters as fields.
    - `value(x, y, *, axis)`: the computation. Positional arguments are inputs, keyword-only ones parameters: plain data that
      JSON can represent. It defaults to the NumPy function that `implements` names.
    - `gradient_x(g, out, x, y, *, axis)`: the derivative rule of the input `x`. From the cotangent `g`, the gradient of the
      loss with respect to `out`, it returns the gradient with respect to `x`, with the shape of `x` or the shape that `x` was
      broadcast to: autodiff sums over broadcast axes. An input without a rule gets no gradient.

    The rest is optional:

    - `implements`: the NumPy functions that record this operation, or names of other libraries' ufuncs. Without it, call `apply`.
    - `call`: a function with the signature of the NumPy function that returns inputs and parameters.
    - `domain`: a Domain for each input, from which arrays are drawn to check an elementwise operation.
    - `analytic`: True if `value` also accepts complex arrays, and is analytic. Rules are checked with complex steps: the
      imaginary part of the value at x + ih is h times the derivative. `complex_value` is a separate implementation for that; at
      a kink it must agree with the documented derivative. Without either, rules are checked with finite differences.
    - `accepts_complex`: True if the inputs may be complex numbers. By default that is `analytic`. The cotangent of a complex
      z = a + ib is dL/da - i dL/db for a real loss L, so the rule of an analytic operation is the same for complex numbers, and
      others conjugate: that of the absolute value is g * conj(z) / abs(z). See docs/reference/complex-numbers.md.
    - `rules_see_only_shapes`: True if what the rules record depends only on shapes, dtypes, parameters and literals, not on the
      elements. Then the backward pass of a step is replayed for later steps without calling the rules. It defaults to True for
      the operations of this package and False for others.
    - `between_slopes`: False if the gradient at a kink need not lie between the slopes on both sides: of three equal elements,
      sort moves the second to another place by either step.
    - `parts`: the input elements that an output element depends on. With `adds_products`, an output element is the sum of the
      products of these elements. `importance` says which of many are written.
    - `squares_terms`: True if `value`, applied to the squares of the inputs, adds the squares of the terms that it adds of the
      inputs: a sum of elements or of their products, without other factors than 0 and 1. The error scale of gradients needs it.
    - `takes_symmetric_part`: True if the rules are those of a function of the symmetric part, and `value` reads one triangle.

    A family overrides the class methods below; a single operation rarely needs to.
    """

    formula: ClassVar[str] = ""
    value: ClassVar[Callable[..., Any]]

    # Optional.
    implements: ClassVar[Implemented | tuple[Implemented, ...]] = ()
    call: ClassVar[Callable[..., Call]] = staticmethod(_inputs_only)
    domain: ClassVar[tuple[Domain, ...]] = ()
    analytic: ClassVar[bool] = False
    accepts_complex: ClassVar[bool | None] = None
    adds: ClassVar[bool] = False
    complex_value: ClassVar[Callable[..., Any] | None] = None
    rules_see_only_shapes: ClassVar[bool] = False
    adds_products: ClassVar[bool] = False
    squares_terms: ClassVar[bool] = False
    between_slopes: ClassVar[bool] = True
    takes_symmetric_part: ClassVar[bool] = False

    # Derived from the class: what it implements, its name in snake case, the names of the inputs, and their rules.
    functions: ClassVar[tuple[Callable[..., Any], ...]] = ()
    name: ClassVar[str] = ""
    inputs: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[tuple[Rule | None, ...]] = ()

    def __init_subclass__(cls) -> None:
        if "formula" not in cls.__dict__:
            return
        cls.functions = implemented = functions_of(cls.implements)
        cls.formula = folded(cls.formula)
        cls.name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).lstrip("_")
        if not hasattr(cls, "value"):
            cls.value = staticmethod(implemented[0])
        if "complex_value" not in cls.__dict__ and (cls.analytic or "value" in cls.__dict__):
            cls.complex_value = staticmethod(cls.value) if cls.analytic else None
        code = getattr(cls.value, "__code__", None)
        fields = tuple(dict.fromkeys(field for _, field, _, _ in string.Formatter().parse(cls.formula) if field))
        cls.inputs = fields if code is None else code.co_varnames[: code.co_argcount]
        check_declaration(cls, implemented)
        cls.adds = getattr(cls.rounding, "__func__", None) is not getattr(Op.rounding, "__func__", None)
        cls.rules = tuple(getattr(cls, f"gradient_{name}", None) for name in cls.inputs)
        if "rules_see_only_shapes" not in cls.__dict__:
            cls.rules_see_only_shapes = cls.__module__.startswith(_OWN)
        if not cls.__module__.startswith(_OWN):
            cls.value = staticmethod(NumbersOnly(cls.name, cls.value))
        registry.add(cls.name, cls, implemented, of_package=cls.__module__.startswith(_OWN))

    @classmethod
    def apply(cls, *arguments: Any, **options: Any) -> Any:
        """Compute the operation, and record it if an argument is a Tensor. For operations without a NumPy function."""
        inputs, parameters = cls.call(*arguments, **options)
        for given in inputs:
            recorder = getattr(given, "recorder", None)
            if recorder is not None:
                return recorder.record(cls, inputs, parameters)
        return cls.value(*inputs, **parameters)

    # Overridden by families.

    @classmethod
    def differentiable(cls, position: int) -> bool:
        """True if the input at `position` has a derivative rule."""
        return cls.rules[position] is not None

    @classmethod
    def takes_complex(cls) -> bool:
        """True if the inputs may be complex numbers."""
        return cls.analytic if cls.accepts_complex is None else cls.accepts_complex

    @classmethod
    def has_rules(cls, count: int) -> bool:
        """True if any of the first `count` inputs has a derivative rule."""
        return any(cls.differentiable(position) for position in range(count))

    @classmethod
    def input_name(cls, position: int) -> str:
        """The name of the input at `position`. In a variable number of inputs, the last name is used for the rest."""
        return cls.inputs[min(position, len(cls.inputs) - 1)] if cls.inputs else str(position)

    @classmethod
    def gradient(cls, position: int, g: Array, out: Array, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> Array:
        """The gradient with respect to the input at `position`, for the cotangent `g`."""
        rule = cls.rules[position]
        assert rule is not None
        return rule(g, out, *inputs, **parameters)

    @classmethod
    def imaginary_parts(cls, inputs: Sequence[Array], stacked: Sequence[bool], parameters: Mapping[str, Any]) -> np.ndarray:
        """The imaginary parts of the complex value for a stack of inputs.

        `stacked` inputs are complex and have a leading axis, as the result has; the others are real.
        """
        assert cls.complex_value is not None
        count = next(len(array) for array, many in zip(inputs, stacked, strict=True) if many)
        results = []
        for row in range(count):
            one = (array[row] if many else array for array, many in zip(inputs, stacked, strict=True))
            results.append(cls.complex_value(*one, **parameters))
        return np.imag(np.stack(results))

    @classmethod
    def kink_sides(cls, inputs: Sequence[Array], parameters: Mapping[str, Any]) -> np.ndarray | None:
        """The side of its kinks on which each element lies, 0 at a kink; None for an operation without kinks.

        The operation is smooth between inputs with equal sides.
        """
        return None

    @classmethod
    def error_scale(
        cls, value: np.ndarray, inputs: Sequence[Any], scales: Sequence[Any], parameters: Mapping[str, Any]
    ) -> np.ndarray | None:
        """The size of the numbers whose rounding errors an element has, from that of the inputs; None if it is its own size."""
        return None

    @classmethod
    def error_growth(cls, inputs: Sequence[Any], parameters: Mapping[str, Any]) -> float:
        """How many times the relative rounding errors of the inputs grow: the condition number of a matrix."""
        return 1.0

    @classmethod
    def accepts_shapes(cls, shapes: Sequence[Shape], parameters: Mapping[str, Any], result: Shape) -> bool:
        """True if inputs of these shapes can give a result of shape `result`.

        Called before an operation from an untrusted file is executed, so that it allocates no more than the file contains. An
        operation whose result is never larger than its inputs need not define it.
        """
        return True

    @classmethod
    def template(cls, count: int, parameters: Mapping[str, Any]) -> str:
        """The formula of a recorded operation, with `{0}`, `{1}`, ... for its inputs.

        >>> registry.named("sum").template(1, {"axis": (0,), "keepdims": True})
        'sum({0}, axis=0, keepdims=True)'
        """
        inputs = {name: f"{{{position}}}" for position, name in enumerate(cls.inputs)}
        written = {name: as_written(name, option) for name, option in parameters.items()}
        options = "".join(f", {name}={written[name]}" for name, option in parameters.items() if _is_shown(name, option))
        return cls.formula.format(**{**written, **inputs, "options": options})

    @classmethod
    def parts(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> tuple[Index | None, ...] | None:
        """The index, for each input, of the elements that the output element at `index` depends on; None if unknown.

        In place of an index, None stands for no elements of an input.
        """
        return None

    @classmethod
    def parts_depend_on(cls, count: int) -> Sequence[int] | None:
        """The positions of the inputs, of `count`, whose values `parts` depends on; None if it may be any."""
        return None

    @classmethod
    def origins(cls, shape: Shape, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any]) -> Sequence[np.ndarray] | None:
        """`parts` for all elements of an output of a shape: flat indices into each input.

        An array [output elements, terms] for each input, with NO_ELEMENT after the end of shorter rows; None if `parts`
        returns None.
        """
        count = math.prod(shape)
        parts = cls.parts(unraveled(np.arange(count), shape), inputs, parameters)
        if parts is None:
            return None
        return [
            np.empty((count, 0), dtype=np.intp) if part is None else flat_indices(part, np.shape(array), count)
            for part, array in zip(parts, inputs, strict=True)
        ]

    @classmethod
    def importance(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        """How important each term is, from the elements that `parts` names; of many terms the most important are written.

        By default its magnitude, if a term is an element or a product of elements.
        """
        return np.asarray(math.prod(np.abs(part) for part in parts))

    @classmethod
    def format_element(cls, template: str, terms: Sequence[Terms], parameters: Mapping[str, Any]) -> Expression | None:
        """The arithmetic of one output element, from the elements that `parts` names; None where there is none."""
        return parse_template(template).substitute([term.first for term in terms]) if all(term.count for term in terms) else None

    @classmethod
    def rounding(cls, index: Index, inputs: Sequence[np.ndarray], parameters: Mapping[str, Any], unit: float) -> float | None:
        """How large the output element at `index` can be by rounding alone; None for an operation that does not add.

        `unit` is the rounding unit of the output's dtype. An operation that defines this `adds`. See `rounding_of_sum`.
        """
        return None


_OWN = "tracer.ops."


def _is_shown(name: str, option: Any) -> bool:
    """Whether a formula shows an option: not None, False and 0, but an axis or an initial value of 0, which differ from None."""
    return option not in (None, False) or (name in ("axis", "initial") and option is not None)


def as_written(name: str, option: Any) -> str:
    """A parameter as source text; a single axis without its tuple.

    >>> as_written("axis", (0,)), as_written("axis", (0, 1)), as_written("shape", (10,)), as_written("dtype", "float32")
    ('0', '(0, 1)', '(10,)', "'float32'")
    """
    if name != "shape" and isinstance(option, (tuple, list)) and len(option) == 1:
        return repr(option[0])
    return repr(tuple(option) if isinstance(option, list) else option)
