"""Pictures of a step at every zoom, as diagrams that DOT and Mermaid are written from."""
