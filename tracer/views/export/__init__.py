"""Exports of a run: JSON events, GraphML, arrays, tables."""
