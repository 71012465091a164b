"""Graphviz and PDF engines: DOT in, SVG, PNG and PDF bytes out. Only this package starts a process."""
