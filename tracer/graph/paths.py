"""Names that are paths: `layers[0].W` is the array under the key or attribute `W` of the first of `layers`."""

from __future__ import annotations

import re
from typing import Any

_SUBSCRIPTS = re.compile(r"(?:\[(?:\d+|'[^'\\]*')\])*$")
"""The subscripts that a path ends with."""

PATH = re.compile(r"[^\W\d]\w*(?:\.(?!T\b)\w+|\[(?:\d+|'[^'\\]*')\])*\.(?!T\b)\w+(?:\#\d+)?")
"""A path that ends with a name, so that nothing after it can be mistaken for a part of it."""


def child_path(parent: str, key: Any) -> str:
    """The path of what a dict, a list or an object has under a key, a position or the name of an attribute.

    An identifier follows a dot, except `T`, which would read as a transpose; anything else is in brackets.

    >>> child_path("layers", 0), child_path("layers[0]", "W"), child_path("net", "T"), child_path("net", "W-1")
    ('layers[0]', 'layers[0].W', "net['T']", "net['W-1']")
    """
    if isinstance(key, int) and not isinstance(key, bool) and key >= 0:
        return f"{parent}[{key}]"
    text = str(key)
    if text.isidentifier() and text != "T":
        return f"{parent}.{text}"
    readable = re.sub(r"['\\/\s]", "_", text)
    return f"{parent}['{readable}']"


def is_part(path: str, of: str) -> bool:
    """Whether a path is that of a part of another, or the same: `layers[0].W` is a part of `layers[0]` and of `layers`.

    >>> is_part("layers[0].W", "layers"), is_part("layers[0].W", "layers[0].W"), is_part("layers2[0]", "layers")
    (True, True, False)
    """
    return path == of or (path.startswith(of) and path[len(of)] in ".[")


def new_name(name: str) -> str:
    """The name of the new value of a parameter.

    >>> new_name("W1"), new_name("layers[0].W"), new_name("weights[0]"), new_name("m_net['W-1']")
    ('W1_new', 'layers[0].W_new', 'weights_new[0]', "m_net_new['W-1']")
    """
    return _SUBSCRIPTS.sub(lambda found: f"_new{found[0]}", name, count=1)
