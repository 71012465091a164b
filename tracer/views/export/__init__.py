"""A run for other programs: JSON events, GraphML, arrays, tables."""
