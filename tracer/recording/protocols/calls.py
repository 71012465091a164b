"""What the user's code does with a Tensor at the moment when NumPy or Python asks it to become a plain value."""

from __future__ import annotations

import ast
import builtins
import dis
import sys
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, ModuleType
from typing import Any

import numpy as np

from tracer.recording.source import PACKAGE, Files, position_at

_INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_LIBRARY = tuple(str(PACKAGE / package) for package in ("nn", "ops", "recording"))

_JOINERS = {"np.r_": np.r_, "np.c_": np.c_}
"""What joins arrays by an index."""


_REMAINDER = (6, 19)
"""The operators `%` and `%=` as the argument of BINARY_OP. Of the types that have one, only text asks for numbers."""
_AUGMENTED = range(13, 26)
"""The arguments of BINARY_OP for `+=` and the other operators with `=`; those of the operators without are below."""
_SUBSCRIPT = 26
"""The argument of BINARY_OP for `x[i]`, which is an instruction of its own before Python 3.14."""


class Use(StrEnum):
    """What an instruction does."""

    CALL = "call"
    STORE = "store"
    INDEX = "index"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Site:
    """An expression of the user's code: what it does, its text, and for a call the called function and its arguments.

    `function` is the full name of a function (`np.array`, `math.exp`), or of np.r_ and np.c_, empty if unknown; for a method of
    an object that is no module, `owner` is the object, `owner_text` its text and `function` the name of the method.
    `takes_list` tells whether an argument is a list or a tuple, or a comprehension.
    """

    use: Use
    text: str = ""
    function: str = ""
    owner: Any = None
    owner_text: str = ""
    arguments: tuple[str, ...] = ()
    takes_list: bool = False


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame from this one outwards that is not of an installed library or of this package."""
    while frame is not None and _is_installed(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def frames_to_user(frame: FrameType) -> int:
    """The number of frames from this one to the user's, 1 if it is the user's; 1 too if there is none further out."""
    user, count = user_frame(frame), 1
    while user is not None and frame is not user and frame.f_back is not None:
        frame, count = frame.f_back, count + 1
    return count


def _is_installed(filename: str) -> bool:
    return filename.startswith(("<__array_function__", "<frozen", *_LIBRARY)) or filename.startswith(_INSTALLED)


def site_of(frame: FrameType | None) -> Site:
    """What the user's code does at the instruction that runs in this frame or in a caller of it."""
    user = user_frame(frame)
    if user is None:
        return Site(Use.OTHER)
    use = _use_at(user.f_code, user.f_lasti)
    position = position_at(user.f_code, user.f_lasti)
    text = Files().text_at(user.f_code, position) if position is not None else ""
    return _site(use, text, user)


def asks_for_number(frame: FrameType) -> bool:
    """True if the code that runs in this frame asks for a plain number: `float(x)`, `int(x)`, `round(x)`, or `'%.3f' % x`.

    Functions that compute with numbers, such as those of `math`, do not.
    """
    code, offset = frame.f_code.co_code, frame.f_lasti
    if dis.opname[code[offset]] == "BINARY_OP" and code[offset + 1] in _REMAINDER:
        return True
    site = site_of(frame)
    return site.use is Use.CALL and site.owner is None and site.function in ("float", "int", "round")


def is_index(frame: FrameType) -> bool:
    """True if the code that runs in this frame takes an element of a plain array."""
    return site_of(frame).use is Use.INDEX


def _use_at(code: CodeType, offset: int) -> Use:
    instructions = code.co_code
    while offset > 0 and dis.opname[instructions[offset]] == "CACHE":
        offset -= 2  # a call of a Python function waits in the cache entries after it
    name, argument = (dis.opname[instructions[offset]], instructions[offset + 1]) if offset >= 0 else ("", 0)
    if name.startswith("STORE_"):
        return Use.STORE
    if name.startswith(("CALL", "PRECALL")) and not name.startswith("CALL_INTRINSIC"):  # such as `+x`
        return Use.CALL
    is_index = name.startswith(("BINARY_SUBSCR", "BINARY_SLICE")) or (name == "BINARY_OP" and argument == _SUBSCRIPT)
    return Use.INDEX if is_index else Use.OTHER


