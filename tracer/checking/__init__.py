"""Gradient checks: reference derivatives, and checks of single rules, recorded steps, functions and scenarios."""
