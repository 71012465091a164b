"""Graphviz and Typst: DOT and Typst documents in, SVG, PNG and PDF out. Only this package starts a process."""