def is_augmented_assignment(frame: FrameType) -> bool:
    """Whether the instruction that runs in a frame is that of `x += y` or of another operator with `=`."""
    code, offset = frame.f_code.co_code, frame.f_lasti
    return dis.opname[code[offset]] == "BINARY_OP" and code[offset + 1] in _AUGMENTED


def _site(use: Use, text: str, frame: FrameType) -> Site:
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:  # without a source file, or with a comment inside
        return Site(use, text)
    if isinstance(tree, ast.Subscript) and use is Use.OTHER:
        use = Use.INDEX
    if isinstance(tree, ast.Subscript):
        joiner = _value(tree.value, frame)
        return Site(use, text, next((name for name, own in _JOINERS.items() if own is joiner), ""))
    if not isinstance(tree, ast.Call):
        return Site(use, text)
    given = [*tree.args, *(keyword.value for keyword in tree.keywords)]
    takes_list = any(_is_list(each, frame) for each in given)
    arguments = tuple(ast.unparse(each) for each in tree.args)
    called = tree.func
    if isinstance(called, ast.Attribute):
        owner = _value(called.value, frame)
        if owner is not None and not isinstance(owner, ModuleType):
            return Site(use, text, called.attr, owner, ast.unparse(called.value), arguments, takes_list)
    return Site(use, text, function_name(_value(called, frame)), None, "", arguments, takes_list)


def _value(node: ast.expr, frame: FrameType) -> Any:
    """The value of a variable, or of an attribute of a module; None for anything else, which could run code."""
    if isinstance(node, ast.Name):
        code = frame.f_code
        # Only where it is needed: Python keeps what f_locals returned, which refers to every variable of a function.
        is_local = not code.co_flags & CO_OPTIMIZED or node.id in (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
        found = frame.f_locals if is_local else {}
        return found.get(node.id, frame.f_globals.get(node.id, vars(builtins).get(node.id)))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        return vars(owner).get(node.attr) if isinstance(owner, ModuleType) else None
    return None


def _is_list(node: ast.expr, frame: FrameType) -> bool:
    if isinstance(node, (ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp)):
        return any(not isinstance(each, ast.Constant) for each in getattr(node, "elts", [node]))
    return isinstance(_value(node, frame), (list, tuple))


def function_name(function: Any) -> str:
    """The public name of a function of a library: `np.sum`, `scipy.special.expit`; empty if it has none.

    >>> import math, numpy as np
    >>> function_name(np.linalg.norm), function_name(np.exp), function_name(math.exp), function_name(3)
    ('np.linalg.norm', 'np.exp', 'math.exp', '')
    """
    name = getattr(function, "__name__", "")
    if not callable(function) or not name:
        return ""
    module = getattr(function, "__module__", None)
    if not module:
        module = _module_with(name, function)
    public = [part for part in module.split(".") if not part.startswith("_")]
    public = ["np"] if public in (["numpy", "lib"], ["numpy", "ma"]) else public
    return ".".join([*("np" if part == "numpy" else part for part in public if part != "builtins"), name])


def _module_with(name: str, function: Any) -> str:
    """The module in which a ufunc is found, which does not know it. The shortest name is the public one."""
    found = [module for module, loaded in list(sys.modules.items()) if getattr(loaded, "__dict__", {}).get(name) is function]
    public = [module for module in found if not any(part.startswith("_") for part in module.split("."))]
    libraries = [module for module in public if module.partition(".")[0] in ("numpy", "scipy")]
    if not libraries and hasattr(sys.modules.get("numpy"), name):
        return "numpy"  # the ufunc of np.clip, for one, is in no public module
    return min(libraries or public or [""], key=lambda module: (module.count("."), module))
