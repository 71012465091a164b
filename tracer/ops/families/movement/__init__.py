"""Operations that copy elements to other places."""

from tracer.ops.families.movement import reversal

__all__ = ["reversal"]
