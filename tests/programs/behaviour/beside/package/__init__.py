from . import helper
from .inner import twice as _twice

VALUE = _twice(2)
