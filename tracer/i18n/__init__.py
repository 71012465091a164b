"""Languages of what commands print and pictures show."""
