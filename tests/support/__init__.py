"""Shared test helpers. Test modules import from here, not from each other."""
