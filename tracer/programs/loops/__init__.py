"""Loops of one's own, recorded from Python: `tracer.record`."""
