"""Ways to call NumPy: methods, operators, arguments by position and by name, indices, writing in place, conversions.

One form a line, as text (see `support.expressions`); a form of several statements ends with the result.
"""

from __future__ import annotations

from support.forms import elements, functions, methods

FAMILIES: dict[str, tuple[str, ...]] = {
    name: tuple(text.strip().splitlines())
    for name, text in {
        "methods": methods.METHODS,
        "unbound methods": methods.UNBOUND,
        "attributes": methods.ATTRIBUTES,
        "operators": functions.OPERATORS,
        "positions": functions.POSITIONS,
        "options": functions.OPTIONS,
        "indices": elements.INDICES,
        "in place": elements.IN_PLACE,
        "leaving": elements.LEAVING,
    }.items()
}
"""The forms of every family."""

FORMS = tuple(form for forms in FAMILIES.values() for form in forms)
