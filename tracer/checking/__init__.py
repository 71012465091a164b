"""Derivatives held against other ways to find them: an oracle, checks of rules and of whole gradients, and examples."""
