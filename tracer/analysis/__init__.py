"""Analyses of a recorded trace: difference to another one, verification by recomputing, scalar graph."""
