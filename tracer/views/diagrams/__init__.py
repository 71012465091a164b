"""Diagrams of a step at every zoom level, as DOT or Mermaid."""
