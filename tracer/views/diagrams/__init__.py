"""Diagrams of a step at every zoom, written as DOT or Mermaid."""
